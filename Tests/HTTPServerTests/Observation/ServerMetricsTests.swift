import Glibc
import HTTPCore
import Logging
import Metrics
import Testing

@testable import HTTPServer

@Suite(.serialized) struct ServerMetricsTests {
  /// Runs `body` against a server whose `/a` is route 1, and gives what it counted.
  private func counted(
    _ change: (inout ServerConfiguration) -> Void = { _ in }, _ body: (Server, ServerMetrics) throws -> Void
  ) throws {
    var configuration = ServerConfiguration()
    configuration.loops = 2
    configuration.metrics = ServerMetrics(routes: [RouteLabel(method: "GET", template: "/a", group: "read")])
    change(&configuration)
    let server = try Server(
      configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      renderError: { error, _, _ in Response(error.status) },
      handler: { request, _ in
        var response = Response(request.path == "/a" ? 200 : 404)
        response.route = request.path == "/a" ? 1 : 0
        return .now(response)
      })
    defer { server.shutdown() }
    try body(server, configuration.metrics)
  }

  @Test func answersAndRefusalsAreCounted() throws {
    try counted { server, metrics in
      let host = "Host: 127.0.0.1:\(server.port)\r\n\r\n"
      let client = try #require(LoopbackClient(port: server.port))
      client.send(
        "GET /a HTTP/1.1\r\n\(host)GET /a HTTP/1.1\r\n\(host)GET /b HTTP/1.1\r\n\(host)GET / HTTP/1.1\r\n\r\n"
      )
      _ = client.receiveAll()
      let samples = samples(metrics)
      #expect(samples[#"rolecall_http_requests_total{method="GET",route="/a",status="200"}"#] == "2")
      #expect(samples[#"rolecall_http_requests_total{method="",route="",status="404"}"#] == "1")
      #expect(samples[#"rolecall_http_requests_total{method="",route="",status="400"}"#] == "1")
      #expect(samples[#"rolecall_http_refused_total{reason="host-missing"}"#] == "1")
      #expect(samples[#"rolecall_http_request_duration_seconds_count{class="read"}"#] == "2")
      #expect(samples[#"rolecall_http_request_duration_seconds_bucket{class="none",le="+Inf"}"#] == "1")
    }
  }

  @Test(arguments: PollerKind.allCases) func connectionsAreCountedByState(poller: PollerKind) throws {
    try counted({ $0.poller = poller }) { server, metrics in
      let state = { (name: String) in "rolecall_http_connections{state=\"\(name)\"}" }
      let idle = try #require(LoopbackClient(port: server.port))
      #expect(waits(for: "1", of: state("idle"), in: metrics))
      let half = try #require(LoopbackClient(port: server.port))
      half.send("GET /a HT")
      #expect(waits(for: "1", of: state("reading"), in: metrics))
      half.send("TP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nConnection: close\r\n\r\n")
      #expect(waits(for: "0", of: state("reading"), in: metrics))
      idle.finish()
      #expect(waits(for: "0", of: state("idle"), in: metrics))
      #expect(waits(for: "0", of: "rolecall_http_open_connections", in: metrics))
      #expect(samples(metrics)["rolecall_http_connections_accepted_total"] == "2")
      #expect(ClientState.allCases.allSatisfy { samples(metrics)[state($0.name)] == "0" })
    }
  }

  @Test func endsByLimitsAreCounted() throws {
    try counted({ $0.limits.idleSeconds = 1 }) { server, metrics in
      let client = try #require(LoopbackClient(port: server.port))
      #expect(client.receiveAll()?.isEmpty == true)
      #expect(samples(metrics)[#"rolecall_http_connections_ended_total{reason="silence"}"#] == "1")
    }
  }

  @Test func pausesAreCounted() throws {
    try counted({ $0.limits.connections = 1 }) { server, metrics in
      let first = try #require(LoopbackClient(port: server.port))
      let second = try #require(LoopbackClient(port: server.port))
      #expect(waits(for: "1", of: "rolecall_http_accepting_paused", in: metrics))
      first.finish()
      #expect(waits(for: "2", of: "rolecall_http_connections_accepted_total", in: metrics))
      #expect(waits(for: "0", of: "rolecall_http_accepting_paused", in: metrics))
      second.finish()
      #expect(samples(metrics)["rolecall_http_accepting_pauses_total"].flatMap { Int($0) } ?? 0 > 0)
    }
  }

  @Test func monitorsAreFreeOfTheRateLimitAndOthersAreCounted() throws {
    try counted({
      $0.rateLimit = RateLimit(perSecond: 1, burst: 1, sparesLoopback: false)
      $0.unlimitedPaths = ["/a"]
    }) { server, metrics in
      let host = "Host: 127.0.0.1:\(server.port)\r\n"
      let client = try #require(LoopbackClient(port: server.port))
      client.send(String(repeating: "GET /a HTTP/1.1\r\n\(host)\r\n", count: 50))
      client.send(String(repeating: "GET /b HTTP/1.1\r\n\(host)\r\n", count: 20))
      client.send("GET /a HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
      _ = client.receiveAll()
      let samples = samples(metrics)
      #expect(samples[#"rolecall_http_requests_total{method="GET",route="/a",status="200"}"#] == "51")
      let refused =
        samples[#"rolecall_http_refused_total{reason="too-many-requests"}"#].flatMap { Int($0) } ?? 0
      #expect(refused > 0 && refused < 20)
      #expect(
        samples[#"rolecall_http_requests_total{method="",route="",status="429"}"#] == "\(refused)")
    }
  }

  @Test func theProcessIsMeasured() throws {
    let samples = samples(ServerMetrics(routes: []))
    let value = { (name: String) in samples[name].flatMap { Double($0) } ?? -1 }
    #expect(abs(value("process_start_time_seconds") - Double(Socket.unixSeconds)) < 60)
    #expect(value("process_cpu_seconds_total") > 0)
    #expect(value("process_resident_memory_bytes") > 1_000_000)
    #expect(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"))
    #expect(value("process_open_fds") >= 3 && value("process_open_fds") <= value("process_max_fds"))
  }
}
