/// The request line: method, target in its four forms, version (RFC 9112 §3).
enum RequestLine {
  /// Reads `line` into a copy of `head`.
  static func parse(
    _ bytes: borrowing Span<UInt8>, _ line: Range<Int>, into head: RequestHead
  ) throws(HTTPError) -> RequestHead {
    var head = head
    let methodEnd = index(of: .space, in: bytes, line)
    guard methodEnd > line.lowerBound, methodEnd < line.upperBound,
      isAll(bytes, line.lowerBound..<methodEnd, in: .tokens)
    else { throw .requestLineMalformed }
    let targetEnd = index(of: .space, in: bytes, methodEnd + 1..<line.upperBound)
    guard targetEnd > methodEnd + 1, targetEnd < line.upperBound else { throw .requestLineMalformed }
    head.method = method(bytes, line.lowerBound..<methodEnd)
    head.version = try version(bytes, targetEnd + 1..<line.upperBound)
    try target(bytes, methodEnd + 1..<targetEnd, &head)
    return head
  }

  private static func method(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Method {
    for (name, method) in Method.known where name.utf8.count == range.count {
      if equals(bytes, range, name) { return method }
    }
    var name = ""
    for index in range { name.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
    return .other(name)
  }

  /// `HTTP/` DIGIT `.` DIGIT (§2.3); any 1.x above 1.0 is spoken as 1.1 (RFC 9110 §2.5).
  private static func version(
    _ bytes: borrowing Span<UInt8>, _ range: Range<Int>
  ) throws(HTTPError) -> Version {
    let start = range.lowerBound
    guard range.count == 8, equals(bytes, start..<start + 5, "HTTP/"),
      bytes[start + 6] == UInt8(ascii: "."),
      let major = digit(bytes[start + 5]), let minor = digit(bytes[start + 7])
    else { throw .versionMalformed }
    guard major == 1 else { throw .versionUnsupported }
    return minor == 0 ? .http1_0 : .http1_1
  }

  private static func target(
    _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ head: inout RequestHead
  ) throws(HTTPError) {
    if head.method == .connect { throw .tunnelUnsupported }
    if bytes[range.lowerBound] == UInt8(ascii: "/") {
      try pathAndQuery(bytes, range, &head)
    } else if range.count == 1, bytes[range.lowerBound] == UInt8(ascii: "*") {
      guard head.method == .options else { throw .targetFormUnsuited }
      head.path = range
      head.isAsterisk = true
    } else {
      try absolute(bytes, range, &head)
    }
  }

  /// absolute-form (§3.2.2) with an http URI (RFC 9110 §4.2.1).
  private static func absolute(
    _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ head: inout RequestHead
  ) throws(HTTPError) {
    let colon = index(of: UInt8(ascii: ":"), in: bytes, range)
    let start = colon + 3
    guard start < range.upperBound, equals(bytes, colon..<start, "://") else { throw .targetMalformed }
    guard colon - range.lowerBound == 4, equals(bytes, range.lowerBound..<colon, "http", ignoringCase: true)
    else { throw .misdirected }
    var end = start
    while end < range.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") {
      if bytes[end] == UInt8(ascii: "@") { throw .userinfoInTarget }
      end += 1
    }
    guard end > start else { throw .hostMalformed }
    try Authority.check(bytes, start..<end)
    head.authority = start..<end
    head.isAbsolute = true
    try pathAndQuery(bytes, end..<range.upperBound, &head)
  }

  private static func pathAndQuery(
    _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ head: inout RequestHead
  ) throws(HTTPError) {
    let mark = index(of: UInt8(ascii: "?"), in: bytes, range)
    head.path = range.lowerBound..<mark
    try checkURI(bytes, head.path, .path)
    guard mark < range.upperBound else { return }
    head.query = mark + 1..<range.upperBound
    try checkURI(bytes, mark + 1..<range.upperBound, .query)
  }

  private static func checkURI(
    _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ set: ByteSet
  ) throws(HTTPError) {
    for index in range {
      let byte = bytes[index]
      guard set.contains(byte) else { throw .targetMalformed }
      guard byte == UInt8(ascii: "%") else { continue }
      guard index + 2 < range.upperBound, let high = bytes[index + 1].hexadecimalValue,
        let low = bytes[index + 2].hexadecimalValue
      else { throw .percentEncodingMalformed }
      if high == 0 && low == 0 { throw .encodedNUL }
    }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    byte &- UInt8(ascii: "0") < 10 ? byte - UInt8(ascii: "0") : nil
  }
}

/// The first index of `byte` in `range`, or the range's end.
func index(of byte: UInt8, in bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int {
  var index = range.lowerBound
  while index < range.upperBound, bytes[index] != byte { index += 1 }
  return index
}

/// Whether every byte of `range` is in `set`.
func isAll(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, in set: ByteSet) -> Bool {
  for index in range where !set.contains(bytes[index]) { return false }
  return true
}

/// Whether `range` holds `text`; with `ignoringCase`, `text` is in small letters.
func equals(
  _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ text: String, ignoringCase: Bool = false
) -> Bool {
  guard text.utf8.count == range.count else { return false }
  var index = range.lowerBound
  for expected in text.utf8 {
    let byte = ignoringCase ? bytes[index].lowercasedASCII : bytes[index]
    if byte != expected { return false }
    index += 1
  }
  return true
}
