import JSON
import KVMModel
import Synchronization

/// A virtual machine that a client works with.
final class Session: Sendable {
  /// What operations change.
  struct State: Sendable {
    /// The machine as it is now.
    var machine: VirtualMachine
    /// What the operations have done that led to it.
    var statistics: Statistics
    /// How it came to be so.
    private(set) var log: SessionLog
    /// Where the service counts the same.
    fileprivate let share: ServiceCounts.Share

    /// What was done, revision by revision.
    var history: History { log.history }
    /// 1 when it was made; one more for each operation that was applied, each undo and each redo.
    var revision: Int { log.history.revision }
    /// When the last revision came about.
    var updated: Timestamp { log.history.time(of: revision) }

    fileprivate init(_ moment: Moment, _ log: SessionLog, _ share: ServiceCounts.Share) {
      machine = moment.machine
      statistics = moment.statistics
      self.log = log
      self.share = share
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
  private let state: Mutex<State>

  /// A session with a machine that has just been made.
  convenience init(
    name: String?, boot: Boot, enrolment: Enrolment? = nil, machine: VirtualMachine, at time: Timestamp,
    counts: ServiceCounts = ServiceCounts()
  ) {
    var statistics = Statistics()
    statistics.countPages(of: machine)
    let moment = Moment(machine: machine, statistics: statistics)
    self.init(
      name: name, boot: boot, enrolment, moment, SessionLog(moment, made: time), at: time, counts: counts)
    state.withLock { $0.share.countPages(of: machine) }
  }

  /// A session that begins as another one is in a state, with all its history.
  convenience init(
    name: String?, boot: Boot, enrolment: Enrolment? = nil, _ state: State, at time: Timestamp,
    counts: ServiceCounts
  ) {
    self.init(
      name: name, boot: boot, enrolment, Moment(machine: state.machine, statistics: state.statistics),
      state.log,
      at: time, counts: counts)
  }

  private init(
    name: String?, boot: Boot, _ enrolment: Enrolment?, _ moment: Moment, _ log: SessionLog,
    at time: Timestamp,
    counts: ServiceCounts
  ) {
    id = SessionID()
    self.name = name
    self.boot = boot
    self.enrolment = enrolment
    created = time
    state = Mutex(State(moment, log, counts.share(of: id)))
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
    statistics.count(result)
    share.count(operation, result)
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

  /// The session as it was at a revision.
  func past(_ revision: Int) throws(OperationError) -> Session.State {
    guard revision < self.revision else { return self }
    return Session.State(try log.moment(at: revision), log.prefix(upTo: revision), share)
  }
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
