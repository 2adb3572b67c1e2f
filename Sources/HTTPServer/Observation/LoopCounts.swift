import HTTPCore
import Synchronization

/// Why the server ended a connection that did not ask for it.
enum ConnectionEnd: String, Sendable, CaseIterable {
  /// Nothing came on an idle connection.
  case silence
  /// The client took nothing of an answer, or too little.
  case unread
  /// Its answer did not fit in what all connections may buffer.
  case buffer
  /// The client of a stream fell too far behind.
  case behind
}

/// What a connection is doing.
enum ClientState: Int, Sendable, CaseIterable {
  case idle, reading, waiting, writing, streaming, closing

  /// The word in the metrics.
  var name: String { "\(self)" }
}

/// What one event loop has counted. Each loop has its own, so that no two write to the same memory; the lock is only
/// contended while metrics are read.
final class LoopMetrics: Sendable {
  let counts: Mutex<LoopCounts>

  init(_ layout: CountLayout) {
    counts = Mutex(LoopCounts(layout))
  }
}

/// Where each number of ``LoopCounts`` lies: a row of statuses for each route, then a row of buckets for each class.
struct CountLayout: Sendable {
  /// The statuses counted by themselves; every other one is counted as the last, 599.
  static let statuses: [UInt16] = [
    200, 201, 204, 304, 400, 403, 404, 405, 406, 408, 409, 412, 413, 414, 415, 417, 421, 422, 429, 431, 500,
    501,
    503, 505,
    507, 599,
  ]
  /// The bounds of the histogram's buckets, in nanoseconds.
  static let bounds = [
    50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
    100_000_000,
    250_000_000, 500_000_000, 1_000_000_000,
  ]
  /// The buckets, the one beyond the last bound, and the sum.
  static let classWidth = bounds.count + 2

  let routes: Int
  let classes: Int
  /// For each route, where its row of statuses begins, and that of its class.
  let rows: [(statuses: Int, buckets: Int)]
  /// For each status from 100 on, its place in a row.
  let columns: [UInt8]

  /// A layout for routes of these classes.
  init(classOf: [Int]) {
    routes = classOf.count
    classes = (classOf.max() ?? 0) + 1
    let latencies = routes * Self.statuses.count
    rows = classOf.enumerated().map { route, group in
      (route * Self.statuses.count, latencies + group * Self.classWidth)
    }
    columns = (100...599).map { UInt8(Self.statuses.firstIndex(of: $0) ?? Self.statuses.count - 1) }
  }

  /// How many numbers there are.
  var size: Int { routes * Self.statuses.count + classes * Self.classWidth }
}

/// The numbers of one loop.
struct LoopCounts: Sendable {
  private let layout: CountLayout
  private var values: [Int]
  private(set) var refused: [HTTPError: Int] = [:]
  private(set) var ended: [ConnectionEnd: Int] = [:]
  /// Connections by ``ClientState``.
  private(set) var connections = [Int](repeating: 0, count: ClientState.allCases.count)

  init(_ layout: CountLayout) {
    self.layout = layout
    values = [Int](repeating: 0, count: layout.size)
  }

  /// Counts an answer made by the handler of a route, which took so long.
  mutating func count(route: Int, status: Status, nanoseconds: Int) {
    let row = layout.rows[route < layout.rows.count ? route : 0]
    values[row.statuses + Int(layout.columns[Int(status.rawValue) - 100])] += 1
    var bucket = 0
    while bucket < CountLayout.bounds.count, nanoseconds > CountLayout.bounds[bucket] { bucket += 1 }
    values[row.buckets + bucket] += 1
    values[row.buckets + CountLayout.classWidth - 1] &+= nanoseconds
  }

  /// Counts a refusal; one that answers a request which the handler never saw is an answer of no route.
  mutating func count(_ error: HTTPError, isAnswered: Bool) {
    refused[error, default: 0] += 1
    if isAnswered { values[Int(layout.columns[Int(error.status.rawValue) - 100])] += 1 }
  }

  mutating func count(_ end: ConnectionEnd) { ended[end, default: 0] += 1 }

  /// Moves a connection from one state to another; nil is not being there.
  mutating func move(from old: ClientState?, to new: ClientState?) {
    if let old { connections[old.rawValue] -= 1 }
    if let new { connections[new.rawValue] += 1 }
  }

  /// Answers of a route, by ``CountLayout/statuses``.
  func answers(of route: Int) -> ArraySlice<Int> {
    values[(route * CountLayout.statuses.count)..<((route + 1) * CountLayout.statuses.count)]
  }

  /// The values in each bucket of a class, and the sum of all in nanoseconds.
  func latencies(of group: Int) -> (buckets: ArraySlice<Int>, sum: Int) {
    let start = layout.routes * CountLayout.statuses.count + group * CountLayout.classWidth
    let end = start + CountLayout.classWidth - 1
    return (values[start..<end], values[end])
  }

  /// Adds what another loop counted by the same layout.
  mutating func add(_ other: LoopCounts) {
    for index in values.indices { values[index] &+= other.values[index] }
    for index in connections.indices { connections[index] += other.connections[index] }
    refused.merge(other.refused, uniquingKeysWith: +)
    ended.merge(other.ended, uniquingKeysWith: +)
  }
}
