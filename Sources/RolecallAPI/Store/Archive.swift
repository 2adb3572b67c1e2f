import KVMModel
import SessionStore

/// The durable store in the terms of this module: it writes sessions down and brings them back.
final class Archive: Sendable {
  let store: SessionStore
  private let counts: ServiceCounts

  init(_ store: SessionStore, counts: ServiceCounts) {
    self.store = store
    self.counts = counts
  }

  /// How many sessions there are.
  var count: Int { store.sessionCount }

  /// Operations after which another snapshot is worth its bytes.
  private static let snapshotDistance = 64

  /// The session of a name, brought back by doing again what was done since the last snapshot.
  func session(_ id: SessionID) throws(StoreError) -> Session? {
    do {
      guard let stored = try StoredSessionReader(store.reader).session(id) else { return nil }
      return Session(
        id: id, name: stored.name, boot: stored.boot, enrolment: stored.enrolment, created: stored.created,
        used: stored.used, try stored.present(), counts: counts)
    } catch let error as StoreError {
      throw error
    } catch {
      throw .corrupt("session \(id.text.prefix(6))…: \(error)")
    }
  }

  /// Has the state of a session kept, which is leaving memory, if it is long to come by.
  func keepSnapshot(of session: Session, _ state: inout Session.State) {
    let present = state.history.state
    guard state.history.path(from: state.snapshotState, to: present).count >= Self.snapshotDistance,
      let bytes = try? BinaryForm.bytes(of: Moment(machine: state.machine, statistics: state.statistics))
    else { return }
    let snapshot = Snapshot(revision: present, format: StoredSessionReader.snapshotFormat, bytes: bytes)
    store.submit([.snapshot(session.id.stored, snapshot, keeping: 1)]) { _ in }
  }

  /// What the store does not have of a session yet. It counts as given from now on.
  func writes(of session: Session, _ state: inout Session.State) -> [Write] {
    let machine = state.machine.machine
    var writes: [Write] = []
    if state.submitted == 0 {
      let summary = StoredForms.summary(of: session)
      let header = StoredForms.header(boot: session.boot, machine: machine)
      let time = session.created.seconds
      if let source = session.source {
        writes.append(
          .fork(
            source.session.stored, revision: source.revision, into: session.id.stored, summary: summary,
            header: header, time: time))
        state.submitted = source.revision
      } else {
        writes.append(.create(session.id.stored, summary: summary, header: header, time: time))
        state.submitted = 1
      }
    }
    let entries = state.history.entries[(state.submitted - 1)...]
    if !entries.isEmpty {
      writes.append(
        .append(
          session.id.stored, after: state.submitted,
          entries: entries.map { StoredForms.entry($0, machine.vendor) }))
    }
    state.submitted = state.revision
    return writes
  }

  /// At most `limit` sessions in the order of their names, after one of them.
  func list(after: SessionID?, limit: Int) throws(StoreError) -> [Sessions.Listed] {
    try store.reader.sessions(.byID(after: after?.stored), limit: limit).map { summary in
      let title = try? StoredForms.title(summary.summary)
      return Sessions.Listed(
        id: SessionID(summary.id), name: title?.name, enrolment: title?.enrolment, revision: summary.revision,
        created: Timestamp(seconds: summary.created), used: Timestamp(seconds: summary.lastUsed))
    }
  }

  /// Deletes sessions that were last used before a time, some thousand at once, and gives their names.
  func expire(before time: Timestamp) throws(StoreError) -> [SessionID] {
    try store.expireSessions(lastUsedBefore: time.seconds, limit: 1_000).map { SessionID($0) }
  }

  /// Records that a session was used.
  func noteUse(of id: SessionID, _ time: Timestamp) {
    store.submit([.touch(id.stored, time: time.seconds)]) { _ in }
  }
}

extension SessionID {
  /// The same name as the store has it.
  var stored: StoredSessionID { StoredSessionID(high: bits.high, low: bits.low) }

  /// A name that the store has.
  init(_ stored: StoredSessionID) {
    self.init(high: stored.high, low: stored.low)
  }
}
