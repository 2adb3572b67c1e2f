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

  /// The session of a name, brought back by doing again all that was done.
  func session(_ id: SessionID) throws(StoreError) -> Session? {
    guard SessionID(id.stored) == id, let stored = try store.reader.session(id.stored, snapshotFormat: "")
    else { return nil }
    do {
      return try restore(id, stored)
    } catch let error as StoreError {
      throw error
    } catch {
      throw .corrupt("session \(id.text.prefix(6))…: \(error)")
    }
  }

  private func restore(_ id: SessionID, _ stored: StoredSession) throws -> Session {
    let (boot, machine) = try StoredForms.origin(stored.header)
    var state = Session.State(
      made: VirtualMachine(machine: machine, boot: boot), at: Timestamp(seconds: stored.summary.created))
    let decoder = OperationDecoder(vendor: machine.vendor, vcpus: machine.vcpus)
    for entry in stored.entries {
      let (action, time) = try StoredForms.action(entry, decoder)
      switch action {
      case .operation(let request):
        _ = try state.apply(request.resolved(on: state.machine), detail: .lookups, at: time)
      case .undo(let steps): _ = try state.undo(steps, at: time)
      case .redo(let steps): _ = try state.redo(steps, at: time)
      }
    }
    (state.submitted, state.announced) = (state.revision, state.revision)
    return Session(
      id: id, name: try StoredForms.name(stored.summary.summary), boot: boot,
      created: Timestamp(seconds: stored.summary.created),
      used: Timestamp(seconds: stored.summary.lastUsed), state, counts: counts)
  }

  /// What the store does not have of a session yet. It counts as given from now on.
  func writes(of session: Session, _ state: inout Session.State) -> [Write] {
    let machine = state.machine.machine
    var writes: [Write] = []
    if state.submitted == 0 {
      let summary = StoredForms.summary(name: session.name)
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
      Sessions.Listed(
        id: SessionID(summary.id), name: try? StoredForms.name(summary.summary), revision: summary.revision,
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
