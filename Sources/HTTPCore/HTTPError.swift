/// Why a request was refused before any handler saw it.
public enum HTTPError: Error, Sendable, Hashable, CaseIterable {
  case tooManyEmptyLines, requestLineMalformed, requestLineTooLong, versionMalformed, versionUnsupported
  case bareCarriageReturn, bareLineFeed, forbiddenByte, forbiddenByteInValue, whitespaceBeforeFields
  case targetMalformed, targetFormUnsuited, percentEncodingMalformed, encodedNUL, userinfoInTarget
  case hostMissing, hostRepeated, hostMalformed, misdirected, tunnelUnsupported
  case fieldMalformed, fieldNameMalformed, whitespaceBeforeColon, lineFolding, headerTooLarge, tooManyFields
  case contentLengthMalformed, contentLengthRepeated, contentLengthWithTransferEncoding, contentTooLarge
  case transferEncodingInHTTP1_0, transferEncodingRepeated, chunkedNotFinal, transferCodingUnsupported
  case chunkSizeMalformed, chunkExtensionMalformed, chunkDataMalformed, chunkExtensionsTooLong
  case trailerMalformed, trailersTooLong
  case expectationUnknown, incompleteMessage, headerTimeout, bodyTimeout
  case tooManyRequests, tooMuchBuffered

  /// The status to answer with.
  public var status: Status { row.status }
  /// The clause that the request breaks, such as `RFC 9112 §3.2`.
  public var clause: String { row.clause }
  /// One sentence for the client.
  public var reason: String { row.reason }

  private var row: (status: Status, clause: String, reason: String) {
    switch self {
    case .tooManyEmptyLines: (400, "RFC 9112 §2.2", "Too many empty lines before the request line.")
    case .requestLineMalformed:
      (400, "RFC 9112 §3", "A request line is a method, a target and a version with one space between them.")
    case .requestLineTooLong: (414, "RFC 9112 §3", "The request line is longer than this server reads.")
    case .versionMalformed: (400, "RFC 9112 §2.3", "The version is not HTTP/ and two digits with a dot.")
    case .versionUnsupported: (505, "RFC 9110 §15.6.6", "This server speaks HTTP/1.0 and HTTP/1.1.")
    case .bareCarriageReturn: (400, "RFC 9112 §2.2", "A CR is not followed by LF.")
    case .bareLineFeed: (400, "RFC 9112 §2.2", "A line ends in LF without CR.")
    case .forbiddenByte: (400, "RFC 9112 §3", "The request line holds a byte that is not printable ASCII.")
    case .forbiddenByteInValue: (400, "RFC 9110 §5.5", "A field line holds a control byte.")
    case .whitespaceBeforeFields:
      (400, "RFC 9112 §2.2", "There is whitespace between the request line and the first field.")
    case .targetMalformed: (400, "RFC 9112 §3.2", "The request target is not a URI reference of RFC 3986.")
    case .targetFormUnsuited: (400, "RFC 9112 §3.2", "This form of request target does not suit the method.")
    case .percentEncodingMalformed: (400, "RFC 3986 §2.1", "A % is not followed by two hexadecimal digits.")
    case .encodedNUL: (400, "RFC 3986 §7.3", "The path holds %00.")
    case .userinfoInTarget: (400, "RFC 9110 §4.2.4", "An http URI must not carry userinfo.")
    case .hostMissing: (400, "RFC 9112 §3.2", "An HTTP/1.1 request needs a Host field.")
    case .hostRepeated: (400, "RFC 9112 §3.2", "There is more than one Host field.")
    case .hostMalformed: (400, "RFC 9110 §7.2", "The host is not uri-host or uri-host:port.")
    case .misdirected: (421, "RFC 9110 §7.4", "This server does not answer for that scheme, host or port.")
    case .tunnelUnsupported: (501, "RFC 9110 §9.3.6", "This server is no tunnel.")
    case .fieldMalformed: (400, "RFC 9112 §5", "A field line has no colon.")
    case .fieldNameMalformed: (400, "RFC 9110 §5.1", "A field name is not a token.")
    case .whitespaceBeforeColon:
      (400, "RFC 9112 §5.1", "There is whitespace between a field name and its colon.")
    case .lineFolding: (400, "RFC 9112 §5.2", "A field value is folded over several lines.")
    case .headerTooLarge: (431, "RFC 6585 §5", "The header section is larger than this server reads.")
    case .tooManyFields: (431, "RFC 6585 §5", "There are more fields than this server reads.")
    case .contentLengthMalformed: (400, "RFC 9110 §8.6", "Content-Length is not a decimal number.")
    case .contentLengthRepeated: (400, "RFC 9112 §6.3", "There is more than one Content-Length.")
    case .contentLengthWithTransferEncoding:
      (400, "RFC 9112 §6.3", "Content-Length and Transfer-Encoding exclude each other.")
    case .contentTooLarge: (413, "RFC 9110 §15.5.14", "The content is larger than this server takes.")
    case .transferEncodingInHTTP1_0: (400, "RFC 9112 §6.1", "HTTP/1.0 has no Transfer-Encoding.")
    case .transferEncodingRepeated: (400, "RFC 9112 §6.1", "There is more than one Transfer-Encoding.")
    case .chunkedNotFinal: (400, "RFC 9112 §6.3", "The final transfer coding is not chunked.")
    case .transferCodingUnsupported: (501, "RFC 9112 §6.1", "chunked is the only transfer coding known here.")
    case .chunkSizeMalformed: (400, "RFC 9112 §7.1", "A chunk size is not a hexadecimal number.")
    case .chunkExtensionMalformed: (400, "RFC 9112 §7.1.1", "A chunk extension is malformed.")
    case .chunkDataMalformed: (400, "RFC 9112 §7.1", "A chunk is not as long as its size says.")
    case .chunkExtensionsTooLong:
      (413, "RFC 9112 §7.1.1", "The chunk extensions are longer than this server reads.")
    case .trailerMalformed: (400, "RFC 9112 §7.1.2", "A trailer field is malformed.")
    case .trailersTooLong: (431, "RFC 9112 §7.1.2", "The trailer section is longer than this server reads.")
    case .expectationUnknown: (417, "RFC 9110 §10.1.1", "The only expectation known here is 100-continue.")
    case .incompleteMessage: (400, "RFC 9112 §8", "The connection was closed within a request.")
    case .headerTimeout: (408, "RFC 9110 §15.5.9", "The header section took too long to arrive.")
    case .bodyTimeout: (408, "RFC 9110 §15.5.9", "The content arrived too slowly.")
    case .tooManyRequests: (429, "RFC 6585 §4", "More requests come from this address than are answered.")
    case .tooMuchBuffered:
      (503, "RFC 9110 §15.6.4", "Other clients' requests and answers take the memory that this one needs.")
    }
  }

  /// The limit that was passed, as it stands in `limits`, such as `4194304 bytes`; nil when it is not a question of one.
  public func limit(in limits: Limits) -> String? {
    switch self {
    case .requestLineTooLong: "\(limits.requestLine) bytes"
    case .headerTooLarge: "\(limits.headerSection) bytes"
    case .tooManyFields: "\(limits.fields) fields"
    case .contentTooLarge: "\(limits.body) bytes"
    case .chunkExtensionsTooLong, .trailersTooLong: "\(limits.chunkOverhead) bytes"
    case .headerTimeout: "\(limits.headerSeconds) seconds"
    case .bodyTimeout:
      "\(limits.bodyBytesPerSecond) bytes a second after \(limits.bodyGraceSeconds) seconds, and \(limits.idleSeconds) seconds of silence"
    default: nil
    }
  }
}
