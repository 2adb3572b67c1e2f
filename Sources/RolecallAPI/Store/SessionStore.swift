import Synchronization

/// Where the sessions are: in memory, for as long as the process lives.
///
/// All that the service asks of a store is here, so that a durable one can take its place.
final class SessionStore: Sendable {
  /// The greatest number of sessions.
  let capacity: Int

  private let shards: [Shard]
  private let total = Atomic(0)

  /// The sessions of one shard, so that requests for different sessions seldom wait for each other.
  private final class Shard: Sendable {
    let sessions = Mutex<[SessionID: Session]>([:])
  }

  init(capacity: Int) {
    self.capacity = capacity
    shards = (0..<16).map { _ in Shard() }
  }

  /// How many sessions there are.
  var count: Int { total.load(ordering: .relaxed) }

  /// Keeps a session; false if there is no room.
  func insert(_ session: Session) -> Bool {
    guard total.add(1, ordering: .relaxed).newValue <= capacity else {
      total.subtract(1, ordering: .relaxed)
      return false
    }
    shard(session.id).sessions.withLock { $0[session.id] = session }
    return true
  }

  /// The session of a name.
  func session(_ id: SessionID) -> Session? {
    shard(id).sessions.withLock { $0[id] }
  }

  /// Forgets a session.
  func remove(_ id: SessionID) {
    if shard(id).sessions.withLock({ $0.removeValue(forKey: id) }) != nil {
      total.subtract(1, ordering: .relaxed)
    }
  }

  private func shard(_ id: SessionID) -> Shard {
    shards[id.shard % shards.count]
  }
}
