/// A status code (RFC 9110 §15), 100 to 599.
public struct Status: RawRepresentable, Sendable, Hashable, ExpressibleByIntegerLiteral {
  /// The three-digit code.
  public let rawValue: UInt16

  /// Nil unless the code is 100 to 599.
  public init?(rawValue: UInt16) {
    guard (100...599).contains(rawValue) else { return nil }
    self.rawValue = rawValue
  }

  /// For literals in source: `let status: Status = 404`; a value outside 100 to 599 is a mistake in the program.
  public init(integerLiteral value: UInt16) {
    precondition((100...599).contains(value), "not a status code")
    rawValue = value
  }

  /// The reason phrase of RFC 9110 §15, RFC 6585 or RFC 9110's registry; empty for a code unknown here.
  public var reason: String {
    switch rawValue {
    case 100: "Continue"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 411: "Length Required"
    case 412: "Precondition Failed"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 416: "Range Not Satisfiable"
    case 417: "Expectation Failed"
    case 421: "Misdirected Request"
    case 422: "Unprocessable Content"
    case 426: "Upgrade Required"
    case 428: "Precondition Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    case 507: "Insufficient Storage"
    default: ""
    }
  }

  /// Whether an answer with this status never has content (RFC 9110 §6.4.1).
  var forbidsContent: Bool { rawValue < 200 || rawValue == 204 || rawValue == 304 }
}
