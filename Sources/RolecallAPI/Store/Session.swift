import JSON
import KVMModel
import Synchronization

/// A virtual machine that a client works with.
final class Session: Sendable {
  /// What operations change.
  struct State: Sendable {
    /// The machine as it is now.
    var machine: VirtualMachine
    /// 1 when it was made; one more for each operation that was applied.
    var revision = 1
    /// When the last operation was applied.
    var updated: Timestamp
    /// What the operations have done.
    var statistics = Statistics()
    /// The document of the vCPU that was last read, with every key and the proposed names, at the revision it was read.
    fileprivate var lastRead: (vcpu: Int, revision: Int, bytes: [UInt8])?
    /// Where the service counts the same.
    fileprivate let share: ServiceCounts.Share
  }

  let id: SessionID
  /// What the client called it.
  let name: String?
  /// How its vCPUs began.
  let boot: Boot
  let created: Timestamp
  private let state: Mutex<State>

  init(
    name: String?, boot: Boot, machine: VirtualMachine, at time: Timestamp,
    counts: ServiceCounts = ServiceCounts()
  ) {
    id = SessionID()
    self.name = name
    self.boot = boot
    created = time
    var state = State(machine: machine, updated: time, share: counts.share(of: id))
    state.statistics.countPages(of: machine)
    state.share.countPages(of: machine)
    self.state = Mutex(state)
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
    revision += 1
    lastRead = nil
    updated = time
    statistics.count(result)
    share.count(operation, result)
    return result
  }

  /// The document of a vCPU of the machine, with every key and the proposed names. It is written once, and kept until
  /// another operation was applied or another vCPU is read.
  mutating func document(ofVCPU index: Int) -> [UInt8] {
    if let lastRead, lastRead.vcpu == index, lastRead.revision == revision { return lastRead.bytes }
    var json = JSONWriter(capacity: 8 * 1024)
    machine.vcpus[index].write(to: &json, .proposed, in: machine, isAlone: true)
    let bytes = json.finish()
    lastRead = (index, revision, bytes)
    return bytes
  }
}
