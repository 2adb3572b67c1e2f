extension VirtualMachine {
  /// KVM_SET_SREGS by user space (`__set_sregs`): whole registers are compared, and any change drops every root.
  mutating func setSregs(_ values: RegisterValues) throws(Refused) {
    let old = vcpu.registers
    let new = values.applied(to: old)
    enter("__set_sregs") { _ in
      "User space sets CR0 \(hex: new.cr0.rawValue), CR3 \(hex: new.cr3), CR4 \(hex: new.cr4.rawValue), "
        + "EFER \(hex: new.efer.rawValue)."
    }
    defer { leave() }
    if let refusal = sregsRefusal(new) { throw Refused(outcome: .invalid(refusal)) }
    vcpu.registers.codeSegmentLong = new.codeSegmentLong
    vcpu.registers.cr3 = new.cr3
    vendorSetEFER(new.efer)
    vendorSetCR0(new.cr0)
    vendorSetCR4(new.cr4)
    var reset =
      old.cr0 != new.cr0 || old.cr3 != new.cr3 || old.cr4 != new.cr4 || old.efer != new.efer
    if vcpu.registers.isPAEPaging {
      _ = loadPDPTRs(new.cr3)
      reset = true
    }
    if reset {
      resetContext("KVM_SET_SREGS compares whole registers, and any change counts")
    } else {
      say("__set_sregs") { _ in "No bit of CR0, CR3, CR4 or EFER differs, so the MMU keeps everything." }
    }
  }

  /// Why user space may not set these registers (`kvm_is_valid_sregs`).
  private func sregsRefusal(_ new: Registers) -> Refusal? {
    let function = "kvm_is_valid_sregs"
    if new.efer.contains(.lme) && new.cr0.contains(.pg) {
      if !new.cr4.contains(.pae) || !new.efer.contains(.lma) {
        return Refusal(function: function, reason: "paging with EFER.LME needs CR4.PAE and EFER.LMA")
      }
      if new.cr3 & vcpu.cpuid.reservedAddressBits != 0 {
        return Refusal(function: function, reason: "CR3 has bits at or above the guest's MAXPHYADDR")
      }
    } else if new.efer.contains(.lma) || new.codeSegmentLong {
      return Refusal(
        function: function, reason: "EFER.LMA or CS.L is set without both EFER.LME and CR0.PG")
    }
    return CR4Write.validity.refusal(of: cr4Write(new.cr4.rawValue)) ?? CR0Write.validity.refusal(of: new.cr0)
  }

  /// KVM_SET_CPUID2 by user space (`kvm_set_cpuid`, `kvm_mmu_after_set_cpuid`).
  mutating func setCPUID(_ change: CPUIDChange) {
    enter("kvm_mmu_after_set_cpuid") { _ in
      "The guest's CPUID is set. Roles can't tell CPUIDs apart, so all are made invalid and computed anew."
    }
    defer { leave() }
    if let width = change.maxPhyAddr { vcpu.cpuid.maxPhyAddr = width }
    for (flag, value) in change.flags { vcpu.cpuid[keyPath: flag.keyPath] = value }
    for name in MMUName.allCases {
      vcpu[name].mmuRole = PageRole(rawValue: 0)
      vcpu[name].vcpuRole.ext.remove(.valid)
    }
    resetContext("The CPUID is part of what tables may hold, but not of roles")
  }

  /// Entry into or return from system management mode, as far as the MMU sees it (`kvm_smm_changed`).
  mutating func smmChanged(to smm: Bool) {
    enter("kvm_smm_changed") { _ in
      smm
        ? "The vCPU enters system management mode: roles get smm, and the other address space's memory is used."
        : "The vCPU leaves system management mode."
    }
    vcpu.smm = smm
    resetContext("System management mode has roles and memory of its own")
    leave()
  }
}
