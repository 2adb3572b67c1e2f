/// The IP address of a client; IPv4 is mapped into IPv6 (RFC 4291, section 2.5.5.2).
struct ClientAddress: Hashable, Sendable {
  /// Sixteen bytes in network order.
  struct Bytes {
    var high: UInt64 = 0
    var low: UInt64 = 0
  }

  let high: UInt64
  let low: UInt64

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  init(_ bytes: Bytes) {
    self.init(high: UInt64(bigEndian: bytes.high), low: UInt64(bigEndian: bytes.low))
  }

  private var isMapped: Bool { high == 0 && low >> 32 == 0xffff }

  /// 127.0.0.0/8 or ::1.
  var isLoopback: Bool { isMapped ? low >> 24 & 0xff == 127 : high == 0 && low == 1 }

  /// What one client is taken to have: an IPv4 address, or the 64 bits that a network gives each IPv6 host to choose
  /// from (RFC 4291, section 2.5.1).
  var network: ClientAddress { isMapped ? self : ClientAddress(high: high, low: 0) }
}

extension ClientAddress: CustomStringConvertible {
  /// Dotted decimal, or as RFC 5952 has it.
  var description: String {
    guard isMapped else { return Socket.text(of: self) }
    return [24, 16, 8, 0].map { String(low >> $0 & 0xff) }.joined(separator: ".")
  }
}
