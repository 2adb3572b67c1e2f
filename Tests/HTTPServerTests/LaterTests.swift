import Dispatch
import HTTPCore
import HTTPServer
import Synchronization
import Testing

private func answer(_ text: String) -> Response {
  Response(200, contentType: "text/plain", body: Array("[\(text)]".utf8))
}

@Suite(.serialized) struct LaterTests {
  @Test(arguments: PollerKind.allCases) func requestsBehindALateAnswerWait(poller: PollerKind) throws {
    try withDesk(poller) { server, desk, metrics in
      let client = try #require(LoopbackClient(port: server.port))
      client.send(get("/1", server.port) + get("/later", server.port) + get("/2", server.port))
      #expect(client.receive(until: "]").hasSuffix("[/1]"))
      let later = try #require(desk.request(for: "/later"))
      // Another request of the same loop shows that it does not wait, and that it has not gone on with this client.
      client.send(get("/later/2", server.port) + get("/3", server.port))
      let other = try #require(LoopbackClient(port: server.port))
      other.send(get("/other", server.port))
      #expect(other.receive(until: "]").hasSuffix("[/other]"))
      #expect(waits(for: "1", of: #"rolecall_http_connections{state="waiting"}"#, in: metrics))
      later.answer(answer("late"))
      later.answer(answer("twice"))
      #expect(client.receive(until: "[/2]").contains("[late]HTTP/1.1 200 OK"))
      try #require(desk.request(for: "/later/2")).answer(answer("late too"))
      let rest = client.receive(until: "[/3]")
      #expect(rest.contains("[late too]") && !rest.contains("twice"))
    }
  }

  @Test(arguments: PollerKind.allCases) func manyAreAnsweredFromSeveralThreads(poller: PollerKind) throws {
    try withDesk(poller, loops: 2) { server, desk, _ in
      let clients = try (0..<200).map { number in
        let client = try #require(LoopbackClient(port: server.port))
        client.send(get("/later/\(number)", server.port))
        return client
      }
      let laters = try (0..<200).map { try #require(desk.request(for: "/later/\($0)")) }
      DispatchQueue.concurrentPerform(iterations: 4) { thread in
        for number in stride(from: thread, to: 200, by: 4) { laters[number].answer(answer("\(number)")) }
      }
      for (number, client) in clients.enumerated() {
        #expect(client.receive(until: "]").hasSuffix("[\(number)]"))
        client.send(get("/on", server.port))
        #expect(client.receive(until: "]").hasSuffix("[/on]"))
      }
    }
  }

  @Test(arguments: PollerKind.allCases) func answersToVanishedClientsAreDropped(poller: PollerKind) throws {
    try withDesk(poller) { server, desk, metrics in
      var client = LoopbackClient(port: server.port)
      client?.send(get("/later", server.port) + get("/later/behind", server.port))
      let later = try #require(desk.request(for: "/later"))
      client?.resetOnClose()
      client = nil
      #expect(waits(for: "0", of: "rolecall_http_open_connections", in: metrics))
      // Its place may be taken by another client, which must not get the answer.
      let next = try #require(LoopbackClient(port: server.port))
      next.send(get("/next", server.port))
      #expect(next.receive(until: "]").hasSuffix("[/next]"))
      later.answer(answer("late"))
      next.send(get("/last", server.port, "Connection: close\r\n"))
      #expect(next.receiveAll()?.contains("late") == false)
      #expect(waits(for: "0", of: "rolecall_http_open_connections", in: metrics))
    }
  }

  @Test(arguments: PollerKind.allCases) func halfClosedClientsGetTheirAnswer(poller: PollerKind) throws {
    try withDesk(poller) { server, desk, _ in
      let client = try #require(LoopbackClient(port: server.port))
      client.send(get("/later", server.port))
      client.finish()
      try #require(desk.request(for: "/later")).answer(answer("late"))
      #expect(client.receiveAll()?.hasSuffix("[late]") == true)
    }
  }

  @Test(arguments: PollerKind.allCases) func silenceWhileAnAnswerIsAwaitedIsNoFault(poller: PollerKind) throws
  {
    try withDesk(poller, { $0.limits.idleSeconds = 1 }) { server, desk, metrics in
      let waiting = try #require(LoopbackClient(port: server.port))
      waiting.send(get("/later", server.port))
      let later = try #require(desk.request(for: "/later"))
      // A connection that came afterwards is ended for its silence.
      let silent = try #require(LoopbackClient(port: server.port))
      #expect(silent.receiveAll() == "")
      later.answer(answer("late"))
      #expect(waiting.receive(until: "]").hasSuffix("[late]"))
      #expect(waiting.receiveAll() == "")
      #expect(samples(metrics)[#"rolecall_http_connections_ended_total{reason="silence"}"#] == "2")
    }
  }

  @Test(arguments: PollerKind.allCases) func shutdownWaitsForLateAnswers(poller: PollerKind) throws {
    try withDesk(poller) { server, desk, _ in
      let client = try #require(LoopbackClient(port: server.port))
      client.send(get("/later", server.port))
      let later = try #require(desk.request(for: "/later"))
      let idle = try #require(LoopbackClient(port: server.port))
      idle.send(get("/idle", server.port))
      #expect(idle.receive(until: "]").hasSuffix("]"))
      let ended = DispatchSemaphore(value: 0)
      DispatchQueue.global().async {
        server.shutdown()
        ended.signal()
      }
      #expect(idle.receiveAll() == "")
      #expect(ended.wait(timeout: .now()) == .timedOut)
      later.answer(answer("late"))
      let text = try #require(client.receiveAll())
      #expect(text.contains("Connection: close\r\n") && text.hasSuffix("[late]"))
      #expect(ended.wait(timeout: .now() + 10) == .success)
    }
  }

  @Test func answersAreCountedWhenTheyAreMade() throws {
    let limit = RateLimit(perSecond: 1, burst: 5, sparesLoopback: false)
    try withDesk(.platformDefault, { $0.rateLimit = limit }) { server, desk, metrics in
      let client = try #require(LoopbackClient(port: server.port))
      client.send(get("/later", server.port))
      let later = try #require(desk.request(for: "/later"))
      let sample = #"rolecall_http_requests_total{method="",route="",status="200"}"#
      #expect(samples(metrics)[sample] == nil)
      later.answer(answer("late"))
      #expect(client.receive(until: "]").contains("RateLimit: "))
      #expect(samples(metrics)[sample] == "1")
    }
  }
}
