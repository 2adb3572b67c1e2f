import HTTPCore
import Testing

/// What a connection makes of a request for a stream of two pieces, and whether it closes then.
private func stream(
  _ request: String, status: Status = 200, closingAtEnd: Bool = false
) -> (text: String, closes: Bool, next: String?) {
  var connection = HTTPConnection(limits: Limits())
  var output: [UInt8] = []
  let input = Array((request + get(target: "/next")).utf8)
  connection.receive(input, count: input.count)
  guard case .request = connection.next() else { return ("", false, nil) }
  #expect(connection.phase == .answer)
  let head = Response(status, fields: [("X", "y")], body: Array("begin".utf8))
  if connection.beginStream(head, Exchange.standing, into: &output) {
    #expect(connection.phase == .answer)
    for piece in ["", "0123456789abcdef"] { connection.append(piece: Array(piece.utf8), into: &output) }
    connection.endStream(closing: closingAtEnd, into: &output)
  }
  var next: String?
  if case .request(let request) = connection.next() { next = request.path }
  return (String(decoding: output, as: UTF8.self), connection.isClosing, next)
}

private let date = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"

@Test func piecesAreChunks() {
  let head = "HTTP/1.1 200 OK\r\n\(date)Transfer-Encoding: chunked\r\nX: y\r\n"
  let content = "5\r\nbegin\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"
  #expect(stream(get()) == ("\(head)\r\n\(content)", false, "/next"))
  #expect(stream(get(), closingAtEnd: true) == ("\(head)\r\n\(content)", true, nil))
  #expect(
    stream(get("Connection: close\r\n")) == ("\(head)Connection: close\r\n\r\n\(content)", true, nil))
}

@Test func oldClientsReadUntilTheEnd() {
  for fields in ["", "Connection: keep-alive\r\n"] {
    let (text, closes, next) = stream(get(fields, version: "HTTP/1.0"))
    #expect(text == "HTTP/1.1 200 OK\r\n\(date)X: y\r\nConnection: close\r\n\r\nbegin0123456789abcdef")
    #expect(closes && next == nil)
  }
}

@Test func headsWithoutContentAreAllThatIsSent() {
  let head = stream("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
  #expect(head.text == "HTTP/1.1 200 OK\r\n\(date)Transfer-Encoding: chunked\r\nX: y\r\n\r\n")
  #expect(head.next == "/next")
  let none = stream(get(), status: 204)
  #expect(none.text == "HTTP/1.1 204 No Content\r\n\(date)X: y\r\n\r\n" && none.next == "/next")
}
