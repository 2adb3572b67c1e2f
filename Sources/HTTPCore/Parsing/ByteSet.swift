/// A set of ASCII bytes; bytes from 0x80 are never members.
struct ByteSet: Sendable {
  let low: UInt64
  let high: UInt64

  @inline(__always) func contains(_ byte: UInt8) -> Bool {
    let word = byte < 64 ? low : high
    return byte < 128 && word >> UInt64(byte & 63) & 1 == 1
  }

  /// tchar (RFC 9110 §5.6.2).
  static let tokens = ByteSet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe)
  /// pchar, "/" and "%" (RFC 3986 §3.3).
  static let path = ByteSet(low: 0x2fff_fff2_0000_0000, high: 0x47ff_fffe_87ff_ffff)
  /// pchar, "/", "?" and "%" (RFC 3986 §3.4).
  static let query = ByteSet(low: 0xafff_fff2_0000_0000, high: 0x47ff_fffe_87ff_ffff)
  /// reg-name and "%" (RFC 3986 §3.2.2).
  static let registeredName = ByteSet(low: 0x2bff_7ff2_0000_0000, high: 0x47ff_fffe_87ff_fffe)
  /// The characters of an IPv6 address (RFC 3986 §3.2.2).
  static let ipv6 = ByteSet(low: 0x07ff_4000_0000_0000, high: 0x0000_007e_0000_007e)
  /// The characters of an IPv4 address (RFC 3986 §3.2.2).
  static let ipv4 = ByteSet(low: 0x03ff_4000_0000_0000, high: 0)
}

extension UInt8 {
  static let tab = UInt8(ascii: "\t")
  static let lf = UInt8(ascii: "\n")
  static let cr = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")

  /// An ASCII capital as its small letter, anything else as it is.
  var lowercasedASCII: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

  /// HTAB, SP, VCHAR or obs-text: what a field value may hold (RFC 9110 §5.5).
  var isFieldContent: Bool { self >= 0x20 && self != 0x7f || self == .tab }

  /// The value of an ASCII hexadecimal digit.
  var hexadecimalValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension Collection<UInt8> {
  /// Whether these bytes are `text` but for the case of ASCII letters.
  package func equalsIgnoringCase(_ text: String) -> Bool {
    count == text.utf8.count && zip(self, text.utf8).allSatisfy { $0.lowercasedASCII == $1.lowercasedASCII }
  }
}

extension [UInt8] {
  /// Appends `value`, which is not negative, in decimal.
  mutating func append(decimal value: Int) {
    let isLong = value >= 10_000
    if isLong { append(decimal: value / 10_000) }
    // Four digits at once, the first in the lowest byte: two pairs, and each of them by two.
    let last = UInt32(truncatingIfNeeded: value % 10_000)
    let pairs = last / 100 | (last % 100) &<< 16
    let tens = (pairs &* 103) &>> 10 & 0x000f_000f
    var digits = tens | (pairs &- tens &* 10) &<< 8
    var count = 4
    if !isLong {
      // Leading zeros are left out, but not the last digit.
      let zeros = (digits | 1 &<< 24).trailingZeroBitCount / 8
      digits &>>= UInt32(8 * zeros)
      count -= zeros
    }
    for _ in 0..<count {
      append(UInt8(ascii: "0") | UInt8(truncatingIfNeeded: digits))
      digits &>>= 8
    }
  }

  mutating func append(_ text: String) { append(contentsOf: text.utf8) }

  mutating func appendNewline() {
    append(.cr)
    append(.lf)
  }
}

/// `range` of a message with every well-formed %XX replaced by its byte.
func percentDecoded(_ bytes: borrowing Span<UInt8>, _ range: ByteRange) -> [UInt8] {
  let encoded = (range.lowerBound..<range.upperBound).map { bytes[$0] }
  return Array(percentDecoded(encoded[...]))
}

/// `bytes` with every well-formed %XX replaced by its byte.
func percentDecoded(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) -> ArraySlice<UInt8> {
  var decoded: ArraySlice<UInt8> = []
  decoded.reserveCapacity(bytes.count)
  var rest = bytes
  while let byte = rest.popFirst() {
    if byte == UInt8(ascii: "%"), let high = rest.first?.hexadecimalValue,
      let low = rest.dropFirst().first?.hexadecimalValue
    {
      decoded.append(high << 4 | low)
      rest = rest.dropFirst(2)
    } else {
      decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? .space : byte)
    }
  }
  return decoded
}
