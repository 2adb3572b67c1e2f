/// The request line: method, target in its four forms, version (RFC 9112 §3).
enum RequestLine {
  /// Reads `line` into `head`, which is of no use if this throws.
  static func parse(
    _ bytes: borrowing Span<UInt8>, _ line: ByteRange, into head: inout RequestHead
  ) throws(HTTPError) {
    let (start, end) = (line.lowerBound, line.upperBound)
    let methodEnd = index(of: .space, in: bytes, start, end)
    guard methodEnd > start, methodEnd < end, isAll(bytes, ByteRange(start, methodEnd), in: .tokens)
    else { throw .requestLineMalformed }
    let targetEnd = index(of: .space, in: bytes, methodEnd + 1, end)
    guard targetEnd > methodEnd + 1, targetEnd < end else { throw .requestLineMalformed }
    head.methodName = ByteRange(start, methodEnd)
    head.method = method(bytes, head.methodName)
    head.version = try version(bytes, ByteRange(targetEnd + 1, end))
    try target(bytes, ByteRange(methodEnd + 1, targetEnd), &head)
  }

  /// Reads an ordinary request line at once: a known method, a path of plain characters alone, HTTP/1.1. Gives where the
  /// line ends, or nil for one that is to be read by ``parse(_:_:into:)``, with the same result where both can.
  static func parseOrdinary(
    _ bytes: borrowing Span<UInt8>, _ start: Int, limit: Int, into head: inout RequestHead
  ) -> Int? {
    let last = min(bytes.count - 10, start + limit - 9)
    guard start <= last - 8 else { return nil }
    let word = bytes.word(at: start)
    let length = word.marks(of: .space).trailingZeroBitCount / 8
    // A NUL at the name's end would pass for one of the zeros that fill up a shorter name.
    guard length < 8, let method = Method(word: word & (1 << UInt64(8 * length) - 1)),
      method != .connect, bytes[start + length - 1] != 0
    else { return nil }
    let target = start + length + 1
    let end = bytes.firstIndex(from: target, to: last) { $0.marksOfUnplain }
    guard end < last, end > target, bytes[target] == UInt8(ascii: "/"), bytes[end] == .space,
      bytes.word(at: end + 1) == http1_1, bytes[end + 9] == .cr
    else { return nil }
    head.method = method
    head.methodName = ByteRange(start, target - 1)
    head.path = ByteRange(target, end)
    return end + 9
  }

  private static func method(_ bytes: borrowing Span<UInt8>, _ range: ByteRange) -> Method {
    range.count <= 8 ? Method(word: bytes.word(of: range)) ?? .other : .other
  }

  private static let http1_1 = UInt64(ascii: "HTTP/1.1")
  private static let http = [UInt8]("HTTP/".utf8)

  /// `HTTP/` DIGIT `.` DIGIT (§2.3); any 1.x above 1.0 is spoken as 1.1 (RFC 9110 §2.5).
  private static func version(_ bytes: borrowing Span<UInt8>, _ range: ByteRange) throws(HTTPError) -> Version
  {
    let start = range.lowerBound
    guard range.count == 8 else { throw .versionMalformed }
    if bytes.word(of: range) == http1_1 { return .http1_1 }
    guard bytes.equals(ByteRange(start, start + 5), http.span), bytes[start + 6] == UInt8(ascii: "."),
      let major = digit(bytes[start + 5]), let minor = digit(bytes[start + 7])
    else { throw .versionMalformed }
    guard major == 1 else { throw .versionUnsupported }
    return minor == 0 ? .http1_0 : .http1_1
  }

  private static func target(
    _ bytes: borrowing Span<UInt8>, _ range: ByteRange, _ head: inout RequestHead
  ) throws(HTTPError) {
    if case .connect = head.method { throw .tunnelUnsupported }
    let first = bytes[range.lowerBound]
    if first == UInt8(ascii: "/") {
      try pathAndQuery(bytes, range, &head)
    } else if range.count == 1, first == UInt8(ascii: "*") {
      guard case .options = head.method else { throw .targetFormUnsuited }
      head.path = range
      head.isAsterisk = true
    } else {
      try absolute(bytes, range, &head)
    }
  }

  /// absolute-form (§3.2.2) with an http URI (RFC 9110 §4.2.1).
  private static func absolute(
    _ bytes: borrowing Span<UInt8>, _ range: ByteRange, _ head: inout RequestHead
  ) throws(HTTPError) {
    let colon = index(of: UInt8(ascii: ":"), in: bytes, range.lowerBound, range.upperBound)
    let start = colon + 3
    guard start < range.upperBound, bytes[colon + 1] == UInt8(ascii: "/"),
      bytes[colon + 2] == UInt8(ascii: "/")
    else { throw .targetMalformed }
    guard equalsIgnoringCase(bytes, ByteRange(range.lowerBound, colon), Array("http".utf8))
    else { throw .misdirected }
    var end = start
    while end < range.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") {
      if bytes[end] == UInt8(ascii: "@") { throw .userinfoInTarget }
      end += 1
    }
    guard end > start else { throw .hostMalformed }
    let authority = ByteRange(start, end)
    try Authority.check(bytes, authority)
    head.authority = authority
    head.isAbsolute = true
    try pathAndQuery(bytes, ByteRange(end, range.upperBound), &head)
  }

  private static func pathAndQuery(
    _ bytes: borrowing Span<UInt8>, _ range: ByteRange, _ head: inout RequestHead
  ) throws(HTTPError) {
    let mark = index(of: UInt8(ascii: "?"), in: bytes, range.lowerBound, range.upperBound)
    head.path = ByteRange(range.lowerBound, mark)
    head.isPathEncoded = try checkURI(bytes, head.path, .path)
    guard mark < range.upperBound else { return }
    let query = ByteRange(mark + 1, range.upperBound)
    head.query = query
    _ = try checkURI(bytes, query, .query)
  }

  /// Checks a part of a target whose bytes are printable ASCII; true if anything in it is percent-encoded.
  private static func checkURI(
    _ bytes: borrowing Span<UInt8>, _ range: ByteRange, _ set: ByteSet
  ) throws(HTTPError) -> Bool {
    var index = range.lowerBound
    let end = range.upperBound
    var isEncoded = false
    while index < end {
      let byte = bytes[index]
      guard set.contains(byte) else { throw .targetMalformed }
      index += 1
      guard byte == UInt8(ascii: "%") else { continue }
      guard index + 1 < end, let high = bytes[index].hexadecimalValue,
        let low = bytes[index + 1].hexadecimalValue
      else { throw .percentEncodingMalformed }
      if high == 0 && low == 0 { throw .encodedNUL }
      isEncoded = true
    }
    return isEncoded
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    byte &- UInt8(ascii: "0") < 10 ? byte - UInt8(ascii: "0") : nil
  }
}

/// The first index of `byte` from `start` on, or `end`.
@inline(__always)
func index(of byte: UInt8, in bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int) -> Int {
  bytes.firstIndex(from: start, to: end) { $0.marks(of: byte) }
}

/// Whether every byte of `range` is in `set`.
func isAll(_ bytes: borrowing Span<UInt8>, _ range: ByteRange, in set: ByteSet) -> Bool {
  for index in range.lowerBound..<range.upperBound where !set.contains(bytes[index]) { return false }
  return true
}

/// Whether `range` holds `text`, which is in small letters, but for the case of letters.
func equalsIgnoringCase(_ bytes: borrowing Span<UInt8>, _ range: ByteRange, _ text: [UInt8]) -> Bool {
  guard text.count == range.count else { return false }
  for index in 0..<text.count where bytes[range.lowerBound + index].lowercasedASCII != text[index] {
    return false
  }
  return true
}
