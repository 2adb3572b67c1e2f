extension VirtualMachine {
  /// The check that VMX instructions begin with (`nested_vmx_check_permission`).
  func checkVMXPermission(_ function: String) throws(Refused) {
    guard vcpu.nestedState.vmxon else {
      throw .exception(
        .undefinedOpcode, function, "the vCPU is not in VMX operation: VMXON comes first")
    }
  }

  /// VMfail with an error number, or without one if no VMCS is current (`nested_vmx_fail`).
  func vmFail(_ error: VMInstructionError, _ function: String, _ reason: String) -> Refused {
    vcpu.nestedState.hasCurrentVMCS
      ? .vmFail(error, function, reason)
      : Refused(outcome: .vmFail(error: nil, refusal: Refusal(function: function, reason: reason)))
  }

  /// VMXON (`handle_vmxon`).
  mutating func vmxon() throws(Refused) {
    enter("handle_vmxon") { _ in "L1 executes VMXON. That changes no MMU." }
    defer { leave() }
    if !vcpu.registers.cr4.contains(.vmxe) {
      throw .exception(.undefinedOpcode, "handle_vmxon", "CR4.VMXE is 0")
    }
    if vcpu.nestedState.vmxon {
      throw vmFail(.vmxonInRootOperation, "handle_vmxon", "VMX operation is on already")
    }
    vcpu.nestedState = NestedState(vmxon: true, hasCurrentVMCS: false)
  }

  /// VMXOFF (`handle_vmxoff`, `free_nested`).
  mutating func vmxoff() throws(Refused) {
    enter("handle_vmxoff") { _ in
      "L1 executes VMXOFF. What KVM keeps for its guests is to go, every root of guest_mmu with it."
    }
    defer { leave() }
    try checkVMXPermission("handle_vmxoff")
    freeRoots(.guest, .all)
    vcpu.requests.remove(.getNestedStatePages)
    vcpu.nestedState = NestedState(vmxon: false, hasCurrentVMCS: false)
  }

  /// INVEPT (`handle_invept`).
  mutating func invept(type: UInt64, eptp: EPTPointer) throws(Refused) {
    let function = "handle_invept"
    enter("handle_invept") { _ in "L1 executes INVEPT of type \(type)." }
    defer { leave() }
    let capabilities = machine.nestedCapabilities
    guard capabilities.ept else { throw .exception(.undefinedOpcode, function, "L1 has no EPT") }
    try checkVMXPermission(function)
    switch type {
    case 1:
      if let problem = eptp.problem(
        capabilities: capabilities, reservedAddressBits: vcpu.cpuid.reservedAddressBits)
      {
        throw vmFail(.invalidOperand, function, "the EPT pointer is not valid: \(problem)")
      }
      freeGuestRoots(matching: eptp)
    case 2: freeRoots(.guest, .all)
    default:
      throw vmFail(.invalidOperand, function, "type \(type) is neither single-context (1) nor global (2)")
    }
  }

  private mutating func freeGuestRoots(matching eptp: EPTPointer) {
    let mmu = vcpu.guestMMU
    func matches(_ root: Root) -> Bool {
      root.hpa != nil && (root.pgd ^ eptp.rawValue) & bits(12, 51) == 0
    }
    var slots = RootSlots(previous: mmu.previousRoots.indices.filter { matches(mmu.previousRoots[$0]) })
    if matches(mmu.root) { slots.insert(.current) }
    say("nested_ept_root_matches") { _ in
      "Only bits 51:12 of the EPT pointers are compared, not the attributes in the low bits."
    }
    freeRoots(.guest, slots)
  }

  /// INVVPID (`handle_invvpid`).
  mutating func invvpid(type: UInt64, vpid: UInt64, gva: UInt64) throws(Refused) {
    let function = "handle_invvpid"
    enter("handle_invvpid") { _ in "L1 executes INVVPID of type \(type) for VPID \(vpid)." }
    defer { leave() }
    guard machine.nestedCapabilities.vpid else {
      throw .exception(.undefinedOpcode, function, "L1 has no VPID")
    }
    try checkVMXPermission(function)
    let rules: [(refused: Bool, reason: String)] = [
      (type > 3, "type \(type) is none of 0 to 3"),
      (vpid >> 16 != 0, "bits 63:16 of the VPID in the descriptor are not 0"),
      (type != 2 && vpid == 0, "VPID 0 is the host's"),
      (type == 0 && !isCanonical(gva), "the address is not canonical"),
    ]
    if let rule = rules.first(where: \.refused) { throw vmFail(.invalidOperand, function, rule.reason) }
    call(.invvpid(type: type == 0 ? 0 : 1, vpid: Self.vpid02))
    if machine.tdp {
      say("handle_invvpid") { _ in "KVM flushes L2's VPID; with EPT no root depends on it." }
    } else {
      freeGuestModeRoots()
    }
  }

  /// Whether an address is canonical for the guest's width (`is_noncanonical_address`, inverted).
  func isCanonical(_ address: UInt64) -> Bool { vcpu.registers.isCanonical(address) }
}
