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
  public var reason: String { Self.reasons.first { $0.code == rawValue }?.phrase ?? "" }

  private static let reasons: [(code: UInt16, phrase: String)] = [
    (100, "Continue"), (200, "OK"), (201, "Created"), (202, "Accepted"), (204, "No Content"),
    (206, "Partial Content"),
    (301, "Moved Permanently"), (302, "Found"), (303, "See Other"), (304, "Not Modified"),
    (307, "Temporary Redirect"), (308, "Permanent Redirect"),
    (400, "Bad Request"), (401, "Unauthorized"), (403, "Forbidden"), (404, "Not Found"),
    (405, "Method Not Allowed"), (406, "Not Acceptable"), (408, "Request Timeout"), (409, "Conflict"),
    (410, "Gone"), (411, "Length Required"), (412, "Precondition Failed"), (413, "Content Too Large"),
    (414, "URI Too Long"), (415, "Unsupported Media Type"), (416, "Range Not Satisfiable"),
    (417, "Expectation Failed"), (421, "Misdirected Request"), (422, "Unprocessable Content"),
    (426, "Upgrade Required"), (428, "Precondition Required"), (429, "Too Many Requests"),
    (431, "Request Header Fields Too Large"),
    (500, "Internal Server Error"), (501, "Not Implemented"), (503, "Service Unavailable"),
    (505, "HTTP Version Not Supported"), (507, "Insufficient Storage"),
  ]

  /// The status line (RFC 9112 §4).
  var line: [UInt8] {
    let line = Self.lines[Int(rawValue) - 100]
    return line.isEmpty ? Array("HTTP/1.1 \(rawValue) \r\n".utf8) : line
  }

  /// By the code from 100 on; empty for those that are unknown here.
  private static let lines: [[UInt8]] = {
    var lines = [[UInt8]](repeating: [], count: 500)
    for (code, phrase) in reasons { lines[Int(code) - 100] = Array("HTTP/1.1 \(code) \(phrase)\r\n".utf8) }
    return lines
  }()

  /// Whether an answer with this status never has content (RFC 9110 §6.4.1).
  var forbidsContent: Bool { rawValue < 200 || rawValue == 204 || rawValue == 304 }
}
