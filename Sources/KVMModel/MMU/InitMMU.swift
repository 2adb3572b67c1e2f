extension VirtualMachine {
  /// Drops every root and computes the roles anew (`kvm_mmu_reset_context`).
  mutating func resetContext(_ why: String) {
    enter("kvm_mmu_reset_context") { _ in "\(why): roots go and roles are computed anew." }
    unload("the tables may mean something else under the new roles")
    initMMU()
    leave()
  }

  /// Computes the roles of the MMU in use (`kvm_init_mmu`). It touches no root.
  mutating func initMMU() {
    enter("kvm_init_mmu") { machine in
      machine.vcpu.walksNested
        ? "L2 runs on nested paging, so its own tables are nested_mmu's."
        : machine.machine.tdp
          ? "Two-dimensional paging is on, so the hardware walks the guest's tables."
          : "Two-dimensional paging is off, so KVM shadows the guest's tables."
    }
    let registers = vcpu.registers
    let role = VCPURole(
      cr0: registers.cr0, cr4: registers.cr4, efer: registers.efer, smm: vcpu.smm, guestMode: vcpu.guestMode)
    if vcpu.walksNested {
      initNestedMMU(role)
    } else if machine.tdp {
      initTDPMMU(role)
    } else {
      initShadowMMU(role)
    }
    leave()
  }

  private mutating func initTDPMMU(_ role: VCPURole) {
    let pageRole = PageRole(
      tdpFor: role, level: machine.tdpLevel(guestMaxPhyAddr: vcpu.cpuid.maxPhyAddr),
      accessedDirty: machine.accessedDirty)
    guard adopt(.root, "init_kvm_tdp_mmu", role, pageRole) else { return }
    vcpu.rootMMU.configureTDP(machine: machine, cpuid: vcpu.cpuid)
  }

  private mutating func initShadowMMU(_ role: VCPURole) {
    guard adopt(.root, "kvm_init_shadow_mmu", role, PageRole(shadowOf: role)) else { return }
    vcpu.rootMMU.configureShadow(machine: machine, cpuid: vcpu.cpuid)
  }

  private mutating func initNestedMMU(_ role: VCPURole) {
    guard adopt(.nested, "init_kvm_nested_mmu", role, vcpu.nestedMMU.mmuRole) else { return }
    vcpu.nestedMMU.configureWalkOnly(machine: machine, cpuid: vcpu.cpuid)
  }

  /// Sets guest_mmu up to shadow L1's EPT, and looks for a root (`kvm_init_shadow_ept_mmu`).
  mutating func initShadowEPT(_ eptp: EPTPointer) {
    enter("kvm_init_shadow_ept_mmu") { _ in
      "guest_mmu shadows the EPT at \(hex: eptp.rawValue): the role follows from the pointer alone, not from CR0, "
        + "CR4 or EFER."
    }
    let capabilities = machine.nestedCapabilities
    let role = VCPURole(eptp: eptp, executeOnly: capabilities.eptExecuteOnly)
    if adopt(.guest, "kvm_init_shadow_ept_mmu", role, role.base) {
      vcpu.guestMMU.configureShadowEPT(machine: machine, cpuid: vcpu.cpuid)
    }
    newPGD(eptp.rawValue)
    leave()
  }

  /// Sets guest_mmu up to shadow L1's nested page tables, and looks for a root (`kvm_init_shadow_npt_mmu`).
  ///
  /// - Parameter l1: L1's registers, as `vmcb01` holds them.
  mutating func initShadowNPT(_ ncr3: UInt64, l1: Registers) {
    enter("kvm_init_shadow_npt_mmu") { _ in
      "guest_mmu shadows the nested tables at \(hex: ncr3): the role follows from a CR0 of just PG, L1's CR4 "
        + "without PKE, and L1's EFER."
    }
    let role = VCPURole(nestedNPTOfCR4: l1.cr4, efer: l1.efer, smm: vcpu.smm)
    let pageRole = PageRole(
      nestedNPTOf: role, level: machine.tdpLevel(guestMaxPhyAddr: vcpu.cpuid.maxPhyAddr))
    if adopt(.guest, "kvm_init_shadow_npt_mmu", role, pageRole) {
      vcpu.guestMMU.configureShadow(machine: machine, cpuid: vcpu.cpuid)
    }
    newPGD(ncr3)
    leave()
  }

  /// Stores new roles; if neither differs from the old one, nothing needs to be built.
  private mutating func adopt(
    _ name: MMUName, _ function: String, _ role: VCPURole, _ pageRole: PageRole
  ) -> Bool {
    let oldRole = vcpu[name].vcpuRole
    let oldPageRole = vcpu[name].mmuRole
    if oldRole == role && oldPageRole == pageRole {
      say(function) { _ in
        "\(name.rawValue) keeps vcpu_role \(hex: role.rawValue) and mmu_role \(hex: pageRole.rawValue): nothing to "
          + "rebuild."
      }
      return false
    }
    vcpu[name].vcpuRole = role
    vcpu[name].mmuRole = pageRole
    say(function, effect: .roles(name, vcpuRole: role, mmuRole: pageRole)) { _ in
      "\(name.rawValue): \(RoleChange("vcpu_role", oldRole, role)); \(RoleChange("mmu_role", oldPageRole, pageRole))."
    }
    return true
  }
}
