import SessionStore
import Synchronization

/// The sessions: those in use are in memory; all are in the durable store, if there is one, from which they come back on use.
final class Sessions: Sendable {
  /// Seconds after which a session's use is recorded anew.
  static let useInterval = 600

  /// The greatest number of sessions.
  let capacity: Int
  /// Where all sessions are; nil if they end with the process.
  let archive: Archive?

  private let shards: [Shard]
  private let total = Atomic(0)
  /// The sessions that one shard keeps in memory.
  private let residentsOfShard: Int

  /// The sessions of one shard, so that requests for different sessions seldom wait for each other.
  private final class Shard: Sendable {
    let sessions = Mutex<[SessionID: Session]>([:])
    /// Held while a session comes from the store, so that it does not come twice.
    let loading = Mutex(())
  }

  /// Sessions, of which about `residents` are in memory if there is an archive.
  init(capacity: Int, residents: Int = .max, archive: Archive? = nil) {
    self.capacity = capacity
    self.archive = archive
    shards = (0..<16).map { _ in Shard() }
    residentsOfShard = archive == nil ? .max : max(1, residents / 16)
  }

  /// How many sessions there are.
  var count: Int { archive?.count ?? inMemory }

  /// How many are in memory.
  var inMemory: Int { total.load(ordering: .relaxed) }

  /// Keeps a session that was just made; false if there is no room.
  func insert(_ session: Session) -> Bool {
    guard count < capacity else { return false }
    put(session, in: shard(session.id))
    return true
  }

  /// The session of a name, used at a time.
  ///
  /// - Throws: what kept the store from giving it.
  func session(_ id: SessionID, at time: Timestamp) throws(StoreError) -> Session? {
    let shard = shard(id)
    if let session = resident(id, in: shard) { return noteUse(of: session, time) }
    guard let archive else { return nil }
    return try shard.loading.withLock { _ throws(StoreError) -> Session? in
      if let session = resident(id, in: shard) { return noteUse(of: session, time) }
      guard let session = try archive.session(id) else { return nil }
      put(session, in: shard)
      return noteUse(of: session, time)
    }
  }

  /// What a list shows of a session.
  struct Listed: Sendable {
    let id: SessionID
    let name: String?
    let enrolment: Enrolment?
    let revision: Int
    let created: Timestamp
    let used: Timestamp
  }

  /// At most `limit` sessions in the order of their names in the store, after one of them, and whether there are more.
  func list(after: SessionID?, limit: Int) throws(StoreError) -> (sessions: [Listed], hasMore: Bool) {
    let listed = try archive?.list(after: after, limit: limit + 1) ?? residents(after: after)
    return (Array(listed.prefix(limit)), listed.count > limit)
  }

  private func residents(after: SessionID?) -> [Listed] {
    shards.flatMap { $0.sessions.withLock { Array($0.values) } }
      .filter { session in after.map { $0 < session.id } ?? true }
      .sorted { $0.id < $1.id }
      .map { session in
        Listed(
          id: session.id, name: session.name, enrolment: session.enrolment,
          revision: session.withState { $0.revision },
          created: session.created, used: Timestamp(seconds: session.lastUse.load(ordering: .relaxed)))
      }
  }

  /// Takes a session out of memory, because it is deleted or because what is in memory is not what the store has.
  func remove(_ session: Session) {
    shard(session.id).sessions.withLock { sessions in
      guard sessions[session.id] === session else { return }
      sessions[session.id] = nil
      total.subtract(1, ordering: .relaxed)
    }
  }

  /// Deletes sessions that were not used since a time.
  func expire(before time: Timestamp) throws(StoreError) {
    for id in try archive?.expire(before: time) ?? [] {
      guard let session = resident(id, in: shard(id)) else { continue }
      session.life.store(.deleted, ordering: .releasing)
      remove(session)
      session.watchers.end()
    }
  }

  /// Takes sessions out of memory that were not used since a time.
  func dropIdle(since time: Timestamp) {
    guard archive != nil else { return }
    for shard in shards {
      let idle = shard.sessions.withLock { sessions in
        sessions.values.filter { $0.lastUse.load(ordering: .relaxed) < time.seconds }
      }
      for session in idle { drop(session) }
    }
  }

  private func resident(_ id: SessionID, in shard: Shard) -> Session? {
    shard.sessions.withLock { $0[id] }
  }

  private func put(_ session: Session, in shard: Shard) {
    let oldest = shard.sessions.withLock { sessions -> Session? in
      sessions[session.id] = session
      guard sessions.count > residentsOfShard else { return nil }
      // One that is watched stays, and would keep all others in memory if it were chosen each time.
      return sessions.values.lazy.filter { $0 !== session && $0.watchers.isEmpty }
        .min { $0.lastUse.load(ordering: .relaxed) < $1.lastUse.load(ordering: .relaxed) }
    }
    total.add(1, ordering: .relaxed)
    if let oldest { drop(oldest) }
  }

  /// Takes a session out of memory unless somebody works with it or waits for it.
  private func drop(_ session: Session) {
    session.withStateIfAvailable { state in
      switch session.life.load(ordering: .acquiring) {
      case .deleted: return
      case .stale: break
      case .live:
        guard session.keptRevision == state.revision, state.submitted == state.revision,
          session.watchers.isEmpty
        else { return }
        session.life.store(.stale, ordering: .releasing)
        archive?.keepSnapshot(of: session, &state)
      }
      remove(session)
    }
  }

  private func noteUse(of session: Session, _ time: Timestamp) -> Session {
    session.lastUse.store(time.seconds, ordering: .relaxed)
    guard let archive else { return session }
    let stored = session.storedUse.load(ordering: .relaxed)
    if time.seconds - stored >= Self.useInterval,
      session.storedUse.compareExchange(expected: stored, desired: time.seconds, ordering: .relaxed).exchanged
    {
      archive.noteUse(of: session.id, time)
    }
    return session
  }

  private func shard(_ id: SessionID) -> Shard {
    shards[id.shard % shards.count]
  }
}
