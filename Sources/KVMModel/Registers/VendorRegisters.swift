extension VirtualMachine {
  /// The vendor's part of a write to CR0 (`vmx_set_cr0`, `svm_set_cr0`): with EFER.LME it sets EFER.LMA when paging
  /// is turned on and clears it when paging is turned off.
  mutating func vendorSetCR0(_ value: CR0) {
    let wasPaging = vcpu.registers.isPaging
    let paging = value.contains(.pg)
    if vcpu.registers.efer.contains(.lme) && wasPaging != paging {
      if paging { vcpu.registers.efer.insert(.lma) } else { vcpu.registers.efer.remove(.lma) }
      say(machine.vendor == .intel ? "vmx_set_cr0" : "svm_set_cr0") { _ in
        "With EFER.LME set, turning paging \(paging ? "on sets" : "off clears") EFER.LMA."
      }
    }
    vcpu.registers.cr0 = value
    if machine.vendor == .amd && !machine.tdp && wasPaging != paging && !vcpu.guestMode {
      overwriteSavedCR4()
    }
  }

  /// On the way out of L2 without NPT, `svm_set_cr0` writes CR4 again when paging toggles. `vmcb01` is current by
  /// then while CR4 is still L2's, so L1's saved CR4 is lost before it is read.
  private mutating func overwriteSavedCR4() {
    guard let saved = vcpu.nestedState.savedL1 else { return }
    let hardware = vcpu.registers.cr4.union(.pae)
    vcpu.nestedState.savedL1?.cr4 = hardware
    say("svm_set_cr0", effect: .quirk) { _ in
      "Known quirk: paging toggles, so CR4 is written again while it still is L2's. L1's saved CR4 "
        + "\(hex: saved.cr4.rawValue) becomes \(hex: hardware.rawValue), and L1 goes on with that."
    }
  }

  /// The vendor's part of a write to CR4 (`vmx_set_cr4`, `svm_set_cr4`).
  mutating func vendorSetCR4(_ value: CR4) { vcpu.registers.cr4 = value }

  /// The vendor's part of a write to EFER (`vmx_set_efer`, `svm_set_efer`): clearing SVME leaves a nested guest.
  mutating func vendorSetEFER(_ value: EFER) {
    let old = vcpu.registers.efer
    vcpu.registers.efer = value
    if machine.vendor == .amd && old.contains(.svme) && !value.contains(.svme) && vcpu.guestMode {
      svmLeaveNested()
    }
  }
}
