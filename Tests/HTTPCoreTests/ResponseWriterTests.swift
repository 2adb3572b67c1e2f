import HTTPCore
import Testing

private func answer(_ response: Response, to request: String) -> String {
  var connection = HTTPConnection(limits: Limits())
  var output: [UInt8] = []
  connection.receive(Array(request.utf8), count: request.utf8.count)
  _ = connection.next()
  connection.answer(response, date: DateField(unixSeconds: 0), into: &output)
  return String(decoding: output, as: UTF8.self)
}

private let date = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"

@Test func responsesAreFramedByLength() {
  let response = Response(200, contentType: "text/plain", body: Array("hello".utf8))
  let head = "HTTP/1.1 200 OK\r\n\(date)Content-Type: text/plain\r\nContent-Length: 5\r\n"
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
    var connection = HTTPConnection(limits: Limits(), commonFields: [("X-Common", "y")])
    var output: [UInt8] = []
    connection.receive(Array(request.utf8), count: request.utf8.count)
    _ = connection.next()
    connection.answer(Response(200, fields: [("X-Own", "z")]), date: Exchange.date, into: &output)
    let text = String(decoding: output, as: UTF8.self)
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n\(date)X-Own: z\r\nX-Common: y\r\nContent-Length: 0\r\n"))
  }
}
