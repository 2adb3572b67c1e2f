extension VirtualMachine {
  /// Gives a fault of a walk to whom it concerns: the guest whose tables faulted, or L1 by an exit
  /// (`kvm_inject_emulated_page_fault`).
  mutating func inject(_ fault: WalkFault) -> Outcome {
    let name = fault.nested ? vcpu.mmu : vcpu.walkMMU
    enter("kvm_inject_emulated_page_fault") { machine in
      fault.nested
        ? "The fault is in L1's nested tables, so L1 sees an exit."
        : "The fault is in the tables of the guest that runs (\(name.rawValue)), so that guest gets #PF."
    }
    defer { leave() }
    do {
      try invalidateFaulting(fault, name)
    } catch {
      return error.outcome
    }
    switch (name, vcpu.nested?.control) {
    case (.guest, .vmx(let guest)?): return injectEPTFault(fault, guest)
    case (.guest, .svm?): return injectNPTFault(fault)
    default: return .pageFault(fault, in: "kvm_inject_page_fault")
    }
  }

  /// Drops what is held for an address that is present but may not be used so: else the access would fault for ever where
  /// only that is out of date. For EPT also below previous roots of the same tables (`nested_ept_inject_page_fault`).
  private mutating func invalidateFaulting(_ fault: WalkFault, _ name: MMUName) throws(Refused) {
    if fault.errorCode.contains(.present) && !fault.errorCode.contains(.reserved) {
      try invalidateGVA(name, fault.address, root: vcpu[name].root.hpa)
    }
    guard name == .guest, case .vmx(let guest)? = vcpu.nested?.control else { return }
    let table = guest.eptp.rawValue & bits(12, 51)
    let roots = vcpu[name].previousRoots.filter { $0.hpa != nil && $0.pgd & bits(12, 51) == table }
    try invalidateShadow(name, roots.map(\.hpa), fault.address)
  }

  /// An EPT violation or misconfiguration for L1 (`nested_ept_inject_page_fault`).
  private mutating func injectEPTFault(_ fault: WalkFault, _ guest: VMXGuest) -> Outcome {
    let isMisconfiguration = fault.errorCode.contains(.reserved)
    let qualification = vcpu.exitQualification
    let name = isMisconfiguration ? "EPT misconfiguration" : "EPT violation"
    vmxExit(guest, name)
    return .vmExit(
      .vmx(
        reason: isMisconfiguration ? 49 : 48, qualification: qualification,
        guestPhysicalAddress: fault.address),
      refusal: Refusal(function: "nested_ept_inject_page_fault", reason: "\(name) at \(hex(fault.address))"))
  }

  /// A nested page fault for L1 (`nested_svm_inject_npf_exit`). One that no exit of the hardware led to is always said
  /// to be on the final address.
  private mutating func injectNPTFault(_ fault: WalkFault) -> Outcome {
    let stage = vcpu.nestedFaultStage ?? .guestFinal
    svmExit("nested page fault")
    return .vmExit(
      .svm(
        code: 0x400, info1: stage.rawValue | fault.errorCode.rawValue & 0xffff_ffff,
        info2: fault.address),
      refusal: Refusal(
        function: "nested_svm_inject_npf_exit", reason: "nested page fault at \(hex(fault.address))"))
  }
}

extension Outcome {
  /// #PF for the guest whose own tables faulted.
  static func pageFault(_ fault: WalkFault, in function: String) -> Outcome {
    .exception(
      .pageFault, errorCode: UInt32(truncatingIfNeeded: fault.errorCode.rawValue), address: fault.address,
      refusal: Refusal(
        function: function,
        reason: "the walk of \(hex(fault.address)) \(fault.errorCode.cause) (\(fault.errorCode.summary))"))
  }
}

extension AccessMode {
  /// Why a walk ended so.
  fileprivate var cause: String {
    if contains(.reserved) { return "finds reserved bits set" }
    return contains(.present) ? "finds a page that the access may not use" : "finds no present entry"
  }
}
