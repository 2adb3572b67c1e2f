extension VirtualMachine {
  /// The exit reason of a VM entry that fails on the guest's state: 33 with bit 31 set (Intel SDM volume 3,
  /// section 27.8).
  private static let entryFailure: UInt32 = 0x8000_0021

  /// VMLAUNCH (`nested_vmx_run`).
  mutating func vmxEnter(_ request: NestedEntry) throws(Refused) {
    let entry = vmxEntry(request)
    enter("nested_vmx_run") { _ in
      "L1 executes VMLAUNCH for a guest \(entry.ept ? "with" : "without") EPT and "
        + (entry.vpid == 0 ? "without VPID." : "with VPID \(entry.vpid).")
    }
    defer { leave() }
    try checkVMXPermission("nested_vmx_run")
    if vcpu.smm {
      throw .exception(
        .undefinedOpcode, "nested_vmx_check_permission",
        "VMX operation is suspended in system management mode (vmx_enter_smm)")
    }
    vcpu.nestedState.hasCurrentVMCS = true
    if let refusal = VMXEntry.controls.refusal(of: entry) {
      let detail = entry.ept ? entry.eptpProblem.map { ": \($0)" } : nil
      throw vmFail(.invalidControlFields, refusal.function, refusal.reason + (detail ?? ""))
    }
    if let refusal = VMXEntry.hostState.refusal(of: entry) {
      throw vmFail(.invalidHostState, refusal.function, refusal.reason)
    }
    if entry.ept { vcpu.nestedState.eptp = entry.eptp }
    try enterNonRootMode(entry, pdptrs: request.pdptrs)
  }

  private func vmxEntry(_ request: NestedEntry) -> VMXEntry {
    let l1 = vcpu.registers
    var l2 = request.l2.applied(to: l1)
    l2.codeSegmentLong = request.l2.codeSegmentLong ?? l2.efer.contains(.lma)
    let host = request.host.applied(to: l1)
    let ept = request.nestedPaging ?? (request.pgd != nil || vcpu.nestedState.eptp != nil)
    let field = ept ? vcpu.nestedState.eptp : nil
    return VMXEntry(
      ept: ept,
      eptp: request.pgd.map(EPTPointer.init(rawValue:)) ?? field ?? EPTPointer(rawValue: 0),
      vpid: request.vpid, l2: l2, host: host, l1: l1, capabilities: machine.nestedCapabilities,
      cpuid: vcpu.cpuid, allowedCR4: machine.allowedCR4(vcpu.cpuid), allowedEFER: machine.allowedEFER)
  }

  /// The switch to L2 (`nested_vmx_enter_non_root_mode`, `prepare_vmcs02`).
  private mutating func enterNonRootMode(_ entry: VMXEntry, pdptrs: SIMD4<UInt64>) throws(Refused) {
    enter("nested_vmx_enter_non_root_mode") { _ in "The checks of controls and host state passed." }
    defer { leave() }
    let guest = VMXGuest(
      ept: entry.ept, eptp: entry.eptp, vpid: entry.vpid, pdptrs: pdptrs, host: entry.host)
    serveLocalFlushRequests()
    if !vcpu.nestedState.vmcs02Loaded {
      vcpu.nestedState.vmcs02Loaded = true
      raise(.tlbFlush, "the VMCS for L2 is loaded for the first time")
    }
    if !entry.ept && vcpu.registers.isPAEPaging && !loadPDPTRs(vcpu.registers.cr3) {
      throw Refused(
        outcome: .internalError(
          Refusal(
            function: "nested_get_vmcs12_pages",
            reason: "L1 itself is in PAE paging, and its PDPTEs can't be loaded")))
    }
    if let refusal = VMXEntry.guestState.refusal(of: entry) { throw failEntry(guest, 0, refusal) }
    vcpu.guestMode = true
    vcpu.nested = NestedGuest(l1: entry.l1, control: .vmx(guest))
    transitionFlush(guest, isEntry: true)
    if entry.ept {
      vcpu.mmu = .guest
      initShadowEPT(entry.eptp)
      vcpu.walkMMU = .nested
    }
    vendorSetCR0(entry.l2.cr0)
    vendorSetCR4(entry.l2.cr4)
    vendorSetEFER(entry.l2.efer)
    vcpu.registers.codeSegmentLong = entry.l2.codeSegmentLong
    do {
      try loadNestedCR3(entry.l2.cr3, nestedPaging: entry.ept)
    } catch {
      serveLocalFlushRequests()
      leaveGuestMode()
      throw failEntry(guest, error.isPDPTR ? 2 : 0, error.refusal)
    }
  }

  /// A VM entry that fails after the checks: L1 runs on its host state.
  private mutating func failEntry(_ guest: VMXGuest, _ qualification: UInt64, _ refusal: Refusal) -> Refused {
    say(refusal.function) { _ in
      "Refused: \(refusal.reason). L1 sees an exit with reason 33, entry failure, and runs on its host state."
    }
    loadHostState(guest)
    return Refused(
      outcome: .entryFailed(
        exitReason: Self.entryFailure, qualification: qualification, refusal: refusal))
  }

  /// Which flush a switch between L1 and L2 asks for (`nested_vmx_transition_tlb_flush`).
  private mutating func transitionFlush(_ guest: VMXGuest, isEntry: Bool) {
    if guest.vpid == 0 {
      raise(.tlbFlushGuest, "without VPID a switch between L1 and L2 flushes the guest's translations")
    } else if isEntry && guest.vpid != vcpu.nestedState.lastVPID {
      vcpu.nestedState.lastVPID = guest.vpid
      raise(.tlbFlushGuest, "L1 gave its guest another VPID than at the last entry")
    }
  }

  /// A VM exit to L1 (`nested_vmx_vmexit`).
  mutating func vmxExit(_ guest: VMXGuest, _ why: String) {
    enter("nested_vmx_vmexit") { _ in "L2 exits to L1: \(why)." }
    vcpu.requests.remove(.getNestedStatePages)
    serveLocalFlushRequests()
    leaveGuestMode()
    loadHostState(guest)
    leave()
  }

  private mutating func leaveGuestMode() {
    vcpu.guestMode = false
    vcpu.nested = nil
  }

  /// L1's registers and MMU come back (`load_vmcs12_host_state`).
  private mutating func loadHostState(_ guest: VMXGuest) {
    enter("load_vmcs12_host_state") { _ in
      "L1 runs on with the registers of its VMCS's host state and with root_mmu."
    }
    vendorSetEFER(guest.host.efer)
    vendorSetCR0(guest.host.cr0)
    vendorSetCR4(guest.host.cr4)
    vcpu.mmu = .root
    vcpu.walkMMU = .root
    do {
      try loadNestedCR3(guest.host.cr3, nestedPaging: false)
    } catch {
      raise(.tripleFault, "VMX abort: the PDPTEs of the host state can't be loaded")
    }
    transitionFlush(guest, isEntry: false)
    vcpu.registers.codeSegmentLong = guest.host.efer.contains(.lma)
    leave()
  }

  /// EPTP switching by VMFUNC in L2 (`handle_vmfunc`, `nested_vmx_eptp_switching`).
  mutating func switchEPTP(_ guest: VMXGuest, to eptp: EPTPointer) throws(Refused) {
    enter("nested_vmx_eptp_switching") { _ in "L2 asks by VMFUNC for the EPT at \(hex: eptp.rawValue)." }
    defer { leave() }
    let problem =
      guest.ept
      ? eptp.problem(
        capabilities: machine.nestedCapabilities, reservedAddressBits: vcpu.cpuid.reservedAddressBits
      )
      .map { "the new EPT pointer is not valid: \($0)" }
      : "L2 runs without EPT, so L1 has not enabled the function"
    if let problem {
      vmxExit(guest, problem)
      throw Refused(
        outcome: .vmExit(
          .vmx(reason: 59, qualification: 0, guestPhysicalAddress: nil),
          refusal: Refusal(function: "handle_vmfunc", reason: problem)))
    }
    guard eptp != guest.eptp else {
      say("nested_vmx_eptp_switching") { _ in "It is the one in use: nothing happens." }
      return
    }
    var switched = guest
    switched.eptp = eptp
    vcpu.nested?.control = .vmx(switched)
    vcpu.nestedState.eptp = eptp
    initShadowEPT(eptp)
    if guest.vpid == 0 {
      raise(.tlbFlushGuest, "without VPID the translations of the old EPT must go")
    }
  }
}
