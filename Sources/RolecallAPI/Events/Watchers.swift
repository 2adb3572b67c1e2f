import HTTPCore
import Synchronization

/// Someone who is told of revisions.
struct Watcher: Sendable {
  /// Tells watchers apart.
  let id: UInt64
  /// Where the events go.
  let later: Later
  /// The revision that is to be told next; nil for whoever watches all sessions.
  var next: Int?
}

extension Watcher {
  fileprivate mutating func tell(_ events: [[UInt8]], from first: Int) {
    guard let next else { return later.send(events) }
    guard first <= next else { return later.end() }
    let news = events.dropFirst(next - first)
    guard !news.isEmpty else { return }
    later.send(Array(news))
    self.next = next + news.count
  }
}

/// Those who watch one session, or all.
final class Watchers: Sendable {
  private static let numbers = Atomic<UInt64>(0)

  private let watchers = Mutex<[Watcher]>([])
  /// How many there are, known without a lock.
  private let total = Atomic(0)

  /// How many there are.
  var count: Int { total.load(ordering: .relaxed) }
  /// Whether there are none.
  var isEmpty: Bool { count == 0 }

  /// Adds someone, who knows all before a revision; the number is for ``remove(_:)``.
  func add(_ later: Later, next: Int? = nil) -> UInt64 {
    let id = Self.numbers.add(1, ordering: .relaxed).newValue
    watchers.withLock { $0.append(Watcher(id: id, later: later, next: next)) }
    total.add(1, ordering: .relaxed)
    return id
  }

  /// Takes a watcher away.
  func remove(_ id: UInt64) {
    let removed = watchers.withLock { watchers in
      let before = watchers.count
      watchers.removeAll { $0.id == id }
      return before - watchers.count
    }
    total.subtract(removed, ordering: .relaxed)
  }

  /// Tells all of them of revisions from `first` on; none hears of the same one twice. The stream of whoever would miss some
  /// ends, and can be resumed.
  func tell(_ events: [[UInt8]], from first: Int) {
    watchers.withLock { watchers in
      for index in watchers.indices { watchers[index].tell(events, from: first) }
    }
  }

  /// Ends all their streams.
  func end() {
    for watcher in watchers.withLock({ $0 }) { watcher.later.end() }
  }
}
