import Dispatch
import Glibc
import HTTPCore
import HTTPServer
import Logging
import Synchronization
import Testing

typealias PollerKind = ServerConfiguration.PollerKind

/// Runs `body` against a server on a free port; the server answers with the method, the path and the body.
private func withServer(
  _ poller: PollerKind, host: String = "127.0.0.1", limits: Limits = Limits(), rateLimit: RateLimit? = nil,
  additional: [String]? = [], metrics: ServerMetrics = ServerMetrics(routes: []),
  _ body: (Server) throws -> Void
) throws {
  var configuration = ServerConfiguration()
  configuration.host = host
  configuration.poller = poller
  configuration.limits = limits
  configuration.loops = 2
  configuration.rateLimit = rateLimit
  configuration.additionalAuthorities = additional
  configuration.metrics = metrics
  let server = try Server(
    configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    renderError: { error, _, authorities in
      let hosts = error == .misdirected ? " \(authorities.list ?? [])" : ""
      return Response(error.status, contentType: "text/plain", body: Array((error.clause + hosts).utf8))
    },
    handler: { request, _ in
      if request.path == "/large" { return .now(Response(200, body: large)) }
      let text = "[\(request.methodName) \(request.path) \(String(decoding: request.body, as: UTF8.self))]"
      return .now(Response(200, contentType: "text/plain", body: Array(text.utf8)))
    })
  defer { server.shutdown() }
  try body(server)
}

private let hasIPv6 = unsafe access("/proc/net/if_inet6", R_OK) == 0

private let large = [UInt8](repeating: UInt8(ascii: "x"), count: 3_000_000)

private func post(_ port: UInt16, _ framing: String, _ body: String = "") -> String {
  "POST /p HTTP/1.1\r\nHost: localhost:\(port)\r\n\(framing)\r\n\r\n\(body)"
}

@Suite(.serialized) struct ServerTests {
  @Test(arguments: PollerKind.allCases) func connectionsStayOpen(poller: PollerKind) throws {
    try withServer(poller) { server in
      let client = try #require(LoopbackClient(port: server.port))
      for path in ["/1", "/2"] {
        client.send(get(path, server.port))
        let answer = client.receive(until: "[GET \(path) ]")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nDate: ") && answer.hasSuffix("[GET \(path) ]"))
      }
      client.send(get("/3", server.port, "Connection: close\r\n"))
      let last = try #require(client.receiveAll())
      #expect(last.contains("Connection: close\r\n") && last.hasSuffix("[GET /3 ]"))
    }
  }

  @Test(arguments: PollerKind.allCases) func pipelinedRequestsAreAnsweredInOrder(poller: PollerKind) throws {
    try withServer(poller) { server in
      let client = try #require(LoopbackClient(port: server.port))
      let requests = (0..<2000).map { get("/\($0)", server.port) }.joined()
      client.send(requests + get("/end", server.port, "Connection: close\r\n"))
      let answers = try #require(client.receiveAll())
      let found = answers.matches(of: /\[GET \/(\d+) \]/).compactMap { Int($0.output.1) }
      #expect(found == Array(0..<2000))
      #expect(answers.hasSuffix("[GET /end ]"))
    }
  }

  @Test(arguments: PollerKind.allCases) func bodiesArriveInPieces(poller: PollerKind) throws {
    try withServer(poller) { server in
      let client = try #require(LoopbackClient(port: server.port))
      client.send(post(server.port, "Transfer-Encoding: chunked", "5\r\nhel"))
      usleep(50_000)
      client.send("lo\r\n1\r\n!\r\n0\r")
      usleep(50_000)
      client.send("\n\r\n" + post(server.port, "Content-Length: 3", "ab"))
      #expect(client.receive(until: "]").hasSuffix("[POST /p hello!]"))
      client.send("c")
      #expect(client.receive(until: "]").hasSuffix("[POST /p abc]"))
      client.send(post(server.port, "Expect: 100-continue\r\nContent-Length: 2"))
      #expect(client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
      client.send("ok")
      #expect(client.receive(until: "]").hasSuffix("[POST /p ok]"))
    }
  }

  @Test(arguments: PollerKind.allCases) func refusalsReachTheClient(poller: PollerKind) throws {
    try withServer(poller) { server in
      let cases = [
        (get("/", server.port, "X : y\r\n"), "400 Bad Request", "RFC 9112 §5.1"),
        (
          "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421 Misdirected Request",
          "RFC 9110 §7.4 \(["127.0.0.1", "[::1]", "localhost"].map { "\($0):\(server.port)" })"
        ),
        (post(server.port, "Content-Length: 99999999"), "413 Content Too Large", "RFC 9110 §15.5.14"),
        ("GET /" + String(repeating: "x", count: 9000), "414 URI Too Long", "RFC 9112 §3"),
      ]
      for (request, status, clause) in cases {
        let client = try #require(LoopbackClient(port: server.port))
        // Unread input at the server's close would reset the connection and lose the answer.
        client.send(request + String(repeating: "x", count: 300_000))
        let answer = try #require(client.receiveAll())
        #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n") && answer.hasSuffix(clause))
      }
    }
  }

  @Test(arguments: PollerKind.allCases) func halfClosedClientsGetTheirAnswer(poller: PollerKind) throws {
    try withServer(poller) { server in
      let client = try #require(LoopbackClient(port: server.port))
      client.send(get("/", server.port))
      client.finish()
      #expect(client.receiveAll()?.hasSuffix("[GET / ]") == true)
      let silent = try #require(LoopbackClient(port: server.port))
      silent.finish()
      #expect(silent.receiveAll() == "")
    }
  }

  @Test(arguments: PollerKind.allCases) func largeAnswersWaitForTheirReader(poller: PollerKind) throws {
    try withServer(poller) { server in
      let client = try #require(LoopbackClient(port: server.port, receiveBuffer: 4096))
      client.send(get("/large", server.port) + get("/large", server.port, "Connection: close\r\n"))
      usleep(100_000)
      let other = try #require(LoopbackClient(port: server.port))
      other.send(get("/other", server.port))
      #expect(other.receive(until: "]").hasSuffix("[GET /other ]"))
      let answers = try #require(client.receiveAll())
      #expect(answers.utf8.count { $0 == UInt8(ascii: "x") } == 2 * large.count)
    }
  }

  @Test(arguments: PollerKind.allCases) func resetsWhileAnswersWaitAreNoticed(poller: PollerKind) throws {
    var limits = Limits()
    limits.writeStallSeconds = 60
    let metrics = ServerMetrics(routes: [])
    try withServer(poller, limits: limits, metrics: metrics) { server in
      let other = try #require(LoopbackClient(port: server.port))
      for number in 0..<1000 {
        let client = try #require(LoopbackClient(port: server.port, receiveBuffer: 4096))
        client.send(get("/large", server.port) + get("/behind", server.port))
        if number % 4 == 0 { _ = client.receive(1000) }
        if number % 2 == 0 { client.finish() }
        client.resetOnClose()
      }
      #expect(waits(for: "1", of: "rolecall_http_open_connections", in: metrics))
      other.send(get("/", server.port))
      #expect(other.receive(until: "]").hasSuffix("[GET / ]"))
    }
  }

  @Test(arguments: PollerKind.allCases) func slowClientsAreTimedOut(poller: PollerKind) throws {
    var limits = Limits()
    limits.headerSeconds = 1
    limits.idleSeconds = 1
    limits.bodyGraceSeconds = 1
    try withServer(poller, limits: limits) { server in
      let head = try #require(LoopbackClient(port: server.port))
      let body = try #require(LoopbackClient(port: server.port))
      let idle = try #require(LoopbackClient(port: server.port))
      head.send("GET / HT")
      body.send(post(server.port, "Content-Length: 9", "x"))
      #expect(head.receiveAll()?.hasPrefix("HTTP/1.1 408 ") == true)
      #expect(body.receiveAll()?.hasPrefix("HTTP/1.1 408 ") == true)
      #expect(idle.receiveAll() == "")
    }
  }

  @Test(arguments: PollerKind.allCases) func readersOfATrickleAreClosed(poller: PollerKind) throws {
    var limits = Limits()
    limits.writeStallSeconds = 1
    limits.outputBytesPerSecond = 1 << 24
    try withServer(poller, limits: limits) { server in
      let fast = try #require(LoopbackClient(port: server.port))
      fast.send(get("/large", server.port, "Connection: close\r\n"))
      #expect(try #require(fast.receiveAll()).utf8.count > large.count)
      let slow = try #require(LoopbackClient(port: server.port, receiveBuffer: 4096))
      slow.send((0..<4).map { _ in get("/large", server.port) }.joined())
      var received = 0
      // Never silent for as long as a stall may last, and never near the rate.
      for _ in 0..<40 {
        usleep(100_000)
        received += slow.receive(4096)?.utf8.count ?? 0
      }
      while let more = slow.receive(), !more.isEmpty { received += more.utf8.count }
      #expect(received > 0 && received < 4 * large.count)
    }
  }

  @Test(arguments: PollerKind.allCases) func bodiesAndAnswersOfAllShareABound(poller: PollerKind) throws {
    var limits = Limits()
    limits.buffered = 1_000_000
    try withServer(poller, limits: limits) { server in
      let part = String(repeating: "x", count: 600_000)
      var first = LoopbackClient(port: server.port)
      first?.send(post(server.port, "Content-Length: 700000", part))
      usleep(200_000)
      let second = try #require(LoopbackClient(port: server.port))
      second.send(post(server.port, "Transfer-Encoding: chunked", "aae60\r\n\(part)"))
      #expect(second.receiveAll()?.hasPrefix("HTTP/1.1 503 ") == true)
      let small = try #require(LoopbackClient(port: server.port))
      small.send(post(server.port, "Content-Length: 3", "abc"))
      #expect(small.receive(until: "]").hasSuffix("[POST /p abc]"))
      first = nil
      usleep(200_000)
      let third = try #require(LoopbackClient(port: server.port))
      third.send(post(server.port, "Content-Length: 700000", part))
      usleep(200_000)
      third.send(String(repeating: "x", count: 100_000))
      #expect(third.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))

      let reader = try #require(LoopbackClient(port: server.port, receiveBuffer: 4096))
      reader.send((0..<4).map { _ in get("/large", server.port) }.joined())
      usleep(200_000)
      #expect((reader.receiveAll() ?? "").utf8.count < 4 * large.count)
    }
  }

  @Test(arguments: PollerKind.allCases) func eachAddressHasItsShareOfRequests(poller: PollerKind) throws {
    let limit = RateLimit(perSecond: 1, burst: 3, sparesLoopback: false)
    try withServer(poller, rateLimit: limit) { server in
      let first = try #require(LoopbackClient(port: server.port))
      first.send(get("/1", server.port))
      let allowed = first.receive(until: "]")
      #expect(allowed.hasPrefix("HTTP/1.1 200 "))
      #expect(allowed.contains("\r\nRateLimit-Policy: \"requests\";q=3;w=3\r\n"))
      #expect(allowed.contains("\r\nRateLimit: \"requests\";r=2;t=1\r\n"))
      let second = try #require(LoopbackClient(port: server.port))
      let requests = (0..<30).map { get("/\($0)", server.port) }.joined()
      second.send(requests + get("/end", server.port, "Connection: close\r\n"))
      let answers = try #require(second.receiveAll())
      let statuses = answers.matches(of: /HTTP\/1.1 (\d+)/).map { String($0.1) }
      #expect(statuses.count == 31 && statuses.prefix(2) == ["200", "200"] && statuses.contains("429"))
      #expect(answers.contains("\r\nRetry-After: 1\r\n") && answers.contains("RFC 6585 §4"))
      usleep(1_100_000)
      first.send(get("/5", server.port))
      #expect(first.receive(until: "]").hasSuffix("[GET /5 ]"))
    }
    try withServer(poller, rateLimit: RateLimit(perSecond: 1, burst: 1, sparesLoopback: true)) { server in
      let client = try #require(LoopbackClient(port: server.port))
      for path in ["/1", "/2", "/3"] {
        client.send(get(path, server.port))
        let answer = client.receive(until: "]")
        #expect(answer.hasSuffix("[GET \(path) ]") && !answer.contains("RateLimit"))
      }
    }
  }

  @Test func everyInterfaceAnswersForAddressesAndNamedHosts() throws {
    for (additional, host, status) in [
      ([], "192.0.2.1:99", 200), ([], "localhost", 200), ([], "lab.example", 421),
      (["lab.example"], "lab.example:1", 200), (nil, "evil.example", 200),
    ] as [([String]?, String, Int)] {
      try withServer(.platformDefault, host: "0.0.0.0", additional: additional) { server in
        let client = try #require(LoopbackClient(port: server.port))
        client.send("GET / HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
        #expect(client.receiveAll()?.hasPrefix("HTTP/1.1 \(status) ") == true, "\(host)")
      }
    }
  }

  @Test(arguments: PollerKind.allCases) func acceptingPausesAtTheLimit(poller: PollerKind) throws {
    var limits = Limits()
    limits.connections = 2
    try withServer(poller, limits: limits) { server in
      var first = LoopbackClient(port: server.port)
      let second = try #require(LoopbackClient(port: server.port))
      for client in [first, second] {
        client?.send(get("/", server.port))
        #expect(client?.receive(until: "]").hasSuffix("]") == true)
      }
      let third = try #require(LoopbackClient(port: server.port))
      third.send(get("/third", server.port))
      second.send(get("/second", server.port))
      #expect(second.receive(until: "]").hasSuffix("[GET /second ]"))
      first = nil
      #expect(third.receive(until: "]").hasSuffix("[GET /third ]"))
    }
  }

  @Test(arguments: PollerKind.allCases) func resetsAreNoticedBehindUnreadInput(poller: PollerKind) throws {
    var limits = Limits()
    limits.connections = 20
    limits.headerSeconds = 60
    try withServer(poller, limits: limits) { server in
      for _ in 0..<20 {
        let client = try #require(LoopbackClient(port: server.port))
        client.send("GET / HT")
        client.resetOnClose()
      }
      let next = try #require(LoopbackClient(port: server.port))
      next.send(get("/next", server.port))
      #expect(next.receive(until: "]").hasSuffix("[GET /next ]"))
    }
  }

  @Test(arguments: PollerKind.allCases) func shutdownFinishesWhatIsInFlight(poller: PollerKind) throws {
    try withServer(poller) { server in
      let busy = try #require(LoopbackClient(port: server.port))
      let idle = try #require(LoopbackClient(port: server.port))
      busy.send(post(server.port, "Content-Length: 5", "hel"))
      idle.send(get("/", server.port))
      #expect(idle.receive(until: "]").hasSuffix("]"))
      usleep(50_000)
      let ended = DispatchSemaphore(value: 0)
      DispatchQueue.global().async {
        server.shutdown()
        ended.signal()
      }
      #expect(idle.receiveAll() == "")
      usleep(100_000)
      #expect(LoopbackClient(port: server.port) == nil)
      #expect(ended.wait(timeout: .now()) == .timedOut)
      busy.send("lo")
      let answer = try #require(busy.receiveAll())
      #expect(answer.contains("Connection: close\r\n") && answer.hasSuffix("[POST /p hello]"))
      #expect(ended.wait(timeout: .now() + 10) == .success)
    }
  }

  @Test(.enabled(if: hasIPv6)) func ipv6IsServed() throws {
    try withServer(.platformDefault, host: "::") { server in
      let client = try #require(LoopbackClient(port: server.port))
      client.send("GET /six HTTP/1.1\r\nHost: [::]:\(server.port)\r\n\r\n")
      #expect(client.receive(until: "]").hasSuffix("[GET /six ]"))
    }
  }

  @Test func badSettingsStopTheStart() {
    func start(_ change: (inout ServerConfiguration) -> Void) throws {
      var configuration = ServerConfiguration()
      change(&configuration)
      let server = try Server(
        configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        renderError: { error, _, _ in Response(error.status) }, handler: { _, _ in .now(Response(200)) })
      server.shutdown()
    }
    #expect(throws: ServerError.hostInvalid("example")) { try start { $0.host = "example" } }
    #expect(throws: ServerError.settingInvalid("loops")) { try start { $0.loops = 0 } }
    #expect(throws: ServerError.settingInvalid("body")) { try start { $0.limits.body = 0 } }
    #expect(throws: ServerError.settingInvalid("output rate")) {
      try start { $0.limits.outputBytesPerSecond = 0 }
    }
    #expect(throws: ServerError.settingInvalid("rate burst")) {
      try start { $0.rateLimit = RateLimit(perSecond: 1, burst: 0, sparesLoopback: false) }
    }
    #expect(throws: ServerError.system(call: "bind", errno: EADDRNOTAVAIL)) {
      try start { $0.host = "192.0.2.1" }
    }
    #expect(throws: Never.self) { try start { $0.host = "localhost" } }
  }

  @Test func portsInUseAreReported() throws {
    try withServer(.platformDefault) { server in
      var configuration = ServerConfiguration()
      configuration.port = server.port
      #expect(throws: ServerError.system(call: "bind", errno: EADDRINUSE)) {
        _ = try Server(
          configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
          renderError: { error, _, _ in Response(error.status) }, handler: { _, _ in .now(Response(200)) })
      }
    }
  }
}
