/// A write to CR0 and what its legality depends on.
struct CR0Write {
  let value: CR0
  let old: Registers

  /// Legality that both the guest and user space must keep (`kvm_is_valid_cr0`).
  static let validity: [Rule<CR0>] = [
    Rule(function: "kvm_is_valid_cr0", reason: "bits 63:32 of CR0 are reserved") { $0.rawValue >> 32 != 0 },
    Rule(function: "kvm_is_valid_cr0", reason: "CR0.NW is set without CR0.CD") {
      $0.contains(.nw) && !$0.contains(.cd)
    },
    Rule(function: "kvm_is_valid_cr0", reason: "CR0.PG is set without CR0.PE") {
      $0.contains(.pg) && !$0.contains(.pe)
    },
  ]

  /// Further rules for a write by the guest, after the reserved bits were dropped (`kvm_set_cr0`).
  static let transitions: [Rule<CR0Write>] = [
    Rule(
      function: "kvm_set_cr0",
      reason: "turning paging on with EFER.LME set enters long mode, which needs CR4.PAE"
    ) { $0.entersLongMode && !$0.old.cr4.contains(.pae) },
    Rule(
      function: "kvm_set_cr0",
      reason: "turning paging on with EFER.LME set enters long mode, which needs CS.L clear at that moment"
    ) { $0.entersLongMode && $0.old.codeSegmentLong },
    Rule(
      function: "kvm_set_cr0",
      reason: "paging can't be turned off from 64-bit code (EFER.LMA and CS.L are set)"
    ) { !$0.value.contains(.pg) && $0.old.efer.contains(.lma) && $0.old.codeSegmentLong },
    Rule(function: "kvm_set_cr0", reason: "paging can't be turned off while CR4.PCIDE is set") {
      !$0.value.contains(.pg) && $0.old.cr4.contains(.pcide)
    },
  ]

  var entersLongMode: Bool { old.efer.contains(.lme) && !old.isPaging && value.contains(.pg) }

  /// PAE paging's PDPTEs must be read anew.
  var reloadsPDPTRs: Bool {
    !old.efer.contains(.lme) && value.contains(.pg) && old.cr4.contains(.pae)
      && !value.symmetricDifference(old.cr0).isDisjoint(with: CR0.pdptrBits)
  }
}

extension VirtualMachine {
  /// MOV to CR0 (`kvm_set_cr0`).
  mutating func setCR0(_ raw: UInt64) throws(Refused) {
    let old = vcpu.registers
    enter("kvm_set_cr0") { _ in "CR0 is written: \(hex: old.cr0.rawValue) becomes \(hex: raw)." }
    defer { leave() }
    if let refusal = CR0Write.validity.refusal(of: CR0(rawValue: raw)) {
      throw .generalProtection(refusal.function, refusal.reason)
    }
    let value = CR0(rawValue: raw).union(.et).subtracting(CR0.dropped)
    let write = CR0Write(value: value, old: old)
    if let refusal = CR0Write.transitions.refusal(of: write) {
      throw .generalProtection(refusal.function, refusal.reason)
    }
    if write.reloadsPDPTRs, !loadPDPTRs(old.cr3) {
      throw .generalProtection("load_pdptrs", "the PDPTEs that CR3 points to can't be loaded")
    }
    vendorSetCR0(value)
    postSetCR0(old: old.cr0, new: value)
  }

  private mutating func postSetCR0(old: CR0, new: CR0) {
    let changed = old.symmetricDifference(new)
    enter("kvm_post_set_cr0") { _ in
      changed.isEmpty
        ? "No bit changed." : "\(NamedBitsText(bits: changed)) changed."
    }
    defer { leave() }
    if machine.tdp && changed == .wp {
      say("kvm_post_set_cr0") { _ in
        "Only WP changed and two-dimensional paging is on: the roles are computed, and every root stays."
      }
      initMMU()
      return
    }
    if changed.contains(.pg) && !new.contains(.pg) {
      raise(.tlbFlushGuest, "paging was turned off, so the guest's translations no longer hold")
    }
    if changed.isDisjoint(with: CR0.roleBits) {
      say("kvm_post_set_cr0") { _ in "Roles depend on PG and WP alone, so the MMU stays as it is." }
    } else {
      resetContext("A bit that roles depend on changed")
    }
  }
}
