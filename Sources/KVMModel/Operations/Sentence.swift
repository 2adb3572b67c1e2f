/// A sentence of the narration, as UTF-8.
///
/// An operation makes about twenty of them, so they are put together as bytes; a `String` would be several times
/// slower at that.
public struct Sentence: Sendable, Hashable, ExpressibleByStringInterpolation, CustomStringConvertible {
  /// The bytes.
  public private(set) var utf8: [UInt8]

  /// The sentence as a string.
  public var description: String { String(decoding: utf8, as: UTF8.self) }

  /// A sentence without holes.
  public init(stringLiteral value: String) { utf8 = Array(value.utf8) }

  /// A sentence whose holes are filled.
  public init(stringInterpolation: StringInterpolation) { utf8 = stringInterpolation.utf8 }

  static func + (left: consuming Sentence, right: Sentence) -> Sentence {
    left.utf8.append(contentsOf: right.utf8)
    return left
  }

  /// Takes the parts of a sentence in turn.
  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var utf8: [UInt8] = []

    /// Makes room: a hole mostly holds an address, and another part may follow.
    public init(literalCapacity: Int, interpolationCount: Int) {
      utf8.reserveCapacity(literalCapacity + interpolationCount * 16 + 64)
    }

    /// Text between holes.
    public mutating func appendLiteral(_ literal: String) { utf8.append(contentsOf: literal.utf8) }

    /// A hole with text.
    public mutating func appendInterpolation(_ text: String) { utf8.append(contentsOf: text.utf8) }

    /// A hole with a sentence.
    public mutating func appendInterpolation(_ sentence: Sentence) { utf8.append(contentsOf: sentence.utf8) }

    /// A hole with anything else.
    public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      appendInterpolation(value.description)
    }

    /// A hole with a number as ``hex(_:)`` writes it.
    public mutating func appendInterpolation(hex value: some FixedWidthInteger & UnsignedInteger) {
      utf8.append(UInt8(ascii: "0"))
      utf8.append(UInt8(ascii: "x"))
      let digits = max(1, (value.bitWidth - value.leadingZeroBitCount + 3) / 4)
      for index in (0..<digits).reversed() {
        utf8.append(hexDigit(UInt8(truncatingIfNeeded: value >> (index * 4)) & 0xf))
      }
    }
  }
}
