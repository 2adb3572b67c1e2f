/// What each way of using an MMU sets besides its roles.
extension MMU {
  /// Two-dimensional paging: the hardware walks the guest's tables (`init_kvm_tdp_mmu`).
  mutating func configureTDP(machine: Machine, cpuid: GuestCPUID) {
    pageFault = .tdp
    walkFormat = WalkFormat(vcpuRole)
    resetGuestPagingMetadata(machine: machine, cpuid: cpuid)
    resetTDPShadowZeroBits(machine: machine)
  }

  /// KVM shadows x86 tables: the guest's own, or L1's NPT (`shadow_mmu_init_context`).
  mutating func configureShadow(machine: Machine, cpuid: GuestCPUID) {
    let format = WalkFormat(vcpuRole)
    walkFormat = format
    pageFault = format.shadowPageFault
    resetGuestPagingMetadata(machine: machine, cpuid: cpuid)
    resetShadowZeroBits(machine: machine, cpuid: cpuid)
  }

  /// KVM shadows L1's EPT (`kvm_init_shadow_ept_mmu`).
  mutating func configureShadowEPT(machine: Machine, cpuid: GuestCPUID) {
    walkFormat = .ept
    pageFault = .ept
    resetEPTMetadata(machine: machine, cpuid: cpuid, capabilities: machine.nestedCapabilities)
  }

  /// Only walks L2's own tables (`init_kvm_nested_mmu`).
  mutating func configureWalkOnly(machine: Machine, cpuid: GuestCPUID) {
    walkFormat = WalkFormat(vcpuRole)
    resetGuestPagingMetadata(machine: machine, cpuid: cpuid)
  }
}

/// MMUs as they come out of a calculation, without roots.
extension MMU {
  /// root_mmu with two-dimensional paging for a guest's role.
  public static func forRootTDP(machine: Machine, cpuid: GuestCPUID, role: VCPURole) -> MMU {
    let level = machine.tdpLevel(guestMaxPhyAddr: cpuid.maxPhyAddr)
    var mmu = MMU(
      role, PageRole(tdpFor: role, level: level, accessedDirty: machine.accessedDirty))
    mmu.configureTDP(machine: machine, cpuid: cpuid)
    return mmu
  }

  /// root_mmu with shadow paging for a guest's role.
  public static func forRootShadow(machine: Machine, cpuid: GuestCPUID, role: VCPURole) -> MMU {
    var mmu = MMU(role, PageRole(shadowOf: role))
    mmu.configureShadow(machine: machine, cpuid: cpuid)
    return mmu
  }

  /// guest_mmu for nested page tables of an L1; the role is from ``VCPURole/init(nestedNPTOfCR4:efer:smm:)``.
  public static func forNestedNPT(machine: Machine, cpuid: GuestCPUID, role: VCPURole) -> MMU {
    let level = machine.tdpLevel(guestMaxPhyAddr: cpuid.maxPhyAddr)
    var mmu = MMU(role, PageRole(nestedNPTOf: role, level: level))
    mmu.configureShadow(machine: machine, cpuid: cpuid)
    return mmu
  }

  /// guest_mmu for the EPT of an L1.
  public static func forNestedEPT(machine: Machine, cpuid: GuestCPUID, eptp: EPTPointer) -> MMU {
    let role = VCPURole(eptp: eptp, executeOnly: machine.nestedCapabilities.eptExecuteOnly)
    var mmu = MMU(role, role.base)
    mmu.configureShadowEPT(machine: machine, cpuid: cpuid)
    return mmu
  }

  private init(_ role: VCPURole, _ pageRole: PageRole) {
    self.init(root: .unloaded, previousRoots: [])
    vcpuRole = role
    mmuRole = pageRole
  }
}
