@testable import KVMModel
import Testing

/// Random operations on random machines.
@Suite struct RandomOperationTests {
  private static let machines = 400
  private static let operationsEach = 100
  private static let stepsBetweenThorough = 10

  @Test func invariantsHoldAfterEachOperation() throws {
    var outcomes: [String: Int] = [:]
    for seed in 1...UInt64(Self.machines) {
      var random = RandomOperations(seed: seed)
      var machine = VirtualMachine(machine: random.machine(), boot: random.pick(Boot.allCases))
      for step in 1...Self.operationsEach {
        let operation = random.operation(vcpus: machine.vcpus.count)
        let before = machine
        do {
          let result = try machine.apply(operation, detail: [])
          outcomes[result.outcome.status, default: 0] += 1
          for fault in result.faults { outcomes[fault.result.rawValue, default: 0] += 1 }
          if result.access?.isEmulated == true { outcomes["emulated", default: 0] += 1 }
          if result.access?.isMMIO == true { outcomes["device", default: 0] += 1 }
          if case .internalError(let refusal) = result.outcome {
            #expect(
              !["vcpu_enter_guest", "hardware"].contains(refusal.function),
              "seed \(seed): \(operation) does not settle")
          }
          if case .vcpu(let number, _, true?) = operation, result.outcome == .ok {
            let vcpu = machine.vcpus[number]
            #expect(vcpu.requests.isEmpty && vcpu[vcpu.mmu].root.hpa != nil, "seed \(seed): \(operation)")
          }
        } catch {
          #expect(machine == before, "seed \(seed): a conflict changed something")
          outcomes["conflict", default: 0] += 1
        }
        // The look at every shadow page takes much longer than an operation.
        let isThorough = step % Self.stepsBetweenThorough == 0
        let broken = Invariants.broken(machine) + (isThorough ? ShadowInvariants.broken(machine) : [])
        try #require(broken.isEmpty, "seed \(seed): \(operation)\n\(broken.joined(separator: "\n"))")
      }
    }
    for status in [
      "ok", "exception", "invalid", "vmfail", "entry-failed", "vmexit", "shutdown", "conflict", "retry",
      "fixed",
      "spurious", "emulate", "emulated", "device",
    ] {
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
            one.narration.allSatisfy { !$0.utf8.isEmpty && $0.depth >= 0 }, "seed \(seed): \(operation)")
          #expect(
            one.access == other.access && one.walk == other.walk && one.map == other.map
              && one.faults.map(\.result) == other.faults.map(\.result)
              && one.pagesCreated == other.pagesCreated && one.pagesZapped == other.pagesZapped
              && one.rootsFreed == other.rootsFreed, "seed \(seed): \(operation)")
          #expect(
            other.narration.isEmpty && other.changes.isEmpty && other.lookups.isEmpty && other.tlb.isEmpty
              && other.walkSteps.isEmpty && other.memoryChanges.isEmpty && other.trace.isEmpty)
        case (.failure(let one), .failure(let other)): #expect(one == other, "seed \(seed): \(operation)")
        default: Issue.record("seed \(seed): \(operation) was refused only once")
        }
      }
      #expect(first == second, "seed \(seed)")
    }
  }

  @Test func changesAreEmptyJustWhenTheVCPUsAreEqual() throws {
    var applied = 0
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
        applied += 1
        #expect(result.changes.allSatisfy { $0.from != $0.to }, "seed \(seed)")
      }
    }
    #expect(applied > 500)
  }

  /// The part of a vCPU that the API shows and that ``Change`` speaks of.
  private struct Shown: Equatable {
    var vcpu: VCPU

    init(_ vcpu: VCPU) {
      self.vcpu = vcpu
      self.vcpu.nested = nil
      self.vcpu.nestedState = NestedState(vmxon: true, hasCurrentVMCS: true)
      self.vcpu.cpuid = GuestCPUID()
      self.vcpu.mmio = MMIOCache()
      self.vcpu.exitQualification = 0
    }
  }
}
