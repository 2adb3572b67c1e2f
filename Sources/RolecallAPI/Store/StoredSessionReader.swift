import KVMModel
import SessionStore

/// Reads sessions of a store and takes their bytes apart.
struct StoredSessionReader {
  /// A session as it stands in the store.
  struct Content {
    let name: String?
    let enrolment: Enrolment?
    let boot: Boot
    let machine: Machine
    let created: Timestamp
    let used: Timestamp
    let steps: [(step: History.Step, time: Timestamp)]
    let snapshot: (state: Int, moment: Moment)?

    /// The state of revision 1.
    func beginning() -> Session.State {
      Session.State(made: VirtualMachine(machine: machine, boot: boot), at: created)
    }

    /// The present state.
    func present() throws(OperationError) -> Session.State {
      var history = History(made: created)
      for (step, time) in steps { history.repeatStep(step, at: time) }
      let first = Moment(made: VirtualMachine(machine: machine, boot: boot))
      return try Session.State(SessionLog(first, history, snapshot: snapshot), snapshot: snapshot?.state ?? 1)
    }
  }

  /// What a snapshot's bytes mean.
  static let snapshotFormat = "moment/1 of " + VirtualMachine.snapshotFormat

  private let reader: StoreReader

  init(_ reader: StoreReader) { self.reader = reader }

  /// The session of a name; nil if there is none.
  ///
  /// - Throws: a `StoreError`, or what is wrong with the bytes.
  func session(_ id: SessionID) throws -> Content? {
    guard SessionID(id.stored) == id,
      let stored = try reader.session(id.stored, snapshotFormat: Self.snapshotFormat)
    else { return nil }
    let (name, enrolment) = try StoredForms.title(stored.summary.summary)
    let (boot, machine) = try StoredForms.origin(stored.header)
    let decoder = OperationDecoder(vendor: machine.vendor, vcpus: machine.vcpus)
    let entries =
      stored.snapshot == nil
      ? stored.entries : try reader.history(of: id.stored, after: 1, limit: stored.summary.revision) ?? []
    // A snapshot that cannot be read only costs time.
    let snapshot = stored.snapshot.flatMap { snapshot in
      (try? BinaryForm.value(Moment.self, of: snapshot.bytes)).map { (state: snapshot.revision, moment: $0) }
    }
    return Content(
      name: name, enrolment: enrolment, boot: boot, machine: machine,
      created: Timestamp(seconds: stored.summary.created), used: Timestamp(seconds: stored.summary.lastUsed),
      steps: try entries.map { try StoredForms.step($0, decoder) }, snapshot: snapshot)
  }
}
