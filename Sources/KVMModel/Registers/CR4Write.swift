/// A write to CR4 and what its legality depends on.
struct CR4Write {
  let value: CR4
  let old: Registers
  let allowed: CR4
  let smm: Bool
  let vendor: Vendor

  var changed: CR4 { value.symmetricDifference(old.cr4) }

  /// Legality that both the guest and user space must keep (`kvm_is_valid_cr4`).
  static let validity: [Rule<CR4Write>] = [
    Rule(
      function: "__kvm_is_valid_cr4",
      reason: "a bit of CR4 is set that is reserved or that the guest's CPUID does not offer"
    ) { !$0.value.isSubset(of: $0.allowed) },
    Rule(function: "vmx_is_valid_cr4", reason: "CR4.VMXE can't be set in system management mode") {
      $0.vendor == .intel && $0.smm && $0.value.contains(.vmxe)
    },
  ]

  /// Rules for a write by the guest that come before the PDPTEs are loaded (`kvm_set_cr4`).
  static let longMode: [Rule<CR4Write>] = [
    Rule(function: "kvm_set_cr4", reason: "CR4.PAE can't be cleared in long mode") {
      $0.old.efer.contains(.lma) && !$0.value.contains(.pae)
    },
    Rule(function: "kvm_set_cr4", reason: "CR4.LA57 can't change in long mode") {
      $0.old.efer.contains(.lma) && $0.changed.contains(.la57)
    },
  ]

  /// Rules for a write by the guest that come after the PDPTEs were loaded (`kvm_set_cr4`).
  static let pcid: [Rule<CR4Write>] = [
    Rule(function: "kvm_set_cr4", reason: "CR4.PCIDE can be set only in long mode") {
      $0.setsPCIDE && !$0.old.efer.contains(.lma)
    },
    Rule(function: "kvm_set_cr4", reason: "CR4.PCIDE can be set only while CR3[11:0] is 0") {
      $0.setsPCIDE && $0.old.cr3 & 0xfff != 0
    },
  ]

  var setsPCIDE: Bool { changed.contains(.pcide) && value.contains(.pcide) }

  /// PAE paging's PDPTEs must be read anew.
  var reloadsPDPTRs: Bool {
    !old.efer.contains(.lma) && old.isPaging && value.contains(.pae)
      && !changed.isDisjoint(with: CR4.pdptrBits)
  }
}

extension VirtualMachine {
  func cr4Write(_ value: UInt64) -> CR4Write {
    CR4Write(
      value: CR4(rawValue: value), old: vcpu.registers, allowed: machine.allowedCR4(vcpu.cpuid),
      smm: vcpu.smm,
      vendor: machine.vendor)
  }

  /// MOV to CR4 (`kvm_set_cr4`).
  mutating func setCR4(_ raw: UInt64) throws(Refused) {
    let write = cr4Write(raw)
    enter("kvm_set_cr4") { _ in "CR4 is written: \(hex: write.old.cr4.rawValue) becomes \(hex: raw)." }
    defer { leave() }
    if let refusal = CR4Write.validity.refusal(of: write) ?? CR4Write.longMode.refusal(of: write) {
      throw .generalProtection(refusal.function, describe(refusal, write))
    }
    if write.reloadsPDPTRs, !loadPDPTRs(write.old.cr3) {
      throw .generalProtection("load_pdptrs", "the PDPTEs that CR3 points to can't be loaded")
    }
    if let refusal = CR4Write.pcid.refusal(of: write) {
      throw .generalProtection(refusal.function, refusal.reason)
    }
    vendorSetCR4(write.value)
    postSetCR4(write)
  }

  private func describe(_ refusal: Refusal, _ write: CR4Write) -> String {
    let refused = write.value.subtracting(write.allowed)
    return refused.isEmpty ? refusal.reason : "\(refusal.reason): \(refused.description)"
  }

  private mutating func postSetCR4(_ write: CR4Write) {
    let changed = write.changed
    enter("kvm_post_set_cr4") { _ in
      changed.isEmpty
        ? "No bit of CR4 changed, so there is nothing to do for the MMU."
        : "\(NamedBitsText(bits: changed)) changed."
    }
    defer { leave() }
    if !changed.isDisjoint(with: CR4.roleBits) { resetContext("A bit that roles depend on changed") }
    if !machine.tdp && write.setsPCIDE {
      unload("PCIDs are now part of CR3, so that the roots no longer tell whose they are")
    }
    if changed.contains(.pge) || (changed.contains(.pcide) && !write.value.contains(.pcide)) {
      raise(
        .tlbFlushGuest,
        changed.contains(.pge)
          ? "a change of CR4.PGE flushes all translations" : "clearing CR4.PCIDE flushes all translations")
    } else if changed.contains(.pae) || (changed.contains(.smep) && write.value.contains(.smep)) {
      raise(
        .tlbFlushCurrent,
        changed.contains(.pae)
          ? "a change of CR4.PAE flushes the current translations"
          : "setting CR4.SMEP flushes the current translations")
    }
  }
}
