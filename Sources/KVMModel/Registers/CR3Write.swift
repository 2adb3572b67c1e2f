extension VirtualMachine {
  /// Bit 63 of a value moved to CR3 with CR4.PCIDE: keep the translations of the PCID.
  static let noFlush: UInt64 = 1 << 63

  /// MOV to CR3 (`kvm_set_cr3`).
  mutating func setCR3(_ raw: UInt64) throws(Refused) {
    let old = vcpu.registers
    enter("kvm_set_cr3") { machine in
      (raw == old.cr3
        ? "CR3 is written with the value it has, \(hex: raw)."
        : "CR3 is written: \(hex: old.cr3) becomes \(hex: raw).")
        + (machine.machine.tdp
          ? " A guest on two-dimensional paging does this without an exit; KVM takes this path when it emulates the instruction."
          : "")
    }
    defer { leave() }
    let pcidEnabled = old.cr4.contains(.pcide)
    let skipsFlush = pcidEnabled && raw & Self.noFlush != 0
    let value = pcidEnabled ? raw & ~Self.noFlush : raw
    if value != old.cr3 || old.isPAEPaging {
      if value & vcpu.cpuid.reservedAddressBits != 0 {
        let width = vcpu.cpuid.maxPhyAddr
        throw .generalProtection(
          "kvm_set_cr3",
          "CR3 has bits at or above the guest's MAXPHYADDR (\(width) bits)"
            + (raw & Self.noFlush != 0 ? "; bit 63 means NOFLUSH only with CR4.PCIDE" : ""))
      }
      if old.isPAEPaging && !loadPDPTRs(value) {
        throw .generalProtection("load_pdptrs", "the PDPTEs that the new CR3 points to can't be loaded")
      }
      if value != old.cr3 { newPGD(value) }
      vcpu.registers.cr3 = value
    } else {
      say("kvm_set_cr3") { _ in "The value is the one CR3 has, so no root is looked up." }
    }
    if skipsFlush {
      say("kvm_set_cr3") { _ in "Bit 63 (NOFLUSH) is set, so the PCID's translations stay." }
    } else {
      invalidatePCID(pcidEnabled ? value & 0xfff : 0)
    }
  }

  /// Drops what is cached for a process-context identifier (`kvm_invalidate_pcid`).
  mutating func invalidatePCID(_ pcid: UInt64) {
    enter("kvm_invalidate_pcid") { _ in "PCID \(pcid)'s translations are to go." }
    defer { leave() }
    if machine.tdp {
      raise(.tlbFlushGuest, "with two-dimensional paging the hardware's tags tell the guest's translations")
      return
    }
    let registers = vcpu.registers
    if registers.activePCID == pcid {
      raise([.mmuSync, .tlbFlushCurrent], "the PCID is the active one, so its shadow pages must be synced")
    }
    guard registers.cr4.contains(.pcide) else { return }
    let slots = RootSlots(
      previous: activeMMU.previousRoots.indices.filter {
        vcpu[vcpu.mmu].previousRoots[$0].pgd & 0xfff == pcid
      })
    if !slots.isEmpty { freeRoots(vcpu.mmu, slots) }
  }
}
