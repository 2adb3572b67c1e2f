import Dispatch
import HTTPCore
public import Logging
import Synchronization

/// A line for each answer, written away from the event loops. Lines wait in a queue of bounded length; what does not
/// fit is dropped and counted.
public final class AccessLog: Sendable {
  /// Lines that may wait.
  public static let capacity = 8192

  private struct Waiting {
    var entries: [AccessEntry] = []
    var isScheduled = false
  }

  private let logger: Logger
  private let capacity: Int
  private let redact: @Sendable (String) -> String
  private let waiting = Mutex(Waiting())
  private let queue = DispatchQueue(label: "http.access-log", qos: .utility)

  /// A log that writes to `logger`, one message `request` with metadata for each answer.
  ///
  /// - Parameters:
  ///   - capacity: lines that may wait, at least 1.
  ///   - redact: takes what must not be logged out of a path.
  public init(
    _ logger: Logger, capacity: Int = AccessLog.capacity, redact: @escaping @Sendable (String) -> String
  ) {
    self.logger = logger
    self.capacity = capacity
    self.redact = redact
  }

  /// Has a line written soon; false if it is dropped.
  func add(_ entry: AccessEntry, _ routes: [RouteLabel]) -> Bool {
    let (isKept, mustSchedule) = waiting.withLock { waiting in
      guard waiting.entries.count < capacity else { return (false, false) }
      waiting.entries.append(entry)
      defer { waiting.isScheduled = true }
      return (true, !waiting.isScheduled)
    }
    if mustSchedule { queue.async { self.drain(routes) } }
    return isKept
  }

  /// Returns when all lines that were added before are written.
  func flush() { queue.sync {} }

  private func drain(_ routes: [RouteLabel]) {
    while true {
      let entries = waiting.withLock { waiting in
        defer { waiting.entries = [] }
        if waiting.entries.isEmpty { waiting.isScheduled = false }
        return waiting.entries
      }
      if entries.isEmpty { return }
      for entry in entries { logger.info("request", metadata: entry.metadata(routes, redact)) }
    }
  }
}

/// What the access log says of one answer.
struct AccessEntry: Sendable {
  /// What is kept of a request.
  final class Line: Sendable {
    /// Bytes of a path that are kept; it is cut off between two segments.
    private static let pathLimit = 512

    let method: String
    let path: String
    let trace: TraceContext?

    init(_ request: Request) {
      method = request.methodName
      trace = TraceContext(request)
      let raw = request.rawPath
      guard raw.count > Self.pathLimit else {
        path = String(decoding: raw, as: UTF8.self)
        return
      }
      let slash = raw.prefix(Self.pathLimit).lastIndex(of: UInt8(ascii: "/")) ?? raw.startIndex
      path = String(decoding: raw[...slash], as: UTF8.self) + "…"
    }
  }

  /// Bytes of a method that are kept.
  private static let methodLimit = 32

  /// Nanoseconds since 1970 UTC.
  let time: Int
  let peer: ClientAddress
  /// Nil where the request could not be read.
  let request: Line?
  let route: Int
  let status: Status
  /// Bytes of the answer, its header section included.
  let bytes: Int
  let nanoseconds: Int
  let refusal: HTTPError?

  /// The fields; those without a value are left out.
  func metadata(_ routes: [RouteLabel], _ redact: (String) -> String) -> Logger.Metadata {
    var metadata: Logger.Metadata = [
      "time": "\(Self.text(ofTime: time))", "peer": "\(peer)",
      "status": .stringConvertible(Int(status.rawValue)), "bytes": .stringConvertible(bytes),
      "microseconds": .stringConvertible(nanoseconds / 1000),
    ]
    if let request {
      metadata["method"] = "\(request.method.prefix(Self.methodLimit))"
      metadata["path"] = "\(redact(request.path))"
      if let trace = request.trace {
        metadata["trace_id"] = "\(trace.traceID)"
        metadata["parent_id"] = "\(trace.parentID)"
      }
    }
    if routes.indices.contains(route), route > 0 { metadata["route"] = "\(routes[route].template)" }
    if let refusal { metadata["refused"] = "\(refusal.name)" }
    return metadata
  }

  /// As RFC 3339, section 5.6, has it, to the microsecond: `2026-11-22T19:31:43.001002Z`.
  private static func text(ofTime nanoseconds: Int) -> String {
    let fraction = String(nanoseconds / 1000 % 1_000_000)
    return Socket.utcText(unixSeconds: nanoseconds / 1_000_000_000)
      + "." + String(repeating: "0", count: 6 - fraction.count) + fraction + "Z"
  }
}
