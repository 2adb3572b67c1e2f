import HTTPCore
import Testing

private func answer(_ response: Response, to request: String) -> String {
  var connection = HTTPConnection(limits: Limits())
  var output: [UInt8] = []
  connection.receive(Array(request.utf8), count: request.utf8.count)
  _ = connection.next()
  connection.answer(response, Exchange.standing, into: &output)
  return String(decoding: output, as: UTF8.self)
}

private let date = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"

@Test func responsesAreFramedByLength() {
  let response = Response(200, contentType: "text/plain", body: Array("hello".utf8))
  let head = "HTTP/1.1 200 OK\r\n\(date)Content-Length: 5\r\nContent-Type: text/plain\r\n"
  #expect(answer(response, to: get()) == head + "\r\nhello")
  #expect(answer(response, to: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n") == head + "\r\n")
  #expect(answer(response, to: get(version: "HTTP/1.0")) == head + "Connection: close\r\n\r\nhello")
  let old = get("Connection: keep-alive\r\n", version: "HTTP/1.0")
  #expect(answer(response, to: old) == head + "Connection: keep-alive\r\n\r\nhello")
  #expect(answer(Response(404), to: get()) == "HTTP/1.1 404 Not Found\r\n\(date)Content-Length: 0\r\n\r\n")
}

@Test func statusesWithoutContentHaveNone() {
  for status in [204, 304] as [Status] {
    let text = answer(Response(status, body: Array("x".utf8)), to: get())
    #expect(text == "HTTP/1.1 \(status.rawValue) \(status.reason)\r\n\(date)\r\n")
  }
}

@Test func refusalsCloseTheConnection() {
  let text = answer(Response(400, body: Array("x".utf8)), to: "GET / HTTP/2.0\r\n")
  #expect(text == "HTTP/1.1 400 Bad Request\r\n\(date)Content-Length: 1\r\nConnection: close\r\n\r\nx")
}

@Test func everyAnswerCarriesTheCommonFields() {
  for request in [get(), "GET / HTTP/2.0\r\n", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"] {
    var connection = HTTPConnection(limits: Limits())
    var output: [UInt8] = []
    connection.receive(Array(request.utf8), count: request.utf8.count)
    _ = connection.next()
    let standing = StandingFields(unixSeconds: 0, common: [("X-Common", "y")])
    for (status, line) in [(200, "200 OK"), (404, "404 Not Found")] as [(Status, String)] {
      output = []
      connection.answer(Response(status, fields: [("X-Own", "z")]), standing, into: &output)
      let text = String(decoding: output, as: UTF8.self)
      #expect(text.hasPrefix("HTTP/1.1 \(line)\r\n\(date)X-Common: y\r\nContent-Length: 0\r\nX-Own: z\r\n"))
    }
  }
}
