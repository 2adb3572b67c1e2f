import Synchronization

/// Where the sessions are: in memory, for as long as the process lives.
///
/// All that the service asks of a store is here, so that a durable one can take its place.
final class SessionStore: Sendable {
  /// The greatest number of sessions.
  let capacity: Int

  private let shards: [Shard]
  private let total = Atomic(0)
  private let made = Atomic(0)

  /// The sessions of one shard, so that requests for different sessions seldom wait for each other.
  private final class Shard: Sendable {
    let sessions = Mutex<[SessionID: (session: Session, number: Int)]>([:])
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
    let number = made.add(1, ordering: .relaxed).newValue
    shard(session.id).sessions.withLock { $0[session.id] = (session, number) }
    return true
  }

  /// The session of a name.
  func session(_ id: SessionID) -> Session? {
    shard(id).sessions.withLock { $0[id]?.session }
  }

  /// Sessions in the order in which they were made, after the one with the number `after`, which counts from 1.
  ///
  /// - Returns: at most `limit` of them, and the last one's number if there are more.
  func list(after: Int, limit: Int) -> (sessions: [Session], next: Int?) {
    let later = shards.flatMap { shard in
      shard.sessions.withLock { $0.values.filter { $0.number > after } }
    }.sorted { $0.number < $1.number }
    return (later.prefix(limit).map(\.session), later.count > limit ? later[limit - 1].number : nil)
  }

  /// Forgets a session.
  func remove(_ id: SessionID) {
    if shard(id).sessions.withLock({ $0.removeValue(forKey: id) }) != nil {
      total.subtract(1, ordering: .relaxed)
    }
  }

  private func shard(_ id: SessionID) -> Shard {
    shards[Int(UInt(bitPattern: id.hashValue) % UInt(shards.count))]
  }
}
