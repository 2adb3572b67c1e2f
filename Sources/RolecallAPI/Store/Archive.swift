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

  /// What a snapshot's bytes mean.
  private static let snapshotFormat = "moment/1 of " + VirtualMachine.snapshotFormat
  /// Operations after which another snapshot is worth its bytes.
  private static let snapshotDistance = 64

  /// The session of a name, brought back by doing again what was done since the last snapshot.
  func session(_ id: SessionID) throws(StoreError) -> Session? {
    guard SessionID(id.stored) == id,
      let stored = try store.reader.session(id.stored, snapshotFormat: Self.snapshotFormat)
    else { return nil }
    let entries =
      stored.snapshot == nil
      ? stored.entries
      : try store.reader.history(of: id.stored, after: 1, limit: stored.summary.revision) ?? []
    do {
      return try restore(id, stored, entries)
    } catch {
      throw .corrupt("session \(id.text.prefix(6))…: \(error)")
    }
  }

  private func restore(_ id: SessionID, _ stored: StoredSession, _ entries: [StoredEntry]) throws -> Session {
    let (boot, machine) = try StoredForms.origin(stored.header)
    let created = Timestamp(seconds: stored.summary.created)
    let decoder = OperationDecoder(vendor: machine.vendor, vcpus: machine.vcpus)
    var history = History(made: created)
    for entry in entries {
      let (step, time) = try StoredForms.step(entry, decoder)
      history.repeatStep(step, at: time)
    }
    var first = Statistics()
    let virtualMachine = VirtualMachine(machine: machine, boot: boot)
    first.countPages(of: virtualMachine)
    // A snapshot that cannot be read only costs time.
    let snapshot = stored.snapshot.flatMap { snapshot in
      (try? BinaryForm.value(Moment.self, of: snapshot.bytes)).map { (state: snapshot.revision, moment: $0) }
    }
    let log = SessionLog(Moment(machine: virtualMachine, statistics: first), history, snapshot: snapshot)
    let (name, enrolment) = try StoredForms.title(stored.summary.summary)
    return Session(
      id: id, name: name, boot: boot, enrolment: enrolment, created: created,
      used: Timestamp(seconds: stored.summary.lastUsed),
      try Session.State(log, snapshot: snapshot?.state ?? 1), counts: counts)
  }

  /// Has the state of a session kept, which is leaving memory, if it is long to come by.
  func keepSnapshot(of session: Session, _ state: inout Session.State) {
    let present = state.history.state
    guard state.history.path(from: state.snapshotState, to: present).count >= Self.snapshotDistance,
      let bytes = try? BinaryForm.bytes(of: Moment(machine: state.machine, statistics: state.statistics))
    else { return }
    let snapshot = Snapshot(revision: present, format: Self.snapshotFormat, bytes: bytes)
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
