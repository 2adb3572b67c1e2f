/// A JSON number as it was written; nothing is rounded until somebody asks for a `Double`.
public struct JSONNumber: Hashable, Sendable {
  /// The integers that every JSON reader can hold: ±(2^53 - 1) (RFC 7493, section 2.2).
  public static let integers = -0x1f_ffff_ffff_ffff...0x1f_ffff_ffff_ffff

  /// The number's own digits.
  public let text: String
  /// The value, if it was written without a fraction and an exponent.
  public let integer: Int?

  /// The nearest `Double`; nil if the number is greater than any.
  public var double: Double? {
    Double(text).flatMap { $0.isFinite ? $0 : nil }
  }
}
