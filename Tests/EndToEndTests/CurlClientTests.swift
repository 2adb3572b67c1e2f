import CCurl
import Testing

@Suite("The libcurl client, against a peer whose bytes are known")
struct CurlClientTests {
  private let noContent = "HTTP/1.1 204 No Content\r\n\r\n"

  @Test("status, fields and body of the answer")
  func answer() throws {
    let peer = try ScriptedPeer(answers: [
      "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nX-A: 1\r\nx-a:  2 \r\nContent-Length: 5\r\n\r\nhello"
    ])
    defer { peer.stop() }
    let response = try CurlClient().request("GET", peer.url + "/a?b=c")
    #expect(response.status == 404)
    #expect(response.text == "hello")
    #expect(response.header("content-type") == "text/plain")
    #expect(response.headers.map(\.name) == ["Content-Type", "X-A", "x-a", "Content-Length"])
    #expect(response.headers.map(\.value) == ["text/plain", "1", "2", "5"])
  }

  @Test("method, fields and body of the request")
  func request() throws {
    let peer = try ScriptedPeer(answers: [noContent, noContent, noContent])
    defer { peer.stop() }
    let client = try CurlClient()
    _ = try client.request(
      "PATCH", peer.url + "/a?b=c", headers: ["If-Match: \"3\"", "Accept:", "Content-Type: text/plain"],
      body: Array("hello".utf8))
    _ = try client.request("POST", peer.url + "/", body: [])
    _ = try client.request("DELETE", peer.url + "/")
    let host = peer.url.dropFirst("http://".count)
    try #require(peer.requests.count == 3)
    #expect(
      peer.requests[0] == """
        PATCH /a?b=c HTTP/1.1\r\nHost: \(host)\r\nIf-Match: "3"\r\nContent-Type: text/plain\r
        Content-Length: 5\r\n\r\nhello
        """)
    #expect(peer.requests[1].hasPrefix("POST / HTTP/1.1\r\n"))
    #expect(peer.requests[1].contains("\r\nContent-Length: 0\r\n"))
    #expect(peer.requests[2].hasPrefix("DELETE / HTTP/1.1\r\n"))
    #expect(!peer.requests[2].contains("Content-Length"))
  }

  @Test("HEAD waits for no body")
  func head() throws {
    let peer = try ScriptedPeer(answers: ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"])
    defer { peer.stop() }
    let response = try CurlClient().request("HEAD", peer.url)
    #expect(peer.requests.first?.hasPrefix("HEAD / ") == true)
    #expect(response.status == 200)
    #expect(response.header("Content-Length") == "5")
    #expect(response.body.isEmpty)
  }

  @Test("a kept connection is used again, a closed one is not")
  func keepAlive() throws {
    let closing = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
    let peer = try ScriptedPeer(answers: [noContent, closing, noContent])
    defer { peer.stop() }
    let client = try CurlClient()
    let connections = try (0..<3).map { _ in try client.request("GET", peer.url).newConnections }
    #expect(connections == [1, 0, 1])
  }

  @Test("fields of an interim response are left out")
  func interim() throws {
    let peer = try ScriptedPeer(answers: ["HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + noContent])
    defer { peer.stop() }
    let response = try CurlClient().request("GET", peer.url)
    #expect(response.status == 204)
    #expect(response.headers.isEmpty)
  }

  @Test("silence and a closed port are failures that say which")
  func failures() throws {
    let peer = try ScriptedPeer(answers: [])
    defer { peer.stop() }
    let timeout = #expect(throws: CurlClient.Failure.self) {
      try CurlClient().request("GET", peer.url, timeout: 100)
    }
    #expect(timeout?.code == CURLE_OPERATION_TIMEDOUT)

    let refused = #expect(throws: CurlClient.Failure.self) {
      try CurlClient().request("GET", "http://127.0.0.1:1/")
    }
    #expect(refused?.code == CURLE_COULDNT_CONNECT)
    #expect("\(try #require(refused))".contains("libcurl 7: "))
  }
}
