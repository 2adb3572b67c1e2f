// Strings and numbers, the tokens with a grammar of their own.

extension JSONParser {
  /// A string or number as it stands in the document.
  struct Token {
    /// The first byte after the opening quotation mark, or of a number.
    let start: Int
    /// The closing quotation mark, or what follows a number.
    var end: Int
    var hasEscape = false

    init(start: Int) {
      self.start = start
      end = start
    }

    /// How many bytes it has.
    var count: Int { end &- start }

    /// Whether two strings have the same code points (RFC 8259, section 8.3). Unicode's equivalences are not looked at: they
    /// take quadratic time.
    func isEqual(to other: Token, in bytes: Span<UInt8>) -> Bool {
      guard !hasEscape, !other.hasEscape else { return utf8(in: bytes) == other.utf8(in: bytes) }
      guard count == other.count else { return false }
      for index in 0..<count where bytes[start + index] != bytes[other.start + index] { return false }
      return true
    }

    /// The characters of a string.
    func text(in bytes: Span<UInt8>) -> String { String(decoding: utf8(in: bytes), as: UTF8.self) }

    /// The same as UTF-8.
    func utf8(in bytes: Span<UInt8>) -> [UInt8] {
      var parser = JSONParser(at: start)
      var text: [UInt8] = []
      text.reserveCapacity(count)
      while parser.position < end {
        if bytes[parser.position] == UInt8(ascii: "\\"), let scalar = try? parser.escape(bytes) {
          text.append(contentsOf: String(scalar).utf8)
        } else {
          text.append(bytes[parser.position])
          parser.position += 1
        }
      }
      return text
    }
  }

  /// Reads the string whose opening quotation mark is at `position` (RFC 8259, section 7).
  @inline(__always)
  mutating func stringToken(_ bytes: Span<UInt8>) throws(JSONError) -> Token {
    var token = Token(start: position + 1)
    token.end = Self.firstNotOrdinary(bytes, from: token.start)
    position = token.end
    if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
      position += 1
    } else {
      try finish(&token, bytes)
    }
    return token
  }

  /// Reads the rest of a string from something at `position` on that is not ordinary.
  private mutating func finish(_ token: inout Token, _ bytes: Span<UInt8>) throws(JSONError) {
    while true {
      guard position < bytes.count else { throw error(.unexpectedEnd) }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        token.end = position
        position += 1
        return
      case UInt8(ascii: "\\"):
        token.hasEscape = true
        _ = try escape(bytes)
      case ..<0x20: throw error(.controlCharacter)
      default:
        position += try encodedScalarLength(bytes)
      }
      position = Self.firstNotOrdinary(bytes, from: position)
    }
  }

  /// The first place from `start` on whose byte is not ordinary, or the end.
  @inline(__always)
  private static func firstNotOrdinary(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var place = start
    while place < bytes.count, isOrdinary(bytes[place]) { place += 1 }
    return place
  }

  /// Whether a byte is a character that stands for itself, and ends no string.
  @inline(__always)
  private static func isOrdinary(_ byte: UInt8) -> Bool {
    byte &- 0x20 < 0x60 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  /// Reads the escape whose backslash is at `position`.
  fileprivate mutating func escape(_ bytes: Span<UInt8>) throws(JSONError) -> Unicode.Scalar {
    let start = position
    guard start + 1 < bytes.count else { throw error(.unexpectedEnd, at: bytes.count) }
    position += 2
    switch bytes[start + 1] {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape(bytes, from: start)
    default: throw error(.invalidEscape, at: start)
    }
  }

  /// Reads the four digits after `\u`, and the second half of a surrogate pair if they are the first.
  private mutating func unicodeEscape(_ bytes: Span<UInt8>, from start: Int) throws(JSONError)
    -> Unicode.Scalar
  {
    let first = try fourDigits(bytes, from: start)
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xdc00 else { throw error(.loneSurrogate, at: start) }
    for byte in "\\u".utf8 {
      guard position < bytes.count else { throw error(.unexpectedEnd) }
      guard bytes[position] == byte else { throw error(.loneSurrogate, at: start) }
      position += 1
    }
    let second = try fourDigits(bytes, from: position - 2)
    guard (0xdc00...0xdfff).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00))
    else { throw error(.loneSurrogate, at: start) }
    return scalar
  }

  private mutating func fourDigits(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard position < bytes.count else { throw error(.unexpectedEnd) }
      guard let digit = hexadecimalDigit(bytes[position]) else { throw error(.invalidEscape, at: start) }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }

  /// The length of the UTF-8 sequence at `position`, two to four bytes (the table in RFC 3629, section 4).
  private func encodedScalarLength(_ bytes: Span<UInt8>) throws(JSONError) -> Int {
    let length: Int
    let second: ClosedRange<UInt8>
    switch bytes[position] {
    case 0xc2...0xdf: (length, second) = (2, 0x80...0xbf)
    case 0xe0: (length, second) = (3, 0xa0...0xbf)
    case 0xed: (length, second) = (3, 0x80...0x9f)
    case 0xe1...0xef: (length, second) = (3, 0x80...0xbf)
    case 0xf0: (length, second) = (4, 0x90...0xbf)
    case 0xf1...0xf3: (length, second) = (4, 0x80...0xbf)
    case 0xf4: (length, second) = (4, 0x80...0x8f)
    default: throw error(.invalidUTF8)
    }
    for index in 1..<length {
      guard position + index < bytes.count else { throw error(.unexpectedEnd, at: bytes.count) }
      guard (index == 1 ? second : 0x80...0xbf).contains(bytes[position + index]) else {
        throw error(.invalidUTF8)
      }
    }
    return length
  }
}

extension JSONParser {
  /// Reads the number at `position` (RFC 8259, section 6).
  mutating func numberToken(_ bytes: Span<UInt8>) throws(JSONError) -> Token {
    var token = Token(start: position)
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    let firstDigit = position
    var magnitude = 0
    while let digit = digit(bytes) {
      // Beyond 2^53 the value no longer matters: it is an error, or the number is not an integer.
      if magnitude <= JSONNumber.integers.upperBound { magnitude = magnitude * 10 + digit }
    }
    try requireDigits(bytes, since: firstDigit)
    guard position - firstDigit == 1 || bytes[firstDigit] != UInt8(ascii: "0") else {
      throw error(.invalidNumber, at: firstDigit)
    }
    if try !hasFractionOrExponent(bytes) {
      guard magnitude <= JSONNumber.integers.upperBound else {
        throw error(.integerOutOfRange, at: token.start)
      }
    }
    token.end = position
    return token
  }

  private mutating func hasFractionOrExponent(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
    let start = position
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      try skipDigits(bytes)
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      try skipDigits(bytes)
    }
    return position > start
  }

  private mutating func skipDigits(_ bytes: Span<UInt8>) throws(JSONError) {
    let start = position
    while digit(bytes) != nil {}
    try requireDigits(bytes, since: start)
  }

  private func requireDigits(_ bytes: Span<UInt8>, since start: Int) throws(JSONError) {
    guard position == start else { return }
    throw error(position < bytes.count ? .invalidNumber : .unexpectedEnd)
  }

  /// Reads a decimal digit if there is one.
  private mutating func digit(_ bytes: Span<UInt8>) -> Int? {
    guard position < bytes.count, case UInt8(ascii: "0")...UInt8(ascii: "9") = bytes[position] else {
      return nil
    }
    position += 1
    return Int(bytes[position - 1] & 0xf)
  }
}

/// The value of a hexadecimal digit in either case.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
