import Testing

@Suite("HTTP over a real socket")
struct ConnectionTests {
  @Test("HEAD is GET without the body, and an entity tag answers 304 until the session changes")
  func conditions() throws {
    let service = try Service()
    let session = try service.session()
    for path in [session, session + "/vcpus/0"] {
      let get = try service.send("GET", path)
      let head = try service.send("HEAD", path)
      #expect(head.status == 200 && head.body.isEmpty)
      for name in ["Content-Length", "Content-Type", "ETag", "Vary"] {
        #expect(head.header(name) == get.header(name), "\(name)")
      }
    }
    let tag = try #require(try service.send("GET", session).header("ETag"))
    for method in ["GET", "HEAD"] {
      let same = try service.send(method, session, headers: ["If-None-Match: \"0\", \(tag)"])
      #expect(same.status == 304 && same.body.isEmpty && same.header("ETag") == tag)
    }
    let change = try service.send("POST", session + "/zap-all", "{}", headers: ["If-Match: \(tag)"])
    #expect(change.status == 200 && change.header("ETag") != tag)
    let other = try service.send("GET", session, headers: ["If-None-Match: \(tag)"])
    #expect(other.status == 200 && other.header("ETag") == change.header("ETag"))
    #expect(try service.send("POST", session + "/zap-all", "{}", headers: ["If-Match: \(tag)"]).status == 412)
    try service.server.stop()
  }

  @Test("requests and problems share one connection, and Connection: close ends it")
  func keepAlive() throws {
    let service = try Service()
    var connections: [Int] = []
    for path in ["/livez", "/nowhere", "/v1/presets", "/livez"] {
      connections.append(try service.send("GET", path).newConnections)
    }
    #expect(connections == [1, 0, 0, 0])
    #expect(try service.send("GET", "/livez", headers: ["Connection: close"]).newConnections == 0)
    #expect(try service.send("GET", "/livez").newConnections == 1)
    try service.server.stop()
  }

  @Test("a chunked body, by libcurl and in pieces that split a chunk's size")
  func chunked() throws {
    let service = try Service()
    let session = try service.session()
    let body = #"{"register":"cr4","set":["PGE"]}"#
    let response = try service.send(
      "POST", session + "/vcpus/0/set-cr?fields=revision,outcome", body,
      headers: ["Transfer-Encoding: chunked"])
    #expect(response.text == #"{"revision":2,"outcome":{"status":"ok"}}"#)

    let connection = try RawConnection(service.server.url)
    let head = """
      POST \(session)/vcpus/0/set-cr?fields=outcome HTTP/1.1\r\nHost: \(service.host)\r\nContent-Type: application/json\r
      Transfer-Encoding: chunked\r\n\r\n
      """
    for piece in [
      head, "2", "3;a=b\r\n{\"register\":\"cr3\",\"value\":\"0x2000\"", "}\r", "\n0\r\nX-Trailer: y\r\n",
      "\r\n",
    ] {
      connection.send(piece)
    }
    let answer = connection.receive(until: "}}")
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.hasSuffix(#"{"outcome":{"status":"ok"}}"#))
    try service.server.stop()
  }

  @Test("Expect: 100-continue is answered before the body comes, and refused at once where there is no use")
  func expectation() throws {
    let service = try Service()
    let head = { (type: String, length: Int) in
      """
      POST /v1/sessions?fields=revision HTTP/1.1\r\nHost: \(service.host)\r\nContent-Type: \(type)\r
      Content-Length: \(length)\r\nExpect: 100-continue\r\n\r\n
      """
    }
    let connection = try RawConnection(service.server.url)
    connection.send(head("application/json", 2))
    #expect(connection.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
    connection.send("{}")
    let created = connection.receive(until: "}")
    #expect(created.hasPrefix("HTTP/1.1 201 Created\r\n"))
    #expect(created.hasSuffix(#"{"revision":1}"#))

    let large = try RawConnection(service.server.url)
    large.send(head("application/json", 5_000_000))
    #expect(large.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 413 "))
    try service.server.stop()
  }

  @Test("pipelined requests are answered in their order")
  func pipelining() throws {
    let service = try Service()
    let session = try service.session()
    let connection = try RawConnection(service.server.url)
    let count = 100
    connection.send(
      (0..<count).map { number in
        let body = #"{"register":"cr3","value":\#(number * 4096)}"#
        return """
          POST \(session)/vcpus/0/set-cr?fields=revision HTTP/1.1\r\nHost: \(service.host)\r
          Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)
          """
      }.joined() + "GET /livez HTTP/1.1\r\nHost: \(service.host)\r\nConnection: close\r\n\r\n")
    let answers = connection.receive(until: "no such text")
    let revisions = answers.matches(of: /\{"revision":(\d+)\}/).compactMap { Int($0.1) }
    #expect(revisions == Array(2..<(count + 2)))
    #expect(answers.hasSuffix(#"{"status":"live"}"#))
    try service.server.stop()
  }

  @Test("what is no HTTP/1.1 request gets a problem, and the connection is closed")
  func noRequest() throws {
    let service = try Service()
    for (request, status) in [
      ("HELLO\r\n\r\n", 400), ("GET /livez HTTP/1.1\r\n\r\n", 400),
      ("GET /livez HTTP/2.0\r\nHost: a\r\n\r\n", 505),
      ("GET /livez HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417),
      ("GET /" + String(repeating: "a", count: 9_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
      ("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 40_000) + "\r\n\r\n", 431),
      (
        "POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        400
      ),
    ] {
      let connection = try RawConnection(service.server.url)
      connection.send(request)
      let answer = connection.receive(until: "no such text")
      #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(request.prefix(40)) gave \(answer)")
      #expect(
        answer.contains("Content-Type: application/problem+json\r\n"), "\(request.prefix(40)) gave \(answer)")
      #expect(answer.contains("Connection: close\r\n"), "\(request.prefix(40)) gave \(answer)")
    }
    try service.server.stop()
  }
}
