/// Decodes one value, and notes what is wrong with it.
///
/// Each function gives nil if the value is not what was asked for, after noting a problem. A caller's own closure that gives
/// nil says why by `refuse`; if it does not, the value is refused all the same.
public struct ElementDecoder {
  /// What has been found wrong so far.
  @usableFromInline var problems: [JSONProblem] = []
  /// The value's node.
  let node: Int

  private let document: JSONDocument

  @usableFromInline
  init(_ document: JSONDocument, _ node: Int) {
    self.document = document
    self.node = node
  }

  /// The type of the value.
  public var type: JSONType { document.nodes[node].type }

  /// The value, whatever it is.
  public var value: JSONValue { document.value(node) }

  /// How many elements or members the value has.
  public var count: Int { document.children(node).reduce(0) { count, _ in count + 1 } }

  /// Where the value stands, as a JSON pointer (RFC 6901). Takes time in proportion to the values before it.
  public var pointer: String { document.pointer(to: node) }

  /// Notes that the value is refused.
  public mutating func refuse(_ detail: String) {
    problems.append(JSONProblem(pointer: pointer, detail: detail))
  }

  /// A Boolean.
  public mutating func bool() -> Bool? {
    if type == .bool { return document.bool(node) }
    mismatch("a Boolean")
    return nil
  }

  /// A string of at most `limit` bytes. To compare strings takes quadratic time if they consist of combining marks.
  public mutating func string(limit: Int = 1024) -> String? {
    guard let text else {
      mismatch("a string")
      return nil
    }
    guard text.utf8.count <= limit else {
      refuse("must have at most \(limit) bytes, not \(text.utf8.count)")
      return nil
    }
    return text
  }

  /// An integer in a range, written without a fraction and an exponent.
  public mutating func integer(in range: ClosedRange<Int> = JSONNumber.integers) -> Int? {
    if type == .number {
      if let integer = document.integer(node), range.contains(integer) { return integer }
      let found = excerpt(document.number(node).text)
      refuse("must be an integer from \(range.lowerBound) to \(range.upperBound), not \(found)")
      return nil
    }
    mismatch("an integer from \(range.lowerBound) to \(range.upperBound)")
    return nil
  }

  /// A word of `bits` bits, 1 to 64: a string of `0x` and hexadecimal digits in either case, a decimal string, or an
  /// integer from 0 to 2^53 - 1. Nothing is rounded.
  public mutating func word(bits: Int = 64) -> UInt64? {
    let word: UInt64? =
      switch type {
      case .string: parseWord(document.utf8(node))
      case .number: document.integer(node).flatMap(UInt64.init(exactly:))
      default: nil
      }
    if let word, bits >= 64 || word >> UInt64(bits) == 0 { return word }
    let found =
      switch value {
      case .string(let text): "\"\(excerpt(text))\""
      case .number(let number): excerpt(number.text)
      default: type.phrase
      }
    refuse(
      "must be a word of up to \(bits) bits (\"0x\" and hexadecimal digits, or a decimal string or integer), not \(found)"
    )
    return nil
  }

  /// One of these names, as its place among them.
  public mutating func choice(of names: [StaticString]) -> Int? {
    if type == .string, let place = document.place(node, among: names) { return place }
    refuseName(outOf: names.map(\.description))
    return nil
  }

  /// One of these names, as the value that the table gives it.
  @inlinable
  public mutating func enumeration<Choice>(of table: KeyValuePairs<StaticString, Choice>) -> Choice? {
    choice(of: table.map(\.key)).map { table[$0].value }
  }

  /// One of these names.
  public mutating func enumeration(of names: [String]) -> String? {
    if let name = names.first(where: isEqual) { return name }
    refuseName(outOf: names)
    return nil
  }

  /// One of an enumeration's raw values.
  @inlinable
  public mutating func enumeration<Choice: RawRepresentable<String> & CaseIterable>(
    of choices: Choice.Type
  ) -> Choice? {
    if let choice = Choice.allCases.first(where: { isEqual($0.rawValue) }) { return choice }
    refuseName(outOf: Choice.allCases.map(\.rawValue))
    return nil
  }

  /// The value if it is a string.
  private var text: String? { type == .string ? document.text(node) : nil }

  /// Whether the value is this string.
  @usableFromInline
  func isEqual(_ name: String) -> Bool { type == .string && document.utf8(node).elementsEqual(name.utf8) }

  /// An array; nil too if `decode` gives nil for an element. Every element is decoded, so that all problems are found.
  @inlinable
  public mutating func array<Element>(
    count range: ClosedRange<Int> = 0...Int.max, of decode: (inout ElementDecoder) -> Element?
  ) -> [Element]? {
    var elements: [Element] = []
    let isWhole = takeElements(count: range) { element in
      guard let value = decode(&element) else { return false }
      elements.append(value)
      return true
    }
    return isWhole ? elements : nil
  }

  /// Has `decode` take an array's elements one after the other; false if the value is no array, or `decode` refuses one of
  /// them. Every element is decoded, so that all problems are found.
  @inlinable
  public mutating func takeElements(
    count range: ClosedRange<Int> = 0...Int.max, _ decode: (inout ElementDecoder) -> Bool
  ) -> Bool {
    guard var rest = beginArray(count: range) else { return false }
    var decoded = 0
    while var element = next(of: &rest) {
      let isTaken = decode(&element)
      if isTaken { decoded += 1 }
      if !isTaken || !element.problems.isEmpty {
        problems.append(contentsOf: element.allProblems(isRefused: !isTaken))
      }
    }
    return decoded == rest.count
  }

  /// An object, of which `decode` takes the members; a key that it does not ask for is a problem.
  @inlinable
  public mutating func object<Content>(_ decode: (inout ObjectDecoder) -> Content) -> Content? {
    guard var object = beginObject() else { return nil }
    let content = decode(&object)
    return finish(object) ? content : nil
  }

  /// The elements that are still to be decoded.
  @usableFromInline
  struct Elements {
    /// The node of the first of them.
    fileprivate var node: Int
    /// The index after the last node of the array.
    fileprivate let end: Int
    /// How many there were in all.
    @usableFromInline let count: Int
  }

  @usableFromInline
  mutating func beginArray(count range: ClosedRange<Int>) -> Elements? {
    guard type == .array else {
      mismatch("an array")
      return nil
    }
    let count = count
    guard range.contains(count) else {
      let wanted =
        switch (range.lowerBound, range.upperBound) {
        case (let least, .max): "at least \(least)"
        case (let least, let most) where least == most: "\(most)"
        case (let least, let most): "from \(least) to \(most)"
        }
      refuse("must have \(wanted) elements, not \(count)")
      return nil
    }
    return Elements(node: node + 1, end: document.nodes[node].end, count: count)
  }

  /// The next element; nil after the last, or once there are enough problems.
  @usableFromInline
  func next(of elements: inout Elements) -> ElementDecoder? {
    let node = elements.node
    guard problems.count < JSONProblems.limit, node < elements.end else { return nil }
    elements.node = document.nodes[node].end
    return ElementDecoder(document, node)
  }

  @usableFromInline
  mutating func beginObject() -> ObjectDecoder? {
    guard type == .object else {
      mismatch("an object")
      return nil
    }
    return ObjectDecoder(document, node)
  }

  /// Takes over what was found wrong with the object; whether nothing was.
  @usableFromInline
  mutating func finish(_ object: ObjectDecoder) -> Bool {
    guard object.hasProblems else { return true }
    problems.append(contentsOf: object.allProblems())
    return false
  }

  /// What was found wrong, which is never nothing for a value that is refused.
  @usableFromInline
  func allProblems(isRefused: Bool) -> [JSONProblem] {
    guard isRefused, problems.isEmpty else { return problems }
    return [JSONProblem(pointer: pointer, detail: "is refused")]
  }

  private mutating func mismatch(_ expected: String) {
    refuse("must be \(expected), not \(type.phrase)")
  }

  @usableFromInline
  mutating func refuseName(outOf names: [String]) {
    guard type == .string else {
      refuse("must be one of \(quoted(names)), not \(type.phrase)")
      return
    }
    let string = document.text(node)
    refuse(
      "must be one of \(quoted(names)), not \"\(excerpt(string))\"\(suggestion(for: string, among: names))")
  }
}

/// The word that a string gives: `0x` and hexadecimal digits in either case, or decimal digits; nil beyond 64 bits.
private func parseWord(_ text: ArraySlice<UInt8>) -> UInt64? {
  var digits = text
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
