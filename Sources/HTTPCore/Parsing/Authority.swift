/// uri-host [":" port], as in Host (RFC 9110 §7.2) and in an absolute target.
enum Authority {
  /// Throws ``HTTPError/hostMalformed`` unless `range` has that form, with a port up to 65535.
  static func check(_ bytes: borrowing Span<UInt8>, _ range: ByteRange) throws(HTTPError) {
    var end = range.lowerBound
    if end < range.upperBound, bytes[end] == UInt8(ascii: "[") {
      end = index(of: UInt8(ascii: "]"), in: bytes, range.lowerBound, range.upperBound)
      guard end < range.upperBound, end > range.lowerBound + 2,
        isAll(bytes, ByteRange(range.lowerBound + 1, end), in: .ipv6)
      else { throw .hostMalformed }
      end += 1
    } else {
      end = index(of: UInt8(ascii: ":"), in: bytes, range.lowerBound, range.upperBound)
      guard end > range.lowerBound, isAll(bytes, ByteRange(range.lowerBound, end), in: .registeredName) else {
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

  /// The part of a well-formed authority before the port.
  static func host(_ bytes: borrowing Span<UInt8>, _ authority: ByteRange) -> ByteRange {
    var end = authority.upperBound
    while end > authority.lowerBound, bytes[end - 1] &- UInt8(ascii: "0") < 10 { end -= 1 }
    guard end > authority.lowerBound, bytes[end - 1] == UInt8(ascii: ":") else { return authority }
    return ByteRange(authority.lowerBound, end - 1)
  }

  /// Whether a host is an IP literal or an IPv4 address, which no name server is asked for.
  static func isAddress(_ bytes: borrowing Span<UInt8>, _ host: ByteRange) -> Bool {
    bytes[host.lowerBound] == UInt8(ascii: "[") || isAll(bytes, host, in: .ipv4)
  }
}
