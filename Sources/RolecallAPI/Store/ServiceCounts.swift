import KVMModel
import Metrics
import Synchronization

/// What the operations of all sessions have done since the process began, also of sessions that are gone.
final class ServiceCounts: Sendable {
  /// The share of some sessions, so that requests for different sessions seldom wait for each other.
  final class Share: Sendable {
    private let counts = Mutex(Counts())

    /// Counts an operation that was applied.
    func count(_ operation: Operation, _ result: OperationResult) {
      counts.withLock {
        $0.operations[operation.kind.rawValue] += 1
        $0.statistics.count(result)
      }
    }

    /// Counts what a new machine has.
    func countPages(of machine: borrowing VirtualMachine) {
      counts.withLock { $0.statistics.countPages(of: machine) }
    }

    fileprivate func add(to sum: inout Counts) {
      let counts = counts.withLock { $0 }
      for kind in counts.operations.indices { sum.operations[kind] += counts.operations[kind] }
      sum.statistics.add(counts.statistics)
    }
  }

  fileprivate struct Counts {
    /// Those of each kind, by its raw value.
    var operations = OperationKind.allCases.map { _ in 0 }
    var statistics = Statistics()
  }

  private let shares = (0..<16).map { _ in Share() }
  private let problems = Mutex<[ProblemType: Int]>([:])

  /// The share of a session.
  func share(of id: SessionID) -> Share {
    shares[id.shard % shares.count]
  }

  /// Counts a request that was answered by a problem.
  func count(_ problem: ProblemType) {
    problems.withLock { $0[problem, default: 0] += 1 }
  }

  /// Adds every family.
  func write(to text: inout MetricsText) {
    var sum = Counts()
    for share in shares { share.add(to: &sum) }
    text.begin(.counter, "rolecall_operations", "Operations that were applied, by kind.")
    for kind in OperationKind.allCases {
      text.sample(["kind": kind.name.description], sum.operations[kind.rawValue])
    }
    sum.statistics.write(to: &text)
    text.begin(
      .counter, "rolecall_problems", "Requests that the API refused, by type of the problem document.")
    let counts = problems.withLock { $0 }
    for type in ProblemType.allCases { text.sample(["type": type.slug], counts[type, default: 0]) }
  }
}
