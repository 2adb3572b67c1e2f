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
    /// The revision whose state it is.
    let revision: Int
    let moment: Moment
    /// The snapshot before it on the way from revision 1, by its revision, and how many operations lie between.
    var base: Int
    var distance: Int
  }

  private(set) var history: History
  /// The snapshots in the order of their revisions, the first of which is 1.
  private var snapshots: [Snapshot]
  /// The revisions that have a snapshot, in order.
  var snapshotRevisions: [Int] { snapshots.map(\.revision) }
  /// The last snapshot before the present state, and how many operations lie between.
  private var base = 1
  private var distance = 0

  /// The log of a session that was just made.
  init(_ moment: Moment, made: Timestamp) {
    history = History(made: made)
    snapshots = [Snapshot(revision: 1, moment: moment, base: 1, distance: 0)]
  }

  /// Notes that an operation led to a moment.
  mutating func append(
    _ operation: Operation, _ outcome: Outcome, at time: Timestamp,
    leadingTo moment: @autoclosure () -> Moment
  ) {
    history.append(operation, outcome, at: time)
    distance += 1
    guard distance % Self.spacing == 0 else { return }
    snapshots.append(
      Snapshot(revision: history.state, moment: moment(), base: base, distance: distance))
    (base, distance) = (history.state, 0)
    if snapshots.count > Self.limit { dropOne() }
  }

  /// Notes that an undo or a redo brought a state back.
  mutating func append(_ step: History.Step, to state: Int, at time: Timestamp) {
    history.append(step, to: state, at: time)
    findBase()
  }

  /// The state of a revision.
  ///
  /// - Throws: what an operation meets that is not repeatable, which none is that this program has applied.
  func moment(at revision: Int) throws(OperationError) -> Moment {
    let state = history.state(of: revision)
    let snapshot = snapshots[nearestSnapshot(to: state).index]
    var moment = snapshot.moment
    for step in history.path(from: snapshot.revision, to: state) {
      if let operation = history.operation(step) { try moment.repeatOperation(operation) }
    }
    return moment
  }

  /// The log as it was at a revision.
  func prefix(upTo revision: Int) -> SessionLog {
    var prefix = self
    prefix.history = history.prefix(upTo: revision)
    prefix.snapshots = snapshots.filter { $0.revision <= max(1, revision) }
    prefix.findBase()
    return prefix
  }

  private mutating func findBase() {
    let (index, distance) = nearestSnapshot(to: history.state)
    (base, self.distance) = (snapshots[index].revision, distance)
  }

  /// The place of the last snapshot on the way from revision 1 to a state, and how many operations lie between.
  private func nearestSnapshot(to state: Int) -> (index: Int, distance: Int) {
    var (place, distance, index) = (state, 0, snapshots.count - 1)
    // The way back leads to ever lower revisions, and to 1 at last, which is the first snapshot's.
    while snapshots[index].revision != place {
      if snapshots[index].revision > place {
        index -= 1
      } else {
        place = history[place]?.origin ?? 1
        distance += 1
      }
    }
    return (index, distance)
  }

  /// Drops the snapshot that is nearest to the one before it, the oldest of several.
  private mutating func dropOne() {
    guard
      let index = snapshots.indices.dropFirst().min(by: { snapshots[$0].distance < snapshots[$1].distance })
    else { return }
    let dropped = snapshots.remove(at: index)
    for index in snapshots.indices where snapshots[index].base == dropped.revision {
      snapshots[index].base = dropped.base
      snapshots[index].distance += dropped.distance
    }
    if base == dropped.revision { (base, distance) = (dropped.base, distance + dropped.distance) }
  }
}
