import KVMModel
public import SessionStore

/// What came of replaying stored sessions and comparing each replay with what is stored of it.
public struct ReplayCheck: Sendable {
  /// Sessions replayed.
  public private(set) var sessions = 0
  /// Operations applied again.
  public private(set) var operations = 0
  /// Snapshots compared.
  public private(set) var snapshots = 0
  /// What is not as it should be, a line for each.
  public private(set) var problems: [String] = []

  /// Replays at most `limit` sessions, the most recently used first.
  public init(_ reader: StoreReader, limit: Int) throws(StoreError) {
    var last: SessionSummary?
    while sessions < limit {
      let page = try reader.sessions(.byLastUse(after: last), limit: min(100, limit - sessions))
      for summary in page { try check(SessionID(summary.id), reader) }
      guard let end = page.last else { return }
      last = end
    }
  }

  private mutating func check(_ id: SessionID, _ reader: StoreReader) throws(StoreError) {
    sessions += 1
    let name = "session \(id.text.prefix(6))…"
    do {
      guard let stored = try StoredSessionReader(reader).session(id) else { return }
      var replay = stored.beginning()
      var states = [1: replay.machine]
      for (step, time) in stored.steps {
        switch step {
        case .operation(let operation, let outcome):
          operations += 1
          let result = try replay.apply(operation, detail: .lookups, at: time)
          if result.outcome != outcome {
            problems.append("\(name): revision \(replay.revision) ends otherwise when it is replayed")
          }
          if replay.history.state == stored.snapshot?.state { states[replay.history.state] = replay.machine }
        case .undo(let steps): _ = try replay.undo(steps, at: time)
        case .redo(let steps): _ = try replay.redo(steps, at: time)
        }
      }
      if let snapshot = stored.snapshot {
        snapshots += 1
        if states[snapshot.state] != snapshot.moment.machine {
          problems.append(
            "\(name): the snapshot of revision \(snapshot.state) is another state than its replay")
        }
      }
    } catch let error as StoreError {
      throw error
    } catch {
      problems.append("\(name): \(error)")
    }
  }
}
