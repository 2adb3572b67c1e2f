extension VirtualMachine {
  /// Passes after which a vCPU that still does not settle is given up; KVM has no such bound.
  private static let maximumPasses = 16

  /// The requests that concern the MMU, in the order in which `vcpu_enter_guest` serves them.
  private static let service: [(request: Requests, serve: @Sendable (inout VirtualMachine) -> Void)] = [
    (.freeObsoleteRoots, { $0.freeObsoleteRoots() }),
    (.mmuSync, { $0.syncRoots(serving: true) }),
    (.loadMMUPGD, { $0.loadPGD(serving: true) }),
    (.tlbFlush, { $0.flushAll() }),
    (.tlbFlushCurrent, { $0.flushCurrent(serving: true) }),
    (.tlbFlushGuest, { $0.flushGuest() }),
  ]

  /// What happens for the MMU before the guest runs (`vcpu_enter_guest` in the loop of `vcpu_run`): pending requests
  /// in order, then a root, until nothing is pending.
  mutating func enterGuest() -> Outcome {
    if vcpu.requests.isEmpty && activeMMU.root.hpa != nil {
      say("vcpu_enter_guest") { _ in "Nothing is pending and the root is valid: the guest runs." }
      return .ok
    }
    for pass in 1...Self.maximumPasses {
      enter("vcpu_enter_guest") { machine in
        let pending = machine.vcpu.requests
        return (pass == 1 ? "The vCPU is about to run" : "Pass \(pass)")
          + (pending.isEmpty ? "; nothing is pending." : "; pending: \(pending).")
      }
      defer { leave() }
      for row in Self.service where take(row.request) { row.serve(&self) }
      if let outcome = serveTripleFault() { return outcome }
      do {
        try reload()
        if vcpu.requests.isEmpty { return .ok }
      } catch {
        guard error == .noPages else { continue }
        return .internalError(.noShadowPages)
      }
    }
    return .internalError(
      Refusal(function: "vcpu_enter_guest", reason: "requests still pend after \(Self.maximumPasses) passes"))
  }

  /// Serves TRIPLE_FAULT: L1 sees its guest shut down, or the machine stops.
  private mutating func serveTripleFault() -> Outcome? {
    guard vcpu.requests.contains(.tripleFault) else { return nil }
    offerTripleFaultToL1()
    guard take(.tripleFault) else { return nil }
    say("vcpu_enter_guest", effect: .served(.tripleFault)) { _ in
      "The triple fault stops the machine: user space gets KVM_EXIT_SHUTDOWN."
    }
    return .shutdown(
      Refusal(
        function: "vcpu_enter_guest",
        reason: "triple fault: the tables that the root would shadow can't be used"))
  }
}
