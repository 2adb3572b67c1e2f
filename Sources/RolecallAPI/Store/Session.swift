import HTTPCore
import JSON
import KVMModel
import Synchronization

/// A virtual machine that a client works with.
final class Session: Sendable {
  /// Whether a session in memory may still be used.
  enum Life: Int, AtomicRepresentable {
    case live
    /// It is in memory no more, or another one stands for it: look it up again.
    case stale
    /// It was deleted.
    case deleted
  }

  /// What operations change.
  struct State: Sendable {
    /// The machine as it is now.
    var machine: VirtualMachine
    /// What the operations have done that led to it.
    var statistics: Statistics
    /// How it came to be so.
    private(set) var log: SessionLog
    /// The answer that showed the vCPU that was last read, with every key and the proposed names, and at which revision.
    fileprivate var lastRead: ReadAnswer?
    /// The last revision that was given to the store; 0 before the session itself was.
    var submitted = 0
    /// The state, by its revision, of which the store has a snapshot; 1 for none.
    var snapshotState = 1
    /// The last revision that watchers were told of, or will be once it is kept.
    var announced = 0
    /// Where the service counts the same; nil while the past is repeated.
    fileprivate var share: ServiceCounts.Share?

    /// What was done, revision by revision.
    var history: History { log.history }
    /// 1 when it was made; one more for each operation that was applied, each undo and each redo.
    var revision: Int { log.history.revision }
    /// When the last revision came about.
    var updated: Timestamp { log.history.time(of: revision) }

    /// The present state of a session whose log comes from the store, which has a snapshot at a state.
    init(_ log: SessionLog, snapshot: Int) throws(OperationError) {
      self.init(try log.moment(at: log.history.revision), log)
      (submitted, announced, snapshotState) = (revision, revision, snapshot)
    }

    /// A machine that has just been made.
    init(made machine: VirtualMachine, at time: Timestamp) {
      let moment = Moment(made: machine)
      self.init(moment, SessionLog(moment, made: time))
    }

    fileprivate init(_ moment: Moment, _ log: SessionLog) {
      machine = moment.machine
      statistics = moment.statistics
      self.log = log
    }
  }

  let id: SessionID
  /// What the client called it.
  let name: String?
  /// How its vCPUs began.
  let boot: Boot
  /// The lab that it belongs to.
  let enrolment: Enrolment?
  let created: Timestamp
  /// The session and revision that it is a fork of, if it was made as one.
  let source: (session: SessionID, revision: Int)?
  /// Those who watch the session.
  let watchers = Watchers()
  let life = Atomic(Life.live)
  private let kept: Atomic<Int>
  /// When it was last used, in seconds since 1970, and which such time the store has.
  let lastUse: Atomic<Int>
  let storedUse: Atomic<Int>
  private let state: Mutex<State>

  /// A session with a machine that has just been made.
  convenience init(
    name: String?, boot: Boot, enrolment: Enrolment? = nil, machine: VirtualMachine, at time: Timestamp,
    counts: ServiceCounts = ServiceCounts()
  ) {
    let state = State(made: machine, at: time)
    self.init(name: name, boot: boot, enrolment: enrolment, created: time, state, counts: counts)
    self.state.withLock { $0.share?.countPages(of: machine) }
  }

  /// A session that begins as another one is in a state, with all its history.
  convenience init(
    name: String?, boot: Boot, enrolment: Enrolment? = nil, _ state: State, of source: SessionID,
    at time: Timestamp, counts: ServiceCounts
  ) {
    var state = state
    (state.submitted, state.announced) = (0, state.revision)
    self.init(
      name: name, boot: boot, enrolment: enrolment, created: time, source: (source, state.revision), state,
      counts: counts)
  }

  /// A session in a state, which counts from now on.
  init(
    id: SessionID = SessionID(), name: String?, boot: Boot, enrolment: Enrolment?, created: Timestamp,
    source: (session: SessionID, revision: Int)? = nil, used: Timestamp? = nil, _ state: State,
    counts: ServiceCounts
  ) {
    self.id = id
    self.name = name
    self.boot = boot
    self.enrolment = enrolment
    self.created = created
    self.source = source
    kept = Atomic(state.submitted)
    lastUse = Atomic((used ?? created).seconds)
    storedUse = Atomic((used ?? created).seconds)
    var state = state
    state.share = counts.share(of: id)
    self.state = Mutex(state)
  }

  /// The last revision that is known to be kept, and of which watchers were told; 1 while none is.
  var keptRevision: Int { max(1, kept.load(ordering: .acquiring)) }

  /// Notes that all up to a revision is kept, and tells the news of it.
  func keep(_ revision: Int, _ news: News?) {
    kept.max(revision, ordering: .releasing)
    news?.publish()
  }

  /// Works with the state, if nobody else does just now; nil if somebody does.
  func withStateIfAvailable<Result>(_ body: (inout sending State) -> sending Result) -> sending Result? {
    state.withLockIfAvailable(body)
  }

  /// Works with the state; no other request does meanwhile.
  func withState<Result: ~Copyable, Failure: Error>(
    _ body: (inout sending State) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    try state.withLock(body)
  }
}

extension Session.State {
  /// Applies an operation at a time. If it makes no sense, nothing changes.
  mutating func apply(
    _ operation: Operation, detail: Detail, at time: Timestamp
  ) throws(OperationError) -> OperationResult {
    let result = try machine.apply(operation, detail: detail)
    lastRead = nil
    statistics.count(result)
    share?.count(operation, result)
    log.append(
      operation, result.outcome, at: time,
      leadingTo: Moment(machine: machine, statistics: statistics))
    return result
  }

  /// Applies what a client asks for, whose body stands at `pointer`, if a history of at most `limit` bytes holds it.
  mutating func apply(
    _ request: OperationRequest, at pointer: String = "", detail: Detail, time: Timestamp, limit: Int
  ) throws(ProblemDetails) -> (operation: Operation, result: OperationResult) {
    let operation = request.resolved(on: machine)
    try history.checkRoom(for: History.bytes(of: operation), limit: limit, at: pointer)
    do throws(OperationError) {
      return (operation, try apply(operation, detail: detail, at: time))
    } catch {
      throw request.problem(error, at: pointer)
    }
  }

  /// Undoes operations, at most as many as can be; gives their revisions, the last first.
  mutating func undo(_ steps: Int, at time: Timestamp) throws(OperationError) -> [Int] {
    let (operations, state) = history.wayBack(steps)
    try bringBack(state, by: .undo(operations.count), at: time)
    return operations
  }

  /// Does operations again that were undone, at most as many as can be; gives their revisions in order.
  mutating func redo(_ steps: Int, at time: Timestamp) throws(OperationError) -> [Int] {
    let (operations, state) = history.wayForth(steps)
    try bringBack(state, by: .redo(operations.count), at: time)
    return operations
  }

  private mutating func bringBack(
    _ state: Int, by step: History.Step, at time: Timestamp
  ) throws(OperationError) {
    let moment = try log.moment(at: state)
    log.append(step, to: state, at: time)
    (machine, statistics) = (moment.machine, moment.statistics)
  }

  /// The answer that shows a vCPU with every key and the proposed names. It is made once, and kept until another operation
  /// was applied or another vCPU is read.
  mutating func answer(
    forVCPU index: Int, _ make: (_ document: [UInt8]) -> Response
  ) -> Response {
    if lastRead?.vcpu == index, lastRead?.revision == revision, let answer = lastRead?.answer {
      return answer
    }
    var json = JSONWriter(capacity: 8 * 1024)
    machine.vcpus[index].write(to: &json, .proposed, in: machine, isAlone: true)
    var answer = make(json.finish())
    // Put together now, for all who read it.
    answer.fields = ResponseFields(lines: answer.fields.lines)
    lastRead = ReadAnswer(vcpu: index, revision: revision, answer: answer)
    return answer
  }

  /// The session as it was at a revision.
  func past(_ revision: Int) throws(OperationError) -> Session.State {
    guard revision < self.revision else { return self }
    return Session.State(try log.moment(at: revision), log.prefix(upTo: revision))
  }
}

/// An answer that showed a vCPU, and at which revision.
private struct ReadAnswer: Sendable {
  let vcpu: Int
  let revision: Int
  let answer: Response
}

extension History {
  /// Refuses to take more bytes than `limit` in all.
  func checkRoom(for more: Int, limit: Int, at pointer: String = "") throws(ProblemDetails) {
    guard bytes > limit - more else { return }
    throw ProblemDetails(
      .limitExceeded,
      [
        JSONProblem(
          pointer: pointer,
          detail:
            "the session's history holds \(limit) bytes at most, and its \(revision) revisions leave no room; "
            + "its export makes a new session of what was not undone")
      ])
  }
}
