import HTTPCore

/// The name of a session in URLs: 128 random bits as 22 characters of URL-safe base64 (RFC 4648, section 5).
///
/// Knowing the name is what lets a client use the session.
struct SessionID: Hashable, Sendable {
  /// How many characters there are.
  static let length = 22

  /// The characters, eight in each word and the last six in the third.
  private let first, second, third: UInt64

  /// A new name from the system's random numbers.
  init() {
    var generator = SystemRandomNumberGenerator()
    var (high, low) = (generator.next() as UInt64, generator.next() as UInt64)
    var words: [UInt64] = [0, 0, 0]
    for index in 0..<Self.length {
      words[index / 8] |= UInt64(Self.alphabet[Int(high >> 58)]) << UInt64(index % 8 * 8)
      high = high << 6 | low >> 58
      low <<= 6
    }
    (first, second, third) = (words[0], words[1], words[2])
  }

  /// The name that stands as these bytes; nil if their number is another. Bytes that no name has name no session.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count == Self.length else { return nil }
    first = bytes.span.word(at: 0)
    second = bytes.span.word(at: 8)
    third = bytes.span.word(at: 14) >> 16
  }

  /// The 22 characters.
  var text: String {
    let words = [first, second, third]
    let text = (0..<Self.length).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64($0 % 8 * 8)) }
    return String(decoding: text, as: UTF8.self)
  }

  /// A number of few bits that is as good as random.
  var shard: Int { Int(truncatingIfNeeded: (first &* 0x9e37_79b9_7f4a_7c15) >> 56) }

  /// The first 48 random bits tell names apart; whoever makes names up has no session by them.
  func hash(into hasher: inout Hasher) { hasher.combine(first) }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
}
