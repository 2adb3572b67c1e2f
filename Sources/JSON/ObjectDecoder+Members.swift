// Members of the common types, required and optional.

extension ObjectDecoder {
  /// A Boolean.
  public mutating func bool(_ key: StaticString) -> Bool {
    required(key) { $0.bool() } ?? false
  }

  /// A Boolean, if there is one.
  public mutating func optionalBool(_ key: StaticString) -> Bool? {
    optional(key) { $0.bool() }
  }

  /// A string.
  public mutating func string(_ key: StaticString) -> String {
    required(key) { $0.string() } ?? ""
  }

  /// A string of at most `limit` bytes, if there is one.
  public mutating func optionalString(_ key: StaticString, limit: Int = 1024) -> String? {
    optional(key) { $0.string(limit: limit) }
  }

  /// An integer in a range.
  public mutating func integer(_ key: StaticString, in range: ClosedRange<Int> = JSONNumber.integers) -> Int {
    required(key) { $0.integer(in: range) } ?? range.lowerBound
  }

  /// An integer in a range, if there is one.
  public mutating func optionalInteger(
    _ key: StaticString, in range: ClosedRange<Int> = JSONNumber.integers
  ) -> Int? {
    optional(key) { $0.integer(in: range) }
  }

  /// A word of `bits` bits, 1 to 64, in any of the forms that `ElementDecoder.word` takes.
  public mutating func word(_ key: StaticString, bits: Int = 64) -> UInt64 {
    required(key) { $0.word(bits: bits) } ?? 0
  }

  /// A word of `bits` bits, 1 to 64, if there is one.
  public mutating func optionalWord(_ key: StaticString, bits: Int = 64) -> UInt64? {
    optional(key) { $0.word(bits: bits) }
  }

  /// One of these names, of which there must be at least one.
  public mutating func enumeration(_ key: StaticString, of names: [String]) -> String {
    required(key) { $0.enumeration(of: names) } ?? names[0]
  }

  /// One of these names, if there is one.
  public mutating func optionalEnumeration(_ key: StaticString, of names: [String]) -> String? {
    optional(key) { $0.enumeration(of: names) }
  }

  /// One of these names, of which there must be at least one, as the value that the table gives it.
  @inlinable
  public mutating func enumeration<Choice>(_ key: StaticString, of table: KeyValuePairs<StaticString, Choice>)
    -> Choice
  {
    required(key) { $0.enumeration(of: table) } ?? table[0].value
  }

  /// One of these names, if there is one, as the value that the table gives it.
  @inlinable
  public mutating func optionalEnumeration<Choice>(
    _ key: StaticString, of table: KeyValuePairs<StaticString, Choice>
  ) -> Choice? {
    optional(key) { $0.enumeration(of: table) }
  }

  /// One of an enumeration's raw values, of which there must be at least one.
  @inlinable
  public mutating func enumeration<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: StaticString, of choices: Choice.Type
  ) -> Choice {
    required(key) { $0.enumeration(of: choices) } ?? choices.allCases[choices.allCases.startIndex]
  }

  /// One of an enumeration's raw values, if there is one.
  @inlinable
  public mutating func optionalEnumeration<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: StaticString, of choices: Choice.Type
  ) -> Choice? {
    optional(key) { $0.enumeration(of: choices) }
  }

  /// An array, each element by `decode`.
  @inlinable
  public mutating func array<Element>(
    _ key: StaticString, count: ClosedRange<Int> = 0...Int.max, of decode: (inout ElementDecoder) -> Element?
  ) -> [Element] {
    required(key) { $0.array(count: count, of: decode) } ?? []
  }

  /// An array, if there is one, each element by `decode`.
  @inlinable
  public mutating func optionalArray<Element>(
    _ key: StaticString, count: ClosedRange<Int> = 0...Int.max, of decode: (inout ElementDecoder) -> Element?
  ) -> [Element]? {
    optional(key) { $0.array(count: count, of: decode) }
  }

  /// An object, its members by `decode`; nil if it is missing or something in it is wrong, and `finish` then throws.
  @inlinable
  public mutating func object<Content>(
    _ key: StaticString, _ decode: (inout ObjectDecoder) -> Content
  ) -> Content? {
    required(key) { $0.object(decode) }
  }

  /// An object, if there is one, its members by `decode`.
  @inlinable
  public mutating func optionalObject<Content>(
    _ key: StaticString, _ decode: (inout ObjectDecoder) -> Content
  ) -> Content? {
    optional(key) { $0.object(decode) }
  }

  /// A member's value as it is.
  public mutating func value(_ key: StaticString) -> JSONValue {
    required(key) { $0.value } ?? .null
  }

  /// A member's value as it is, if there is one.
  public mutating func optionalValue(_ key: StaticString) -> JSONValue? {
    optional(key) { $0.value }
  }
}
