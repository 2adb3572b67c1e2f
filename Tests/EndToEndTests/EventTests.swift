import Foundation
import Synchronization
import Testing

/// A client of a stream of events.
private struct EventReader {
  let connection: RawConnection
  /// All that came so far.
  private(set) var text = ""

  init(_ url: String, _ path: String, _ fields: [String] = []) throws {
    connection = try RawConnection(url)
    let host = url.dropFirst("http://".count)
    connection.send(
      (["GET \(path) HTTP/1.1", "Host: \(host)"] + fields).map { $0 + "\r\n" }.joined() + "\r\n")
  }

  /// Reads until the stream has begun.
  mutating func readHead() { text += connection.receive(until: "\r\n\r\n") }

  /// Reads until so many further blocks have ended, or the stream has.
  mutating func read(_ count: Int) { text += connection.receive(until: "\n\n", count: count) }

  /// Reads until the stream ends; whether it does so in order.
  mutating func readToEnd() -> Bool {
    text += connection.receive(until: "0\r\n\r\n")
    return text.hasSuffix("\r\n0\r\n\r\n")
  }

  private func values(_ name: String) -> [Substring] {
    text.split(separator: "\n").filter { $0.hasPrefix(name + ": ") }.map { $0.dropFirst(name.count + 2) }
  }

  var ids: [Int] { values("id").compactMap { Int($0) } }
  var data: [JSONDocument] { get throws { try values("data").map { try JSONDocument($0.utf8) } } }
}

@Suite("Server-sent events")
struct EventTests {
  private func post(_ client: CurlClient, _ url: String, _ body: String = "{}") throws -> CurlClient.Response
  {
    try client.request(
      "POST", url, headers: ["Content-Type: application/json", "Prefer: return=minimal"],
      body: Array(body.utf8))
  }

  private func session(_ client: CurlClient, _ server: LiveServer, _ body: String = "{}") throws -> String {
    try #require(try post(client, server.url + "/v1/sessions", body).header("Location"))
  }

  @Test("the present revision comes first, then each new one, as in the history; a deletion ends the stream")
  func events() throws {
    let folder = try TemporaryFolder()
    for data in [nil, folder.path] {
      let server = try LiveServer(data: data)
      let client = try CurlClient()
      let session = try session(client, server)
      #expect(try post(client, server.url + session + "/zap-all").status == 200)
      var reader = try EventReader(server.url, session + "/events")
      reader.read(1)
      #expect(reader.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(reader.text.contains("\r\nContent-Type: text/event-stream\r\n"))
      #expect(reader.ids == [2])
      for path in ["/zap-all", "/vcpus/0/enter-guest", "/undo"] {
        #expect(try post(client, server.url + session + path).status == 200)
      }
      let batch = #"{"operations": [{"op": "zap-all"}, {"op": "zap-all"}]}"#
      #expect(try post(client, server.url + session + "/batch", batch).status == 200)
      reader.read(5)
      #expect(reader.ids == Array(2...7))
      let history = try JSONDocument(client.request("GET", server.url + session + "/history").body)
      let entries = try #require(history["entries"]?.array)
      for (event, entry) in zip(try reader.data, entries.dropFirst()) {
        for key in ["revision", "time", "action", "operation", "outcome", "steps", "restores"] {
          #expect(event[key] == entry[key], "\(key)")
        }
      }
      #expect(try client.request("DELETE", server.url + session).status == 204)
      #expect(reader.readToEnd() && reader.ids == Array(2...7))
      try server.stop()
    }
  }

  @Test("whoever comes again with Last-Event-ID, at any moment, misses nothing and gets nothing twice")
  func resuming() throws {
    let folder = try TemporaryFolder()
    let server = try LiveServer(data: folder.path)
    let client = try CurlClient()
    let (url, path) = (server.url, try session(client, server))
    let last = 300
    let received = Mutex([[Int]](repeating: [], count: 4))
    let group = DispatchGroup()
    for number in 0..<4 {
      group.enter()
      Thread.detachNewThread {
        defer { group.leave() }
        var ids = [1]
        var generator = SplitMix(seed: UInt64(number))
        while let latest = ids.last, latest < last, ids.count < 2 * last {
          guard var reader = try? EventReader(url, path + "/events", ["Last-Event-ID: \(latest)"]) else {
            break
          }
          reader.read(Int(min(generator.next() % 20 + 1, UInt64(last - latest))))
          if reader.ids.isEmpty { break }
          ids += reader.ids
        }
        received.withLock { [ids] in $0[number] = ids }
      }
    }
    for _ in 1..<last { #expect(try post(client, url + path + "/zap-all").status == 200) }
    group.wait()
    for ids in received.withLock({ $0 }) { #expect(ids == Array(1...last)) }
    try server.stop()
  }

  @Test(
    "a client that knows of more than there is, or of nothing that can be, and one that only asks for the head"
  )
  func requests() throws {
    let service = try Service()
    let path = try service.session() + "/events"
    for id in ["1", "7"] {
      var reader = try EventReader(service.server.url, path, ["Last-Event-ID: \(id)"])
      reader.readHead()
      #expect(try service.send("POST", path.dropLast(7) + "/zap-all").status == 200)
      reader.read(1)
      #expect(reader.ids.last == (id == "1" ? 2 : 3))
    }
    for id in ["-1", "one", "1.0", "0x1"] {
      let answer = try service.send("GET", path, headers: ["Last-Event-ID: \(id)"])
      #expect(answer.status == 400 && answer.text.contains("Last-Event-ID"), "\(id)")
    }
    let head = try service.send("HEAD", path)
    #expect(head.status == 200 && head.header("Content-Type") == "text/event-stream" && head.body.isEmpty)
    #expect(try service.send("GET", "/v1/sessions/AAAAAAAAAAAAAAAAAAAAAA/events").status == 404)
    #expect(try service.send("GET", path, headers: ["Accept: application/json"]).status == 406)
    try service.server.stop()
  }

  @Test("the operator sees the revisions of all sessions, and nobody else does")
  func everySession() throws {
    let token = try TokenFile()
    let server = try LiveServer(["--operator-token-file", token.path])
    let client = try CurlClient()
    let one = try session(client, server, #"{"name": "one"}"#)
    let refused = try client.request("GET", server.url + "/v1/events")
    #expect(refused.status == 401 && refused.header("WWW-Authenticate")?.hasPrefix("Bearer ") == true)
    var reader = try EventReader(server.url, "/v1/events", [token.field])
    reader.read(1)
    #expect(try post(client, server.url + one + "/zap-all").status == 200)
    let two = try session(client, server, #"{"name": "two"}"#)
    reader.read(2)
    let data = try reader.data
    #expect(data.map { $0["name"]?.string } == ["one", "two"])
    #expect(
      data.map { $0["session"]?.string } == [one, two].map { String($0.dropFirst("/v1/sessions/".count)) })
    #expect(data.map { $0["entry"]?["revision"]?.number } == [2, 1])
    #expect(reader.ids.isEmpty)
    try server.stop()
    let without = try LiveServer()
    #expect(try client.request("GET", without.url + "/v1/events", headers: [token.field]).status == 404)
    try without.stop()
  }
}
