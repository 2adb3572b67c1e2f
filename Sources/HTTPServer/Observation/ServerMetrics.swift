import HTTPCore
public import Metrics
import Synchronization

/// What a row of the handler's route table is called in metrics and in the access log.
public struct RouteLabel: Sendable {
  /// The method.
  public let method: String
  /// The path template; never a path, so that there are only so many.
  public let template: String
  /// The class under which its latencies are counted.
  public let group: String

  /// A label as given.
  public init(method: String, template: String, group: String) {
    self.method = method
    self.template = template
    self.group = group
  }

  /// What no route answered: refused requests and unknown paths.
  static let none = RouteLabel(method: "", template: "", group: "none")
}

/// What a ``Server`` counts. It is made first, so that the server's own handler can show it.
public final class ServerMetrics: Sendable {
  private static let reasons = HTTPError.allCases.map { ($0, $0.name) }

  private let groups: [String]
  private let layout: CountLayout
  private let loops = Mutex<[LoopMetrics]>([])
  private let sizes = Mutex<(@Sendable () -> (connections: Int, buffered: Int))?>(nil)
  private let process = ProcessMetrics()
  /// Row 0 is ``RouteLabel/none``.
  let routes: [RouteLabel]
  let accepted = Atomic(0)
  let pauses = Atomic(0)
  let isPaused = Atomic(false)
  let droppedLines = Atomic(0)

  /// Metrics of requests by these routes; ``HTTPCore/Response/route`` counts them from 1.
  public init(routes: [RouteLabel]) {
    self.routes = [.none] + routes
    var groups: [String] = []
    for route in self.routes where !groups.contains(route.group) { groups.append(route.group) }
    self.groups = groups
    layout = CountLayout(classOf: self.routes.map { groups.firstIndex(of: $0.group) ?? 0 })
  }

  /// A loop's own counters.
  func addLoop() -> LoopMetrics {
    let loop = LoopMetrics(layout)
    loops.withLock { $0.append(loop) }
    return loop
  }

  /// Says how to learn how many connections are open, and what they buffer.
  func observe(_ sizes: @escaping @Sendable () -> (connections: Int, buffered: Int)) {
    self.sizes.withLock { $0 = sizes }
  }

  /// Adds every family of the server and of the process.
  public func write(to text: inout MetricsText) {
    var sum = LoopCounts(layout)
    for loop in loops.withLock({ $0 }) { sum.add(loop.counts.withLock { $0 }) }
    writeRequests(sum, to: &text)
    writeConnections(sum, to: &text)
    text.begin(
      .counter, "rolecall_access_log_dropped_lines",
      "Lines of the access log that were dropped because the log was not taken fast enough.")
    text.sample(droppedLines.load(ordering: .relaxed))
    process.write(to: &text)
  }

  private func writeRequests(_ sum: LoopCounts, to text: inout MetricsText) {
    text.begin(
      .counter, "rolecall_http_requests",
      "Answers by method and template of the route, both empty where none answered, and status.")
    for (number, route) in routes.enumerated() {
      for (status, count) in zip(CountLayout.statuses, sum.answers(of: number)) where count > 0 {
        let name = status == 599 ? "other" : "\(status)"
        text.sample(["method": route.method, "route": route.template, "status": name], count)
      }
    }
    text.begin(
      .histogram, "rolecall_http_request_duration_seconds", unit: "seconds",
      "From when the last bytes of a request could be read to when its answer was made, by class of route.")
    let bounds = CountLayout.bounds.map { Double($0) / 1e9 }
    for (number, group) in groups.enumerated() {
      let (buckets, total) = sum.latencies(of: number)
      text.histogram(["class": group], bounds: bounds, counts: Array(buckets), sum: Double(total) / 1e9)
    }
    text.begin(
      .counter, "rolecall_http_refused",
      "Requests that were refused before any route saw them, by reason: a broken rule of HTTP, a limit, the host, the rate."
    )
    for (error, name) in Self.reasons { text.sample(["reason": name], sum.refused[error, default: 0]) }
  }

  private func writeConnections(_ sum: LoopCounts, to text: inout MetricsText) {
    let (open, buffered) = sizes.withLock { $0 }?() ?? (0, 0)
    text.begin(.gauge, "rolecall_http_open_connections", "Connections that are open.")
    text.sample(open)
    text.begin(
      .gauge, "rolecall_http_connections",
      "Connections by what they do: wait for a request (idle), receive one, wait for its answer, send it, stream, close."
    )
    for state in ClientState.allCases {
      text.sample(["state": state.name], sum.connections[state.rawValue])
    }
    text.begin(.counter, "rolecall_http_connections_accepted", "Connections that were accepted.")
    text.sample(accepted.load(ordering: .relaxed))
    text.begin(
      .counter, "rolecall_http_connections_ended",
      "Connections that the server ended by a limit: silence, answers left unread, what all may buffer, streams read too slowly (behind)."
    )
    for end in ConnectionEnd.allCases { text.sample(["reason": end.rawValue], sum.ended[end, default: 0]) }
    text.begin(
      .gauge, "rolecall_http_accepting_paused",
      "1 while no connection is accepted, for want of room or descriptors.")
    text.sample(isPaused.load(ordering: .relaxed) ? 1 : 0)
    text.begin(.counter, "rolecall_http_accepting_pauses", "How often accepting was paused.")
    text.sample(pauses.load(ordering: .relaxed))
    text.begin(
      .gauge, "rolecall_http_buffered_bytes", unit: "bytes",
      "Unfinished bodies and unsent answers of all connections.")
    text.sample(buffered)
  }
}

extension HTTPError {
  /// The case's name in small letters with hyphens, as in metrics and logs.
  var name: String {
    var name = ""
    for letter in "\(self)".replacing("HTTP1_0", with: "Http10").replacing("NUL", with: "Nul") {
      if letter.isUppercase { name += "-" }
      name += letter.lowercased()
    }
    return name
  }
}
