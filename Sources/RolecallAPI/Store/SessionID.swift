/// The name of a session in URLs: 128 random bits as 22 characters of URL-safe base64 (RFC 4648, section 5).
///
/// Knowing the name is what lets a client use the session.
struct SessionID: Hashable, Comparable, Sendable {
  /// How many characters there are.
  static let length = 22

  let high: UInt64
  let low: UInt64

  /// A new name from the system's random numbers.
  init() {
    var generator = SystemRandomNumberGenerator()
    high = generator.next()
    low = generator.next()
  }

  /// The name of a text; nil if no session could have it.
  init?(_ text: some StringProtocol) {
    var (high, low): (UInt64, UInt64) = (0, 0)
    guard text.utf8.count == Self.length else { return nil }
    for (index, byte) in text.utf8.enumerated() {
      let digit = Self.digits[Int(byte)]
      guard digit < 64 else { return nil }
      // 21 digits of 6 bits, and 2 bits in the last one, whose other bits are 0.
      let width: UInt64 = index == 21 ? 2 : 6
      guard width == 6 || digit & 0xf == 0 else { return nil }
      high = high << width | low >> (64 - width)
      low = low << width | UInt64(digit) >> (6 - width)
    }
    (self.high, self.low) = (high, low)
  }

  /// The 22 characters.
  var text: String {
    var (high, low) = (high, low)
    var text: [UInt8] = []
    text.reserveCapacity(Self.length)
    for _ in 0..<Self.length {
      text.append(Self.alphabet[Int(high >> 58)])
      high = high << 6 | low >> 58
      low <<= 6
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  /// The digit that each byte stands for; 64 for none.
  private static let digits = (0...UInt8.max).map { UInt8(alphabet.firstIndex(of: $0) ?? 64) }

  /// The order of the 128 bits as a number.
  static func < (left: SessionID, right: SessionID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}
