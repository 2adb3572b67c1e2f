import Dispatch
import Glibc
import HTTPCore
import HTTPServer
import Testing

private func piece(_ text: String) -> [UInt8] { Array("<\(text)>".utf8) }

/// As a chunk.
private func chunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }

@Suite(.serialized) struct StreamTests {
  @Test(arguments: PollerKind.allCases) func piecesAreSentAsWholeChunks(poller: PollerKind) throws {
    try withDesk(poller) { server, desk, metrics in
      let client = try #require(LoopbackClient(port: server.port))
      client.send(get("/1", server.port) + get("/stream", server.port))
      let head = client.receive(until: "<first>\r\n")
      #expect(head.contains("[/1]HTTP/1.1 200 OK\r\n"))
      #expect(
        head.contains("Content-Type: text/event-stream\r\n")
          && head.contains("Transfer-Encoding: chunked\r\n"))
      #expect(head.hasSuffix("\r\n\r\n\(chunk("<begin>"))\(chunk("<first>"))"))
      let stream = try #require(desk.request(for: "/stream"))
      stream.send([piece("a"), [], piece("b")])
      #expect(client.receive(until: "<b>\r\n") == chunk("<a>") + chunk("<b>"))
      client.send(get("/2", server.port))
      stream.answer(Response(500))
      stream.send([piece("c")])
      stream.end()
      stream.send([piece("d")])
      #expect(client.receive(until: "0\r\n\r\n") == chunk("<c>") + "0\r\n\r\n")
      let next = client.receive(until: "[/2]")
      #expect(next.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(desk.waits(forEnds: 1))
      #expect(waits(for: "1", of: #"rolecall_http_connections{state="idle"}"#, in: metrics))
    }
  }

  @Test(arguments: PollerKind.allCases) func otherClientsGetWhatTheyUnderstand(poller: PollerKind) throws {
    try withDesk(poller) { server, desk, _ in
      let old = try #require(LoopbackClient(port: server.port))
      old.send(get("/stream/old", server.port, "Connection: keep-alive\r\n", version: "1.0"))
      let stream = try #require(desk.request(for: "/stream/old"))
      stream.send([piece("a")])
      stream.end()
      let text = try #require(old.receiveAll())
      #expect(!text.contains("Transfer-Encoding") && text.contains("Connection: close\r\n"))
      #expect(text.hasSuffix("\r\n\r\n<begin><first><a>"))
      let client = try #require(LoopbackClient(port: server.port))
      client.send(
        "HEAD /stream/head HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n\r\n" + get("/2", server.port))
      let answers = client.receive(until: "[/2]")
      #expect(answers.contains("Transfer-Encoding: chunked\r\n") && !answers.contains("<"))
      #expect(desk.waits(forEnds: 2))
    }
  }

  @Test(arguments: PollerKind.allCases) func whoFallsTooFarBehindIsLetGo(poller: PollerKind) throws {
    try withDesk(poller) { server, desk, metrics in
      let slow = try #require(LoopbackClient(port: server.port, receiveBuffer: 4096))
      slow.send(get("/stream/slow", server.port))
      let quick = try #require(LoopbackClient(port: server.port))
      quick.send(get("/stream/quick", server.port))
      let streams = try ["/stream/slow", "/stream/quick"].map { try #require(desk.request(for: $0)) }
      #expect(quick.receive(until: "<first>\r\n").hasSuffix("\r\n"))
      let large = String(repeating: "x", count: 60_000)
      for number in 0..<400 {
        let text = "\(number)\(large)"
        for stream in streams { stream.send([piece(text)]) }
        let expected = chunk("<\(text)>")
        #expect(quick.receive(exactly: expected.utf8.count) == expected)
      }
      #expect(desk.waits(forEnds: 1))
      #expect(waits(for: "1", of: #"rolecall_http_connections_ended_total{reason="behind"}"#, in: metrics))
      streams[1].end()
      #expect(quick.receive(until: "0\r\n\r\n") == "0\r\n\r\n")
      #expect(desk.waits(forEnds: 2))
    }
  }

  @Test(arguments: PollerKind.allCases) func silentStreamsHaveAHeartbeat(poller: PollerKind) throws {
    try withDesk(poller, heartbeat: 100) { server, desk, _ in
      let client = try #require(LoopbackClient(port: server.port))
      client.send(get("/stream", server.port))
      _ = client.receive(until: "<first>\r\n")
      #expect(client.receive(until: ": \n\n\r\n") == "4\r\n: \n\n\r\n")
      #expect(client.receive(until: ": \n\n\r\n") == "4\r\n: \n\n\r\n")
      try #require(desk.request(for: "/stream")).send([piece("a")])
      #expect(client.receive(until: "<a>\r\n").hasSuffix(chunk("<a>")))
    }
  }

  @Test(arguments: PollerKind.allCases) func vanishedClientsLeaveNothing(poller: PollerKind) throws {
    try withDesk(poller, loops: 2, heartbeat: 250) { server, desk, metrics in
      let descriptors = { samples(metrics)["process_open_fds"].flatMap { Int($0) } ?? .max }
      let before = descriptors()
      var clients: [LoopbackClient] = []
      for number in 0..<1000 {
        let client = try #require(LoopbackClient(port: server.port))
        client.send(get("/stream/\(number)", server.port))
        clients.append(client)
      }
      for (number, client) in clients.enumerated() {
        _ = client.receive(until: "<first>\r\n")
        if number.isMultiple(of: 2) { client.resetOnClose() }
        // Some leave input behind that waits for the stream's end.
        if number.isMultiple(of: 3) { client.send(get("/behind", server.port)) }
      }
      clients = []
      #expect(desk.waits(forEnds: 1000))
      #expect(waits(for: "0", of: "rolecall_http_open_connections", in: metrics))
      // Other tests of this process open some, too.
      for _ in 0..<1000 where descriptors() >= before + 500 { usleep(10_000) }
      #expect(descriptors() < before + 500)
      #expect(samples(metrics)["rolecall_http_buffered_bytes"] == "0")
    }
  }

  @Test(arguments: PollerKind.allCases) func shutdownEndsStreamsAtOnce(poller: PollerKind) throws {
    try withDesk(poller) { server, desk, _ in
      let clients = try (0..<3).map { number in
        let client = try #require(LoopbackClient(port: server.port))
        client.send(get("/stream/\(number)", server.port))
        _ = client.receive(until: "<first>\r\n")
        return client
      }
      let ended = DispatchSemaphore(value: 0)
      DispatchQueue.global().async {
        server.shutdown()
        ended.signal()
      }
      for client in clients { #expect(client.receiveAll() == "0\r\n\r\n") }
      #expect(ended.wait(timeout: .now() + 10) == .success)
      #expect(desk.waits(forEnds: 3))
    }
  }
}
