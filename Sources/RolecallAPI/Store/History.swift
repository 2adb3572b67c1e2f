import KVMModel

/// What was done to a session, revision by revision. Nothing is ever taken out of it.
///
/// Revision 1 is the session's making; each later one is an entry. Every revision's state is that of revision 1 or of an
/// operation's revision: an operation makes a new state from the one that it met, undo and redo bring back one that was
/// there before. So the operations form a tree, whose root is revision 1.
struct History: Sendable {
  /// What led from one revision to the next.
  enum Step: Sendable, Hashable {
    /// An operation was applied, and ended so.
    case operation(Operation, Outcome)
    /// So many operations were undone.
    case undo(Int)
    /// So many operations were done again.
    case redo(Int)
  }

  /// A revision after the first.
  struct Entry: Sendable, Hashable {
    let step: Step
    let time: Timestamp
    /// The revision whose state an operation met, or which undo or redo brought back: 1 or an operation's.
    let origin: Int
    /// How many operations the state is away from revision 1's.
    let depth: Int
  }

  /// When revision 1 was made.
  let made: Timestamp
  private(set) var entries: [Entry] = []
  /// The revision whose state is the present one: 1 or an operation's.
  private(set) var state = 1
  /// The last operation's revision; 1 if there is none. Redo leads from ``state`` towards it.
  private var tip = 1
  /// Bytes that the history takes, about.
  private(set) var bytes = 0

  init(made: Timestamp) { self.made = made }

  /// The bytes that an entry takes, besides the words that an operation writes to memory.
  static let entryBytes = MemoryLayout<Entry>.stride

  /// The last revision.
  var revision: Int { entries.count + 1 }
  /// How many operations can be undone: those that the present state has come from.
  var undoable: Int { depth(of: state) }
  /// How many operations that were undone can be done again.
  var redoable: Int { depth(of: tip) - depth(of: state) }

  /// The entry that led to a revision; nil for revision 1 and for what is no revision.
  subscript(revision: Int) -> Entry? {
    entries.indices.contains(revision - 2) ? entries[revision - 2] : nil
  }

  /// When a revision came about.
  func time(of revision: Int) -> Timestamp { self[revision]?.time ?? made }

  /// The revision whose state another one has: 1 or an operation's.
  func state(of revision: Int) -> Int {
    guard let entry = self[revision] else { return 1 }
    if case .operation = entry.step { return revision }
    return entry.origin
  }

  /// The revisions of the operations that led from one state to another, the first first.
  ///
  /// - Parameter base: a state on the way from revision 1 to `state`.
  func path(from base: Int = 1, to state: Int) -> [Int] {
    var path: [Int] = []
    var place = state
    while place > base, let entry = self[place] {
      path.append(place)
      place = entry.origin
    }
    path.reverse()
    return path
  }

  /// The operation that led to a revision; nil if it was none.
  func operation(_ revision: Int) -> Operation? {
    if case .operation(let operation, _)? = self[revision]?.step { operation } else { nil }
  }

  /// The bytes that an operation would add to ``bytes``.
  static func bytes(of operation: Operation) -> Int {
    guard case .machine(.writeMemory(let words)) = operation else { return entryBytes }
    return entryBytes + words.count * MemoryLayout<MemoryWord>.stride
  }

  /// Notes that an operation was applied to the present state. What could be redone no longer can.
  mutating func append(_ operation: Operation, _ outcome: Outcome, at time: Timestamp) {
    let entry = Entry(step: .operation(operation, outcome), time: time, origin: state, depth: undoable + 1)
    entries.append(entry)
    bytes += Self.bytes(of: operation)
    state = revision
    tip = revision
  }

  /// The way back over some operations, at most as many as can be undone: their revisions, the last first, and the state
  /// that it leads to.
  func wayBack(_ steps: Int) -> (operations: [Int], state: Int) {
    var operations: [Int] = []
    var place = state
    while operations.count < steps, let entry = self[place] {
      operations.append(place)
      place = entry.origin
    }
    return (operations, place)
  }

  /// The way forth over operations that were undone, at most as many as there are: their revisions in order, and the
  /// state that it leads to.
  func wayForth(_ steps: Int) -> (operations: [Int], state: Int) {
    let operations = Array(path(from: state, to: tip).prefix(steps))
    return (operations, operations.last ?? state)
  }

  /// Notes that an undo or a redo brought a state back.
  mutating func append(_ step: Step, to place: Int, at time: Timestamp) {
    entries.append(Entry(step: step, time: time, origin: place, depth: depth(of: place)))
    bytes += Self.entryBytes
    state = place
  }

  /// The history as it was at a revision.
  func prefix(upTo revision: Int) -> History {
    guard revision < self.revision else { return self }
    var prefix = History(made: made)
    prefix.entries = Array(entries[..<max(0, revision - 1)])
    prefix.state = state(of: revision)
    prefix.tip = (1...max(1, revision)).last { operation($0) != nil } ?? 1
    prefix.bytes = prefix.entries.reduce(0) { sum, entry in
      guard case .operation(let operation, _) = entry.step else { return sum + Self.entryBytes }
      return sum + Self.bytes(of: operation)
    }
    return prefix
  }

  private func depth(of revision: Int) -> Int { self[revision]?.depth ?? 0 }
}
