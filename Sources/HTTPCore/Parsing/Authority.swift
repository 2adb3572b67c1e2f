/// uri-host [":" port], as in Host (RFC 9110 §7.2) and in an absolute target.
enum Authority {
  /// Throws ``HTTPError/hostMalformed`` unless `range` has that form, with a port up to 65535.
  static func check(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(HTTPError) {
    var end = range.lowerBound
    if end < range.upperBound, bytes[end] == UInt8(ascii: "[") {
      end = index(of: UInt8(ascii: "]"), in: bytes, range)
      guard end < range.upperBound, end > range.lowerBound + 2,
        isAll(bytes, range.lowerBound + 1..<end, in: .ipv6)
      else { throw .hostMalformed }
      end += 1
    } else {
      end = index(of: UInt8(ascii: ":"), in: bytes, range)
      guard end > range.lowerBound, isAll(bytes, range.lowerBound..<end, in: .registeredName) else {
        throw .hostMalformed
      }
    }
    guard end < range.upperBound else { return }
    guard bytes[end] == UInt8(ascii: ":") else { throw .hostMalformed }
    var port = 0
    for index in end + 1..<range.upperBound {
      guard let digit = bytes[index].hexadecimalValue, digit < 10 else { throw .hostMalformed }
      port = port * 10 + Int(digit)
      guard port <= 65_535 else { throw .hostMalformed }
    }
  }
}

/// The hosts that this server answers for (RFC 9110 §7.4), so that a page of another site that reaches it by a name
/// of its own (DNS rebinding, §17.1) is refused.
public struct AllowedAuthorities: Sendable {
  /// Each in small letters; nil for any.
  public let list: [String]?

  /// Any host: only for servers that hold nothing worth guarding.
  public static let any = AllowedAuthorities(list: nil)

  /// Only these, each `host` or `host:port` exactly as a client writes it; the case of letters does not matter.
  public init(_ list: [String]) {
    self.init(list: list.map { $0.lowercased() })
  }

  private init(list: [String]?) {
    self.list = list
  }

  /// Whether a request for `authority` is answered; HTTP/1.0 may leave it out (nil).
  func allows(_ bytes: borrowing Span<UInt8>, _ authority: Range<Int>?) -> Bool {
    guard let list, let authority else { return true }
    for allowed in list where equals(bytes, authority, allowed, ignoringCase: true) { return true }
    return false
  }
}
