/// A VM entry that L1 asks for, and what its legality depends on.
struct VMXEntry {
  let ept: Bool
  let eptp: EPTPointer
  let vpid: UInt16
  let l2: Registers
  let host: Registers
  let l1: Registers
  let capabilities: NestedCapabilities
  let cpuid: GuestCPUID
  let allowedCR4: CR4
  let allowedEFER: EFER

  /// Checks of the execution controls: VMfail 7 (`nested_vmx_check_controls`).
  static let controls: [Rule<VMXEntry>] = [
    Rule(
      function: "nested_check_vm_execution_controls", reason: "the VPID control is on, but L1 has no VPID"
    ) { $0.vpid != 0 && !$0.capabilities.vpid },
    Rule(function: "nested_check_vm_execution_controls", reason: "the EPT control is on, but L1 has no EPT") {
      $0.ept && !$0.capabilities.ept
    },
    Rule(function: "nested_vmx_check_eptp", reason: "the EPT pointer is not valid") {
      $0.ept && $0.eptpProblem != nil
    },
  ]

  /// Checks of the host state: VMfail 8 (`nested_vmx_check_address_space_size`, `nested_vmx_check_host_state`).
  static let hostState: [Rule<VMXEntry>] = [
    Rule(
      function: "nested_vmx_check_address_space_size",
      reason: "the host address-space size (here: EFER.LMA of the host state) must be as EFER.LMA is in L1"
    ) { $0.host64 != $0.l1.efer.contains(.lma) },
    Rule(function: "nested_vmx_check_host_state", reason: "the host CR0 sets bits above 31") {
      $0.host.cr0.rawValue >> 32 != 0
    },
    Rule(function: "nested_vmx_check_host_state", reason: "the host CR4 sets bits that the CPUID lacks") {
      !$0.host.cr4.isSubset(of: $0.allowedCR4)
    },
    Rule(
      function: "nested_vmx_check_host_state", reason: "the host CR3 has bits at or above the MAXPHYADDR"
    ) { $0.host.cr3 & $0.cpuid.reservedAddressBits != 0 },
    Rule(function: "nested_vmx_check_host_state", reason: "a 64-bit host state needs CR4.PAE") {
      $0.host64 && !$0.host.cr4.contains(.pae)
    },
    Rule(
      function: "nested_vmx_check_host_state",
      reason: "a host state that is not 64-bit allows no 64-bit guest"
    ) { !$0.host64 && $0.guest64 },
    Rule(
      function: "nested_vmx_check_host_state", reason: "a host state that is not 64-bit allows no CR4.PCIDE"
    ) { !$0.host64 && $0.host.cr4.contains(.pcide) },
    Rule(function: "nested_vmx_check_host_state", reason: "the host EFER is not one that the CPUID allows") {
      !$0.isValid($0.host.efer)
    },
    Rule(
      function: "nested_vmx_check_host_state",
      reason: "LMA and LME of the host EFER must be as the host address-space size"
    ) { $0.host.efer.contains(.lma) != $0.host64 || $0.host.efer.contains(.lme) != $0.host64 },
  ]

  /// Checks of the guest state: an entry failure (`nested_vmx_check_guest_state`).
  static let guestState: [Rule<VMXEntry>] = [
    Rule(function: "nested_vmx_check_guest_state", reason: "the guest CR0 sets bits above 31") {
      $0.l2.cr0.rawValue >> 32 != 0
    },
    Rule(function: "nested_vmx_check_guest_state", reason: "the guest CR4 sets bits that the CPUID lacks") {
      !$0.l2.cr4.isSubset(of: $0.allowedCR4)
    },
    Rule(function: "nested_vmx_check_guest_state", reason: "the guest CR0 sets PG without PE") {
      $0.l2.cr0.contains(.pg) && !$0.l2.cr0.contains(.pe)
    },
    Rule(function: "nested_vmx_check_guest_state", reason: "a 64-bit guest needs CR4.PAE and CR0.PG") {
      $0.guest64 && (!$0.l2.cr4.contains(.pae) || !$0.l2.cr0.contains(.pg))
    },
    Rule(function: "nested_vmx_check_guest_state", reason: "the guest EFER is not one that the CPUID allows")
    {
      !$0.isValid($0.l2.efer)
    },
    Rule(
      function: "nested_vmx_check_guest_state",
      reason: "with paging LME of the guest EFER must be as the IA-32e control (here: LMA of the guest EFER)"
    ) { $0.l2.cr0.contains(.pg) && $0.l2.efer.contains(.lme) != $0.guest64 },
  ]

  /// The host state is 64-bit: the control follows EFER.LMA of the host state.
  var host64: Bool { host.efer.contains(.lma) }
  /// The guest is 64-bit: the IA-32e control follows EFER.LMA of the guest state.
  var guest64: Bool { l2.efer.contains(.lma) }

  var eptpProblem: String? {
    eptp.problem(capabilities: capabilities, reservedAddressBits: cpuid.reservedAddressBits)
  }

  private func isValid(_ efer: EFER) -> Bool {
    let write = EFERWrite(value: efer, old: l1, allowed: allowedEFER, cpuid: cpuid)
    return EFERWrite.validity.refusal(of: write) == nil
  }
}
