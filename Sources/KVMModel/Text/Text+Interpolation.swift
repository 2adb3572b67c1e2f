/// A text is written as a literal with holes.
extension Text: ExpressibleByStringInterpolation, StringInterpolationProtocol {
  init(stringLiteral value: StaticString) {
    self.init()
    append(value)
  }

  init(stringInterpolation: Text) { self = stringInterpolation }

  /// A text makes room as it goes.
  init(literalCapacity: Int, interpolationCount: Int) { self.init() }

  /// Text between holes.
  mutating func appendLiteral(_ literal: StaticString) { append(literal) }

  /// A hole with a string.
  mutating func appendInterpolation(_ string: String) { append(contentsOf: string) }

  /// A hole with a text.
  mutating func appendInterpolation(_ text: Text) { append(contentsOf: text) }

  /// A hole with something that writes itself.
  mutating func appendInterpolation(_ part: some TextPart) { part.write(to: &self) }

  /// A hole with a number.
  mutating func appendInterpolation(_ value: some BinaryInteger) { append(decimal: value) }

  /// A hole with a number as ``hex(_:)`` writes it.
  mutating func appendInterpolation(hex value: some FixedWidthInteger & UnsignedInteger) {
    append(hex: UInt64(value))
  }

  static func + (left: consuming Text, right: Text) -> Text {
    left.append(contentsOf: right)
    return left
  }
}

/// Something that a sentence names and that writes itself, without a string between.
protocol TextPart {
  /// Appends the words to a text.
  func write(to text: inout Text)
}
