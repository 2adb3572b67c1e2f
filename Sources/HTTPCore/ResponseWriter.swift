/// Puts a response into bytes (RFC 9112 §4 to §6).
struct ResponseWriter {
  /// Whether it answers HEAD: the same fields, no content (RFC 9110 §9.3.2).
  let isHead: Bool
  /// Whether the connection closes after it (RFC 9112 §9.6).
  let isLast: Bool
  /// How the content is delimited.
  var framing = Framing.length
  /// Whether persistence must be said: HTTP/1.0 does not assume it (RFC 9112 §9.3).
  let namesKeepAlive: Bool

  enum Framing {
    /// By Content-Length.
    case length
    /// By chunks (RFC 9112 §7.1), which are not written here.
    case chunked
    /// By the end of the connection (RFC 9112 §6.3).
    case close
  }

  private static let chunked = Array("Transfer-Encoding: chunked\r\n".utf8)
  private static let close = Array("Connection: close\r\n".utf8)
  private static let keepAlive = Array("Connection: keep-alive\r\n".utf8)

  func write(_ response: borrowing Response, _ standing: borrowing StandingFields, into output: inout [UInt8])
  {
    let hasContent = !response.status.forbidsContent
    let hasLength = hasContent && framing == .length
    if response.status == 200, hasLength {
      output.append(contentsOf: standing.linesAfterOK)
    } else {
      output.append(contentsOf: response.status.line)
      output.append(contentsOf: standing.lines)
      if hasLength { output.append(contentsOf: StandingFields.contentLength) }
    }
    if hasLength {
      output.append(decimal: response.body.count)
      output.appendNewline()
    }
    if hasContent, framing == .chunked { output.append(contentsOf: Self.chunked) }
    response.fields.write(to: &output)
    if isLast {
      output.append(contentsOf: Self.close)
    } else if namesKeepAlive {
      output.append(contentsOf: Self.keepAlive)
    }
    output.appendNewline()
    if hasLength && !isHead { output.append(contentsOf: response.body) }
  }
}
