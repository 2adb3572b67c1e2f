/// The name of a field that a program looks for in requests (RFC 9110 §5.1), ready to be compared; the case of letters does
/// not matter.
public struct FieldName: Sendable {
  /// The name in small letters, eight in each word.
  private let words: SIMD4<UInt64>
  private let count: Int
  /// A bit that few other names share.
  let bit: UInt64

  /// A name as given: a token of at most 32 characters.
  public init(_ name: String) {
    let bytes = name.utf8.map(\.lowercasedASCII)
    precondition(
      bytes.count <= 32 && bytes.allSatisfy(ByteSet.tokens.contains), "no field name of 32 characters")
    count = bytes.count
    var words = SIMD4<UInt64>()
    for index in 0..<4 where 8 * index < bytes.count {
      words[index] = bytes.span.word(of: ByteRange(8 * index, min(8 * index + 8, bytes.count)))
    }
    self.words = words
    bit = Self.bit(bytes.span, ByteRange(0, bytes.count))
  }

  /// The bit of the name in `range` of a message.
  @inline(__always) static func bit(_ message: borrowing Span<UInt8>, _ range: ByteRange) -> UInt64 {
    guard !range.isEmpty else { return 0 }
    return 1 << ((UInt64(range.count) &* 5 &+ UInt64(message[range.lowerBound] | 0x20)) & 63)
  }

  /// Whether `range` of a message, which holds a token, is this name.
  @inline(__always) func matches(_ message: borrowing Span<UInt8>, _ range: ByteRange) -> Bool {
    guard range.count == count else { return false }
    var (start, index) = (range.lowerBound, 0)
    repeat {
      let end = min(start + 8, range.upperBound)
      guard message.word(of: ByteRange(start, end)).lowercasedASCII == words[index] else { return false }
      start = end
      index += 1
    } while start < range.upperBound
    return true
  }

  /// Names of which a request mostly has none, which is then known without looking for each.
  public struct Group: Sendable {
    let bits: UInt64

    /// The given names.
    public init(_ names: [FieldName]) { bits = names.reduce(0) { $0 | $1.bit } }
  }

  static let host = FieldName("Host")
  static let expect = FieldName("Expect")
  static let connection = FieldName("Connection")
  static let contentLength = FieldName("Content-Length")
  static let transferEncoding = FieldName("Transfer-Encoding")
}
