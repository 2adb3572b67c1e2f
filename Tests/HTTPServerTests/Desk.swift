import Glibc
import HTTPCore
import HTTPServer
import Logging
import Metrics
import Synchronization
import Testing

/// Where a test keeps the requests that it answers later, by path.
final class Desk: Sendable {
  private let waiting = Mutex<[String: Later]>([:])
  private let ended = Mutex<[String: Int]>([:])

  /// Answers `/later…` later, `/stream…` by a stream whose head is followed by `first`, and anything else at once.
  func handle(_ request: Request, _ later: Later, heartbeat: Int? = nil) -> Answer {
    let path = request.path
    guard path.hasPrefix("/later") || path.hasPrefix("/stream") else {
      return .now(Response(200, contentType: "text/plain", body: Array("[\(path)]".utf8)))
    }
    waiting.withLock { $0[path] = later }
    if path.hasPrefix("/later") { return .later }
    later.send([Array("<first>".utf8)])
    let head = Response(200, contentType: "text/event-stream", body: Array("<begin>".utf8))
    return .stream(EventStream(head, heartbeatInterval: heartbeat) { [self] in note(endOf: path) })
  }

  private func note(endOf path: String) { ended.withLock { $0[path, default: 0] += 1 } }

  /// The request for a path, once it has come; nil after 10 s.
  func request(for path: String) -> Later? {
    for _ in 0..<1000 {
      if let later = waiting.withLock({ $0[path] }) { return later }
      usleep(10_000)
    }
    return nil
  }

  /// Waits until `count` streams have ended; false after 20 s, or if one has ended twice.
  func waits(forEnds count: Int) -> Bool {
    for _ in 0..<2000 {
      let counts = ended.withLock { Array($0.values) }
      if counts.count >= count { return counts.count == count && counts.allSatisfy { $0 == 1 } }
      usleep(10_000)
    }
    return false
  }
}

/// Runs `body` against a server with a desk.
func withDesk(
  _ poller: PollerKind, loops: Int = 1, heartbeat: Int? = nil,
  _ change: (inout ServerConfiguration) -> Void = { _ in },
  _ body: (Server, Desk, ServerMetrics) throws -> Void
) throws {
  var configuration = ServerConfiguration()
  configuration.poller = poller
  configuration.loops = loops
  change(&configuration)
  let desk = Desk()
  let server = try Server(
    configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    renderError: { error, _, _ in Response(error.status) },
    handler: { desk.handle($0, $1, heartbeat: heartbeat) })
  defer { server.shutdown() }
  try body(server, desk, configuration.metrics)
}

func get(_ path: String, _ port: UInt16, _ lines: String = "", version: String = "1.1") -> String {
  "GET \(path) HTTP/\(version)\r\nHost: 127.0.0.1:\(port)\r\n\(lines)\r\n"
}

/// The samples by name and labels.
func samples(_ metrics: ServerMetrics) -> [String: String] {
  var text = MetricsText(.prometheus)
  metrics.write(to: &text)
  let lines = String(decoding: text.finish(), as: UTF8.self).split(separator: "\n").filter {
    !$0.hasPrefix("#")
  }
  return Dictionary(
    lines.map { line in
      let space = line.lastIndex(of: " ") ?? line.endIndex
      return (String(line[..<space]), String(line[space...].dropFirst()))
    }, uniquingKeysWith: { _, _ in "twice" })
}

/// Asks again until a sample has a value, for what the server does after its answer.
func waits(for value: String, of name: String, in metrics: ServerMetrics) -> Bool {
  for _ in 0..<1000 {
    if samples(metrics)[name] == value { return true }
    usleep(20_000)
  }
  return false
}
