/// The fields that decide about the message's body, its connection and its host.
struct ControlFields: Sendable {
  /// How the body is delimited (RFC 9112 §6.3).
  enum Framing: Equatable { case length(Int), chunked }

  private(set) var host: Range<Int>?
  private(set) var expectsContinue = false
  private(set) var hasClose = false
  private(set) var hasKeepAlive = false
  private var contentLength: Int?
  private var hasTransferEncoding = false

  /// Takes note of one field line.
  mutating func note(
    _ bytes: borrowing Span<UInt8>, name: Range<Int>, value: Range<Int>
  ) throws(HTTPError) {
    func isNamed(_ text: String) -> Bool { equals(bytes, name, text, ignoringCase: true) }
    switch name.count {
    case 4 where isNamed("host"):
      guard host == nil else { throw .hostRepeated }
      try Authority.check(bytes, value)
      host = value
    case 6 where isNamed("expect"):
      guard equals(bytes, value, "100-continue", ignoringCase: true) else { throw .expectationUnknown }
      expectsContinue = true
    case 10 where isNamed("connection"):
      noteOptions(bytes, value)
    case 14 where isNamed("content-length"):
      guard contentLength == nil else { throw .contentLengthRepeated }
      contentLength = try Self.decimal(bytes, value)
    case 17 where isNamed("transfer-encoding"):
      guard !hasTransferEncoding else { throw .transferEncodingRepeated }
      hasTransferEncoding = true
      try Self.checkCoding(bytes, value)
    default:
      break
    }
  }

  /// What follows from all the fields together.
  func framing(version: Version, bodyLimit: Int) throws(HTTPError) -> Framing {
    guard version == .http1_1 || !hasTransferEncoding else { throw .transferEncodingInHTTP1_0 }
    guard hasTransferEncoding else {
      let length = contentLength ?? 0
      guard length <= bodyLimit else { throw .contentTooLarge }
      return .length(length)
    }
    guard contentLength == nil else { throw .contentLengthWithTransferEncoding }
    return .chunked
  }

  /// The options of Connection (RFC 9110 §7.6.1): tokens between commas.
  private mutating func noteOptions(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>) {
    var start = value.lowerBound
    while start < value.upperBound {
      let comma = index(of: UInt8(ascii: ","), in: bytes, start..<value.upperBound)
      let option = trimmed(bytes, start..<comma)
      if equals(bytes, option, "close", ignoringCase: true) { hasClose = true }
      if equals(bytes, option, "keep-alive", ignoringCase: true) { hasKeepAlive = true }
      start = comma + 1
    }
  }

  /// 1*DIGIT (RFC 9110 §8.6); a number beyond Int is read as Int.max, which no limit lets pass.
  private static func decimal(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>) throws(HTTPError) -> Int {
    guard !value.isEmpty else { throw .contentLengthMalformed }
    var number = 0
    for index in value {
      guard let digit = bytes[index].hexadecimalValue, digit < 10 else { throw .contentLengthMalformed }
      let (tenfold, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tenfold.addingReportingOverflow(Int(digit))
      number = overflow || carry ? .max : sum
    }
    return number
  }

  /// Only `chunked` is spoken; a list that ends in it is well-formed but unknown (RFC 9112 §6.1, §6.3).
  private static func checkCoding(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>) throws(HTTPError) {
    if equals(bytes, value, "chunked", ignoringCase: true) { return }
    var last = value.upperBound
    while last > value.lowerBound, bytes[last - 1] != UInt8(ascii: ",") { last -= 1 }
    let isFinal = equals(
      bytes, trimmed(bytes, last..<value.upperBound), "chunked", ignoringCase: true)
    throw isFinal ? .transferCodingUnsupported : .chunkedNotFinal
  }
}

/// `range` without leading and trailing SP and HTAB.
private func trimmed(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
  var start = range.lowerBound
  var end = range.upperBound
  while start < end, bytes[start] == .space || bytes[start] == .tab { start += 1 }
  while end > start, bytes[end - 1] == .space || bytes[end - 1] == .tab { end -= 1 }
  return start..<end
}
