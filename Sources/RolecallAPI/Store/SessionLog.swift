import KVMModel

/// A machine, and what its operations have done: all that replaying a session's operations gives.
struct Moment: Sendable, Hashable {
  var machine: VirtualMachine
  var statistics: Statistics

  /// Applies an operation again.
  fileprivate mutating func repeatOperation(_ operation: Operation) throws(OperationError) {
    statistics.count(try machine.apply(operation, detail: .lookups))
  }
}

/// A session's history with snapshots of some of its states, so that any state is a short replay away.
///
/// A snapshot is taken every ``spacing`` operations. Past ``limit`` snapshots, the one that is nearest to the one before it
/// goes, so that those left stay about evenly spaced. A snapshot shares with the machine what both have alike.
struct SessionLog: Sendable {
  /// Operations between snapshots, as long as there are few.
  static let spacing = 64
  /// The greatest number of snapshots.
  static let limit = 32

  private struct Snapshot {
    let moment: Moment
    /// The snapshot before it, by its revision, and how many operations lie between.
    var base: Int
    var distance: Int
  }

  private(set) var history: History
  /// The snapshots by the revisions whose states they are; revision 1 always has one.
  private var snapshots: [Int: Snapshot]
  /// The revisions that have a snapshot, in order.
  var snapshotRevisions: [Int] { snapshots.keys.sorted() }
  /// The last snapshot before the present state, and how many operations lie between.
  private var base = 1
  private var distance = 0

  /// The log of a session that was just made.
  init(_ moment: Moment, made: Timestamp) {
    history = History(made: made)
    snapshots = [1: Snapshot(moment: moment, base: 1, distance: 0)]
  }

  /// Notes that an operation led to a moment.
  mutating func append(
    _ operation: Operation, _ outcome: Outcome, at time: Timestamp,
    leadingTo moment: @autoclosure () -> Moment
  ) {
    history.append(operation, outcome, at: time)
    distance += 1
    guard distance % Self.spacing == 0 else { return }
    snapshots[history.state] = Snapshot(moment: moment(), base: base, distance: distance)
    (base, distance) = (history.state, 0)
    if snapshots.count > Self.limit { dropOne() }
  }

  /// Undoes operations, at most as many as can be; gives their revisions, the last first.
  mutating func undo(_ steps: Int, at time: Timestamp) -> [Int] {
    let undone = history.undo(steps, at: time)
    (base, distance) = nearestSnapshot(to: history.state)
    return undone
  }

  /// Does operations again that were undone, at most as many as can be; gives their revisions in order.
  mutating func redo(_ steps: Int, at time: Timestamp) -> [Int] {
    let redone = history.redo(steps, at: time)
    (base, distance) = nearestSnapshot(to: history.state)
    return redone
  }

  /// The state of a revision.
  ///
  /// - Throws: what an operation meets that is not repeatable, which none is that this program has applied.
  func moment(at revision: Int) throws(OperationError) -> Moment? {
    let state = history.state(of: revision)
    let base = nearestSnapshot(to: state).base
    guard var moment = snapshots[base]?.moment else { return nil }
    for step in history.path(from: base, to: state) {
      if let operation = history.operation(step) { try moment.repeatOperation(operation) }
    }
    return moment
  }

  /// The log as it was at a revision.
  func prefix(upTo revision: Int) -> SessionLog {
    var prefix = self
    prefix.history = history.prefix(upTo: revision)
    prefix.snapshots = snapshots.filter { $0.key <= revision }
    (prefix.base, prefix.distance) = prefix.nearestSnapshot(to: prefix.history.state)
    return prefix
  }

  private func nearestSnapshot(to state: Int) -> (base: Int, distance: Int) {
    var (place, distance) = (state, 0)
    while snapshots[place] == nil, let entry = history[place] {
      place = entry.origin
      distance += 1
    }
    return (place, distance)
  }

  private mutating func dropOne() {
    let candidates = snapshots.filter { $0.key != 1 }
    guard let victim = candidates.min(by: { ($0.value.distance, $0.key) < ($1.value.distance, $1.key) })
    else { return }
    snapshots[victim.key] = nil
    for key in snapshots.keys where snapshots[key]?.base == victim.key && key != victim.key {
      snapshots[key]?.base = victim.value.base
      snapshots[key]?.distance += victim.value.distance
    }
    if base == victim.key { (base, distance) = (victim.value.base, distance + victim.value.distance) }
  }
}
