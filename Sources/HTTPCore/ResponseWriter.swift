/// Puts a response into bytes (RFC 9112 §4 to §6).
struct ResponseWriter {
  /// Whether it answers HEAD: the same fields, no content (RFC 9110 §9.3.2).
  let isHead: Bool
  /// Whether the connection closes after it (RFC 9112 §9.6).
  let isLast: Bool
  /// Whether persistence must be said: HTTP/1.0 does not assume it (RFC 9112 §9.3).
  let namesKeepAlive: Bool
  /// What every answer carries beside its own fields.
  let commonFields: ResponseFields

  func write(_ response: Response, date: DateField, into output: inout [UInt8]) {
    let hasContent = !response.status.forbidsContent
    output.reserveCapacity(
      output.count + response.fields.lines.count + commonFields.lines.count + response.body.count + 192)
    output.append("HTTP/1.1 ")
    output.append(decimal: Int(response.status.rawValue))
    output.append(" ")
    output.append(response.status.reason)
    output.append("\r\nDate: ")
    output.append(contentsOf: date.value)
    output.append("\r\n")
    output.append(contentsOf: response.fields.lines)
    output.append(contentsOf: commonFields.lines)
    if hasContent {
      output.append("Content-Length: ")
      output.append(decimal: response.body.count)
      output.append("\r\n")
    }
    if isLast {
      output.append("Connection: close\r\n")
    } else if namesKeepAlive {
      output.append("Connection: keep-alive\r\n")
    }
    output.append("\r\n")
    if hasContent && !isHead { output.append(contentsOf: response.body) }
  }
}
