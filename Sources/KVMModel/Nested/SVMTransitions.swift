/// A VMRUN that L1 asks for, and what its legality depends on.
struct SVMEntry {
  let ncr3: UInt64?
  let l2: Registers
  let machine: Machine
  let cpuid: GuestCPUID

  /// Checks of the save area, then of the control area: exit code -1 (`__nested_vmcb_check_save`,
  /// `__nested_vmcb_check_controls`).
  static let rules: [Rule<SVMEntry>] = [
    Rule(function: "__nested_vmcb_check_save", reason: "EFER.SVME is 0 in the guest's save area") {
      !$0.l2.efer.contains(.svme)
    },
    Rule(function: "__nested_vmcb_check_save", reason: "CR0.NW is set without CR0.CD") {
      $0.l2.cr0.contains(.nw) && !$0.l2.cr0.contains(.cd)
    },
    Rule(function: "__nested_vmcb_check_save", reason: "bits 63:32 of CR0 are reserved") {
      $0.l2.cr0.rawValue >> 32 != 0
    },
    Rule(function: "__nested_vmcb_check_save", reason: "paging with EFER.LME needs CR4.PAE and CR0.PE") {
      $0.longMode && !($0.l2.cr4.contains(.pae) && $0.l2.cr0.contains(.pe))
    },
    Rule(function: "__nested_vmcb_check_save", reason: "CR3 has bits at or above the guest's MAXPHYADDR") {
      $0.longMode && $0.l2.cr3 & $0.cpuid.reservedAddressBits != 0
    },
    Rule(
      function: "__nested_vmcb_check_save", reason: "CR4 sets bits that are reserved or that the CPUID lacks"
    ) { !$0.l2.cr4.isSubset(of: $0.machine.allowedCR4($0.cpuid)) },
    Rule(function: "__nested_vmcb_check_save", reason: "EFER is not one that the CPUID allows") {
      let write = EFERWrite(
        value: $0.l2.efer, old: $0.l2, allowed: $0.machine.allowedEFER, cpuid: $0.cpuid)
      return EFERWrite.validity.refusal(of: write) != nil
    },
    Rule(
      function: "__nested_vmcb_check_controls", reason: "NP_ENABLE is set, but KVM runs without NPT"
    ) { $0.ncr3 != nil && !$0.machine.tdp },
    Rule(
      function: "__nested_vmcb_check_controls", reason: "nCR3 has bits at or above the guest's MAXPHYADDR"
    ) { ($0.ncr3 ?? 0) & $0.cpuid.reservedAddressBits != 0 },
  ]

  private var longMode: Bool { l2.efer.contains(.lme) && l2.cr0.contains(.pg) }
}

extension VirtualMachine {
  /// The exit code of a VMRUN that fails: -1 in 64 bits (AMD APM volume 2, appendix C).
  private static let invalidExitCode: UInt64 = .max

  /// VMRUN (`nested_svm_vmrun`, `enter_svm_guest_mode`).
  mutating func svmEnter(_ request: NestedEntry) throws(Refused) {
    let nestedPaging = request.nestedPaging ?? (request.pgd != nil)
    enter("nested_svm_vmrun") { _ in
      "L1 executes VMRUN for a guest \(nestedPaging ? "with" : "without") nested paging."
    }
    defer { leave() }
    try checkSVMPermission("nested_svm_check_permissions")
    if vcpu.smm {
      throw .exception(.undefinedOpcode, "nested_svm_vmrun", "VMRUN is not allowed in system management mode")
    }
    let l1 = vcpu.registers
    var l2 = request.l2.applied(to: l1)
    l2.codeSegmentLong = request.l2.codeSegmentLong ?? l2.efer.contains(.lma)
    let ncr3 = nestedPaging ? request.pgd ?? 0 : nil
    let entry = SVMEntry(ncr3: ncr3, l2: l2, machine: machine, cpuid: vcpu.cpuid)
    if let refusal = SVMEntry.rules.refusal(of: entry) { throw invalidVMCB(refusal) }
    vcpu.nestedState.savedL1 = l1
    transitionFlush()
    vcpu.guestMode = true
    vcpu.nested = NestedGuest(l1: l1, control: .svm(SVMGuest(ncr3: ncr3)))
    if let ncr3 {
      vcpu.mmu = .guest
      initShadowNPT(ncr3, l1: l1)
      vcpu.walkMMU = .nested
    }
    vendorSetEFER(l2.efer)
    vendorSetCR0(l2.cr0)
    vendorSetCR4(l2.cr4)
    vcpu.registers.codeSegmentLong = l2.codeSegmentLong
    do {
      try loadNestedCR3(l2.cr3, nestedPaging: ncr3 != nil)
    } catch {
      svmExit("its CR3 can't be loaded")
      throw invalidVMCB(error.refusal)
    }
  }

  private func invalidVMCB(_ refusal: Refusal) -> Refused {
    Refused(
      outcome: .vmExit(.svm(code: Self.invalidExitCode, info1: 0, info2: 0), refusal: refusal))
  }

  /// The check that SVM instructions begin with (`nested_svm_check_permissions`).
  func checkSVMPermission(_ function: String) throws(Refused) {
    if !vcpu.registers.efer.contains(.svme) || !vcpu.registers.isPaging {
      throw .exception(.undefinedOpcode, function, "EFER.SVME or CR0.PG is 0")
    }
  }

  /// Every switch between L1 and L2 flushes and syncs, as KVM gives both the same ASID
  /// (`nested_svm_transition_tlb_flush`).
  private mutating func transitionFlush() {
    raise([.mmuSync, .tlbFlushCurrent], "L1 and L2 share one ASID, so each switch flushes and syncs")
  }

  /// #VMEXIT to L1 (`nested_svm_vmexit`).
  mutating func svmExit(_ why: String) {
    guard let l1 = vcpu.nestedState.savedL1 else { return }
    enter("nested_svm_vmexit") { _ in "L2 exits to L1: \(why)." }
    defer { leave() }
    vcpu.guestMode = false
    vcpu.nested = nil
    vcpu.requests.remove(.getNestedStatePages)
    vendorSetEFER(l1.efer)
    vendorSetCR0(l1.cr0.union(.pe))
    vendorSetCR4(vcpu.nestedState.savedL1?.cr4 ?? l1.cr4)
    transitionFlush()
    vcpu.mmu = .root
    vcpu.walkMMU = .root
    vcpu.registers.codeSegmentLong = l1.codeSegmentLong
    vcpu.nestedState.savedL1 = nil
    do {
      try loadNestedCR3(l1.cr3, nestedPaging: false)
    } catch {
      raise(.tripleFault, "L1's CR3 can't be loaded; it goes on with L2's")
    }
  }

  /// Leaves L2 without an exit (`svm_leave_nested`): roles, roots and registers stay as they are.
  mutating func svmLeaveNested() {
    say("svm_leave_nested") { _ in
      "EFER.SVME was cleared in L2: guest mode ends at once, and no role is computed."
    }
    vcpu.guestMode = false
    vcpu.nested = nil
    vcpu.nestedState.savedL1 = nil
    vcpu.mmu = .root
    vcpu.walkMMU = .root
    vcpu.requests.remove(.getNestedStatePages)
  }
}
