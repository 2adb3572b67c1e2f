/// Why a CR3 can't be loaded at a switch between L1 and L2.
struct NestedCR3Failure: Error {
  let refusal: Refusal
  let isPDPTR: Bool
}

extension VirtualMachine {
  /// Loads the CR3 of the guest that runs from now on (`nested_vmx_load_cr3`, `nested_svm_load_cr3`).
  mutating func loadNestedCR3(_ cr3: UInt64, nestedPaging: Bool) throws(NestedCR3Failure) {
    let function: String = machine.vendor == .intel ? "nested_vmx_load_cr3" : "nested_svm_load_cr3"
    enter(function) { _ in
      nestedPaging
        ? "CR3 \(hex: cr3) is L2's own matter: nested_mmu walks from it, and no root is looked up."
        : "CR3 \(hex: cr3) selects the root in root_mmu."
    }
    defer { leave() }
    if cr3 & vcpu.cpuid.reservedAddressBits != 0 {
      throw NestedCR3Failure(
        refusal: Refusal(
          function: function, reason: "CR3 has bits at or above the guest's MAXPHYADDR"),
        isPDPTR: false)
    }
    if !nestedPaging && vcpu.registers.isPAEPaging && !loadPDPTRs(cr3) {
      throw NestedCR3Failure(
        refusal: Refusal(function: "load_pdptrs", reason: "the PDPTEs that CR3 points to can't be loaded"),
        isPDPTR: true)
    }
    vcpu.registers.cr3 = cr3
    initMMU()
    if !nestedPaging { newPGD(cr3) }
  }

  /// Enters L2 (VMLAUNCH, VMRUN).
  mutating func nestedEnter(_ request: NestedEntry) throws(Refused) {
    switch machine.vendor {
    case .intel: try vmxEnter(request)
    case .amd: try svmEnter(request)
    }
  }

  /// Leaves L2 for L1.
  mutating func nestedExit(_ why: String) {
    switch vcpu.nested?.control {
    case .vmx(let guest): vmxExit(guest, why)
    case .svm: svmExit(why)
    case nil: break
    }
  }

  /// Offers a triple fault of L2 to L1 (`nested_vmx_triple_fault`, `nested_svm_triple_fault`).
  ///
  /// On Intel L1 always sees an exit. On AMD it does only if its VMCB intercepts SHUTDOWN, which the VMCBs of this
  /// model don't.
  mutating func offerTripleFaultToL1() {
    switch vcpu.nested?.control {
    case .vmx(let guest):
      vcpu.requests.remove(.tripleFault)
      vmxExit(guest, "a table that its root would shadow lies outside memory, which is a triple fault")
    case .svm:
      say("nested_svm_triple_fault") { _ in
        "L1's VMCB does not intercept SHUTDOWN, so L1 sees nothing and the whole machine stops."
      }
    case nil: break
    }
  }
}
