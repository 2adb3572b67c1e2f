@testable import KVMModel
import Testing

/// Random operations on random machines.
@Suite struct RandomOperationTests {
  private static let machines = 1000
  private static let operationsEach = 100

  @Test func invariantsHoldAfterEachOperation() throws {
    var outcomes: [String: Int] = [:]
    for seed in 1...UInt64(Self.machines) {
      var random = RandomOperations(seed: seed)
      var machine = VirtualMachine(machine: random.machine(), boot: random.pick(Boot.allCases))
      for _ in 0..<Self.operationsEach {
        let operation = random.operation(vcpus: machine.vcpus.count)
        let before = machine
        do {
          let result = try machine.apply(operation, detail: [])
          outcomes[result.outcome.status, default: 0] += 1
          if case .internalError(let refusal) = result.outcome {
            #expect(refusal.function != "vcpu_enter_guest", "seed \(seed): \(operation) does not settle")
          }
          if case .vcpu(let number, _, true?) = operation, result.outcome == .ok {
            let vcpu = machine.vcpus[number]
            #expect(vcpu.requests.isEmpty && vcpu[vcpu.mmu].root.hpa != nil, "seed \(seed): \(operation)")
          }
        } catch {
          #expect(machine == before, "seed \(seed): a conflict changed something")
          outcomes["conflict", default: 0] += 1
        }
        let broken = Invariants.broken(machine)
        try #require(broken.isEmpty, "seed \(seed): \(operation)\n\(broken.joined(separator: "\n"))")
      }
    }
    for status in ["ok", "exception", "invalid", "vmfail", "entry-failed", "vmexit", "shutdown", "conflict"] {
      #expect(outcomes[status, default: 0] > 20, "\(status) hardly happened: \(outcomes)")
    }
  }

  @Test func replayGivesTheSameStateAndDetailChangesNothing() throws {
    for seed in 1...UInt64(60) {
      var random = RandomOperations(seed: seed)
      let start = random.machine()
      var first = VirtualMachine(machine: start)
      var second = VirtualMachine(machine: start)
      for _ in 0..<80 {
        let operation = random.operation(vcpus: start.vcpus)
        let one = Result { () throws(OperationError) in try first.apply(operation, detail: .all) }
        let other = Result { () throws(OperationError) in try second.apply(operation, detail: []) }
        switch (one, other) {
        case (.success(let one), .success(let other)):
          #expect(one.outcome == other.outcome, "seed \(seed): \(operation)")
          #expect(
            one.narration.allSatisfy { !$0.text.utf8.isEmpty && $0.depth >= 0 }, "seed \(seed): \(operation)")
          #expect(
            other.narration.isEmpty && other.changes.isEmpty && other.lookups.isEmpty && other.tlb.isEmpty)
        case (.failure(let one), .failure(let other)): #expect(one == other, "seed \(seed): \(operation)")
        default: Issue.record("seed \(seed): \(operation) was refused only once")
        }
      }
      #expect(first == second, "seed \(seed)")
    }
  }

  @Test func changesAreEmptyJustWhenTheVCPUsAreEqual() throws {
    for seed in 1...UInt64(60) {
      var random = RandomOperations(seed: seed)
      var machine = VirtualMachine(machine: random.machine())
      for _ in 0..<60 {
        let before = machine.vcpus.map(Shown.init)
        guard let result = try? machine.apply(random.operation(vcpus: machine.vcpus.count), detail: .changes)
        else {
          continue
        }
        #expect(result.changes.isEmpty == (machine.vcpus.map(Shown.init) == before), "seed \(seed)")
        #expect(result.changes.allSatisfy { $0.from != $0.to }, "seed \(seed)")
      }
    }
  }

  /// The part of a vCPU that the API shows and that ``Change`` speaks of.
  private struct Shown: Equatable {
    var vcpu: VCPU

    init(_ vcpu: VCPU) {
      self.vcpu = vcpu
      self.vcpu.nested = nil
      self.vcpu.nestedState = NestedState(vmxon: true, hasCurrentVMCS: true)
      self.vcpu.cpuid = GuestCPUID()
    }
  }
}
