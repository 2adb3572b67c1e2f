import KVMModel
import JSON
import Synchronization

/// Someone who is told of revisions.
struct Watcher: Sendable {
  /// Tells watchers apart.
  let id: UInt64
  /// Takes events, each in the form of Server-Sent Events. It is called from any thread and never waits.
  let send: @Sendable ([[UInt8]]) -> Void
}

/// What is to be told once it is kept, and whom.
struct News: Sendable {
  fileprivate var parts: [(watchers: [Watcher], events: [[UInt8]])] = []

  /// Tells it.
  func publish() {
    for part in parts {
      for watcher in part.watchers { watcher.send(part.events) }
    }
  }
}

/// Those who watch all sessions; who watches one is known to its ``Session/State``.
final class Watchers: Sendable {
  private let watchers = Mutex<[Watcher]>([])
  /// Whether there are any, known without a lock.
  private let count = Atomic(0)
  private let numbers = Atomic<UInt64>(0)

  /// A watcher's ``Watcher/id``.
  func newID() -> UInt64 { numbers.add(1, ordering: .relaxed).newValue }

  /// Adds someone who watches all sessions.
  func add(_ watcher: Watcher) {
    watchers.withLock { $0.append(watcher) }
    count.add(1, ordering: .relaxed)
  }

  /// Takes a watcher away.
  func remove(_ id: UInt64) {
    let removed = watchers.withLock { watchers in
      let before = watchers.count
      watchers.removeAll { $0.id == id }
      return before - watchers.count
    }
    count.subtract(removed, ordering: .relaxed)
  }

  /// How many watch all sessions.
  var total: Int { count.load(ordering: .relaxed) }

  /// What there is to tell of a session from a revision on.
  func news(of session: Session, _ state: borrowing Session.State, from first: Int) -> News {
    var news = News()
    guard total > 0 || !state.watchers.isEmpty, first <= state.revision else { return news }
    let revisions = first..<state.revision + 1
    if !state.watchers.isEmpty {
      news.parts.append((state.watchers, revisions.map { state.event($0, effective: [$0]) }))
    }
    if total > 0 {
      news.parts.append(
        (watchers.withLock { $0 }, revisions.map { state.event($0, effective: [$0], of: session) }))
    }
    return news
  }
}

extension Session.State {
  /// The event of a revision (WHATWG HTML, section 9.2.6): its entry in the history; with a session, for those who watch
  /// all of them.
  ///
  /// - Parameter effective: the revisions of the operations that the present state has come from.
  func event(_ revision: Int, effective: Set<Int>, of session: Session? = nil) -> [UInt8] {
    var json = JSONWriter()
    if let session {
      json.object { json in
        json.member("session", session.id.text)
        json.member("name", session.name)
        json.key("entry")
        history.write(revision, effective: effective, to: &json, machine.machine.vendor)
      }
    } else {
      history.write(revision, effective: effective, to: &json, machine.machine.vendor)
    }
    let id = session == nil ? "id: \(revision)\n" : ""
    return Array("event: revision\n\(id)data: ".utf8) + json.finish() + Array("\n\n".utf8)
  }
}
