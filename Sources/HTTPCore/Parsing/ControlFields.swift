/// The fields that decide about the message's body, its connection and its host.
struct ControlFields: Sendable {
  /// How the body is delimited (RFC 9112 §6.3).
  enum Framing: Equatable { case length(Int), chunked }

  private(set) var host: ByteRange?
  /// Whether Host is one of the authorities that are answered for, just as they are listed.
  private(set) var isHostListed = false
  private(set) var expectsContinue = false
  private(set) var hasClose = false
  private(set) var hasKeepAlive = false
  private var contentLength: Int?
  private var hasTransferEncoding = false

  private static let chunked = Array("chunked".utf8)
  private static let close = Array("close".utf8)
  private static let keepAlive = Array("keep-alive".utf8)

  /// Takes note of one field line.
  mutating func note(
    _ bytes: borrowing Span<UInt8>, _ field: RequestHead.Field, _ rules: ConnectionRules
  ) throws(HTTPError) {
    let value = field.value
    switch field.name.count {
    case 4 where FieldName.host.matches(bytes, field.name):
      guard host == nil else { throw .hostRepeated }
      isHostListed = rules.authorities.lists(bytes, value)
      if !isHostListed { try Authority.check(bytes, value) }
      host = value
    case 6 where FieldName.expect.matches(bytes, field.name):
      guard equalsIgnoringCase(bytes, value, Array("100-continue".utf8)) else { throw .expectationUnknown }
      expectsContinue = true
    case 10 where FieldName.connection.matches(bytes, field.name):
      noteOptions(bytes, value)
    case 14 where FieldName.contentLength.matches(bytes, field.name):
      guard contentLength == nil else { throw .contentLengthRepeated }
      contentLength = try Self.decimal(bytes, value)
    case 17 where FieldName.transferEncoding.matches(bytes, field.name):
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
  private mutating func noteOptions(_ bytes: borrowing Span<UInt8>, _ value: ByteRange) {
    var start = value.lowerBound
    while start < value.upperBound {
      let comma = index(of: UInt8(ascii: ","), in: bytes, start, value.upperBound)
      let option = trimmed(bytes, start, comma)
      if equalsIgnoringCase(bytes, option, Self.close) { hasClose = true }
      if equalsIgnoringCase(bytes, option, Self.keepAlive) { hasKeepAlive = true }
      start = comma + 1
    }
  }

  /// 1*DIGIT (RFC 9110 §8.6); a number beyond Int is read as Int.max, which no limit lets pass.
  private static func decimal(_ bytes: borrowing Span<UInt8>, _ value: ByteRange) throws(HTTPError) -> Int {
    guard !value.isEmpty else { throw .contentLengthMalformed }
    var number = 0
    for index in value.lowerBound..<value.upperBound {
      guard let digit = bytes[index].hexadecimalValue, digit < 10 else { throw .contentLengthMalformed }
      let (tenfold, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tenfold.addingReportingOverflow(Int(digit))
      number = overflow || carry ? .max : sum
    }
    return number
  }

  /// Only `chunked` is spoken; a list that ends in it is well-formed but unknown (RFC 9112 §6.1, §6.3).
  private static func checkCoding(_ bytes: borrowing Span<UInt8>, _ value: ByteRange) throws(HTTPError) {
    if equalsIgnoringCase(bytes, value, chunked) { return }
    var last = value.upperBound
    while last > value.lowerBound, bytes[last - 1] != UInt8(ascii: ",") { last -= 1 }
    let isFinal = equalsIgnoringCase(bytes, trimmed(bytes, last, value.upperBound), chunked)
    throw isFinal ? .transferCodingUnsupported : .chunkedNotFinal
  }
}

/// What lies between `start` and `end` without leading and trailing SP and HTAB.
private func trimmed(_ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int) -> ByteRange {
  var (start, end) = (start, end)
  while start < end, bytes[start] == .space || bytes[start] == .tab { start += 1 }
  while end > start, bytes[end - 1] == .space || bytes[end - 1] == .tab { end -= 1 }
  return ByteRange(start, end)
}
