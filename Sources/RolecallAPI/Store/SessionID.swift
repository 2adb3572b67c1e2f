import HTTPCore

/// The name of a session in URLs: 128 random bits as 22 characters of URL-safe base64 (RFC 4648, section 5).
///
/// Knowing the name is what lets a client use the session.
struct SessionID: Hashable, Comparable, Sendable {
  /// How many characters there are.
  static let length = 22

  /// The characters, eight in each word and the last six in the third.
  private let first, second, third: UInt64

  /// A new name from the system's random numbers.
  init() {
    var generator = SystemRandomNumberGenerator()
    self.init(high: generator.next(), low: generator.next())
  }

  /// The name of 128 bits.
  init(high: UInt64, low: UInt64) {
    var (high, low) = (high, low)
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
  var text: String { String(decoding: characters, as: UTF8.self) }

  private var characters: [UInt8] {
    let words = [first, second, third]
    return (0..<Self.length).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64($0 % 8 * 8)) }
  }

  /// The 128 bits. A name that no session can have has those of another name.
  var bits: (high: UInt64, low: UInt64) {
    var (high, low): (UInt64, UInt64) = (0, 0)
    for (index, character) in characters.enumerated() {
      let digit = UInt64(Self.alphabet.firstIndex(of: character) ?? 0)
      // 21 digits of 6 bits, and 2 bits in the last one.
      let width: UInt64 = index == 21 ? 2 : 6
      high = high << width | low >> (64 - width)
      low = low << width | digit >> (6 - width)
    }
    return (high, low)
  }

  /// The order of the bits as a number.
  static func < (left: SessionID, right: SessionID) -> Bool { left.bits < right.bits }

  /// A number of few bits that is as good as random.
  var shard: Int { Int(truncatingIfNeeded: (first &* 0x9e37_79b9_7f4a_7c15) >> 56) }

  /// The first 48 random bits tell names apart; whoever makes names up has no session by them.
  func hash(into hasher: inout Hasher) { hasher.combine(first) }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
}
