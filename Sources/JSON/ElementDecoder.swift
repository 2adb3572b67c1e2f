/// Decodes one value, and notes what is wrong with it.
///
/// Each function gives nil if the value is not what was asked for, after noting a problem. A caller's own closure that gives
/// nil says why by `refuse`; if it does not, the value is refused all the same.
public struct ElementDecoder {
  /// The value to decode.
  public let value: JSONValue
  /// What has been found wrong so far.
  var problems: [JSONProblem] = []

  private let parent: String
  private let step: Step

  /// The last step of the value's pointer, kept apart so that no pointer is built without need.
  enum Step {
    case none
    case key(String)
    case index(Int)
  }

  init(_ value: JSONValue, in parent: String, at step: Step) {
    self.value = value
    self.parent = parent
    self.step = step
  }

  /// Where the value stands, as a JSON pointer (RFC 6901).
  public var pointer: String {
    switch step {
    case .none: parent
    case .key(let key): JSONPointer.member(key, of: parent)
    case .index(let index): JSONPointer.element(index, of: parent)
    }
  }

  /// Notes that the value is refused.
  public mutating func refuse(_ detail: String) {
    problems.append(JSONProblem(pointer: pointer, detail: detail))
  }

  /// A Boolean.
  public mutating func bool() -> Bool? {
    if case .bool(let bool) = value { return bool }
    return mismatch("a Boolean")
  }

  /// A string.
  public mutating func string() -> String? {
    if case .string(let string) = value { return string }
    return mismatch("a string")
  }

  /// An integer in a range, written without a fraction and an exponent.
  public mutating func integer(in range: ClosedRange<Int> = JSONNumber.integers) -> Int? {
    if case .number(let number) = value {
      if let integer = number.integer, range.contains(integer) { return integer }
      refuse(
        "must be an integer from \(range.lowerBound) to \(range.upperBound), not \(excerpt(number.text))")
      return nil
    }
    return mismatch("an integer from \(range.lowerBound) to \(range.upperBound)")
  }

  /// A word of `bits` bits, 1 to 64: a string of `0x` and hexadecimal digits in either case, a decimal string, or an
  /// integer from 0 to 2^53 - 1. Nothing is rounded.
  public mutating func word(bits: Int = 64) -> UInt64? {
    let word: UInt64?
    let found: String
    switch value {
    case .string(let text): (word, found) = (parseWord(text), "\"\(excerpt(text))\"")
    case .number(let number):
      (word, found) = (number.integer.flatMap(UInt64.init(exactly:)), excerpt(number.text))
    default: (word, found) = (nil, value.type.phrase)
    }
    if let word, bits >= 64 || word >> UInt64(bits) == 0 { return word }
    refuse(
      "must be a word of up to \(bits) bits (\"0x\" and hexadecimal digits, or a decimal string or integer), not \(found)"
    )
    return nil
  }

  /// One of these names, as the value that the table gives it.
  public mutating func enumeration<Choice>(of table: KeyValuePairs<String, Choice>) -> Choice? {
    if case .string(let string) = value, let choice = table.first(where: { $0.key == string }) {
      return choice.value
    }
    refuseName(outOf: table.map(\.key))
    return nil
  }

  /// One of these names.
  public mutating func enumeration(of names: [String]) -> String? {
    if case .string(let string) = value, names.contains(string) { return string }
    refuseName(outOf: names)
    return nil
  }

  /// One of an enumeration's raw values.
  public mutating func enumeration<Choice: RawRepresentable<String> & CaseIterable>(
    of choices: Choice.Type
  ) -> Choice? {
    if case .string(let string) = value, let choice = Choice(rawValue: string) { return choice }
    refuseName(outOf: Choice.allCases.map(\.rawValue))
    return nil
  }

  /// An array; nil too if `decode` gives nil for an element. Every element is decoded, so that all problems are found.
  public mutating func array<Element>(
    count range: ClosedRange<Int> = 0...Int.max, of decode: (inout ElementDecoder) -> Element?
  ) -> [Element]? {
    guard case .array(let values) = value else { return mismatch("an array") }
    guard range.contains(values.count) else {
      let wanted =
        switch (range.lowerBound, range.upperBound) {
        case (let least, .max): "at least \(least)"
        case (let least, let most) where least == most: "\(most)"
        case (let least, let most): "from \(least) to \(most)"
        }
      refuse("must have \(wanted) elements, not \(values.count)")
      return nil
    }
    let pointer = pointer
    var elements: [Element] = []
    elements.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard problems.count < JSONProblems.limit else { return nil }
      var decoder = ElementDecoder(value, in: pointer, at: .index(index))
      if let element = decoder.run(decode) { elements.append(element) }
      problems.append(contentsOf: decoder.problems)
    }
    return elements.count == values.count ? elements : nil
  }

  /// An object, of which `decode` takes the members; a key that it does not ask for is a problem.
  public mutating func object<Content>(_ decode: (inout ObjectDecoder) -> Content) -> Content? {
    guard case .object = value else { return mismatch("an object") }
    var decoder = ObjectDecoder(value, at: pointer)
    let content = decode(&decoder)
    let found = decoder.allProblems()
    problems.append(contentsOf: found)
    return found.isEmpty ? content : nil
  }

  /// What `decode` makes of the value; nil never comes without a problem.
  mutating func run<Value>(_ decode: (inout ElementDecoder) -> Value?) -> Value? {
    let value = decode(&self)
    if value == nil, problems.isEmpty { refuse("is refused") }
    return value
  }

  private mutating func mismatch<Value>(_ expected: String) -> Value? {
    refuse("must be \(expected), not \(value.type.phrase)")
    return nil
  }

  private mutating func refuseName(outOf names: [String]) {
    guard case .string(let string) = value else {
      refuse("must be one of \(quoted(names)), not \(value.type.phrase)")
      return
    }
    refuse(
      "must be one of \(quoted(names)), not \"\(excerpt(string))\"\(suggestion(for: string, among: names))")
  }
}

/// The word that a string gives: `0x` and hexadecimal digits in either case, or decimal digits; nil beyond 64 bits.
private func parseWord(_ text: String) -> UInt64? {
  var digits = text.utf8[...]
  var radix: UInt64 = 10
  if digits.first == UInt8(ascii: "0"), let second = digits.dropFirst().first,
    second | 0x20 == UInt8(ascii: "x")
  {
    digits = digits.dropFirst(2)
    radix = 16
  }
  guard !digits.isEmpty else { return nil }
  var word: UInt64 = 0
  for byte in digits {
    guard let digit = hexadecimalDigit(byte), digit < radix else { return nil }
    let (product, overflow) = word.multipliedReportingOverflow(by: radix)
    let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
    guard !overflow, !carry else { return nil }
    word = sum
  }
  return word
}
