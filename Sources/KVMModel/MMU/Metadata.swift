extension MMU {
  /// Rebuilds what walks of the guest's tables need (`reset_guest_paging_metadata`); with paging off the old
  /// masks stay.
  mutating func resetGuestPagingMetadata(machine: Machine, cpuid: GuestCPUID) {
    guard vcpuRole.base.level > 0 else { return }
    guestReservedBits = .x86(
      physical: cpuid.reservedAddressBits, level: vcpuRole.base.level, noExecute: vcpuRole.base.eferNX,
      gbPages: machine.guestHasGBPages(cpuid), pse: vcpuRole.ext.contains(.cr4PSE),
      amd: machine.vendor == .amd)
    permissions = Permissions(role: vcpuRole, ept: false)
    pkruMask = KVMModel.pkruMask(for: vcpuRole)
  }

  /// Rebuilds the check of shadow entries in x86 format (`reset_shadow_zero_bits_mask`).
  mutating func resetShadowZeroBits(machine: Machine, cpuid: GuestCPUID) {
    shadowZeroBits = .x86(
      physical: bits(machine.host.maxPhyAddr, 63), level: mmuRole.level, noExecute: mmuRole.eferNX,
      gbPages: machine.guestHasGBPages(cpuid), pse: false, amd: true)
  }

  /// Rebuilds the check of entries of two-dimensional paging (`reset_tdp_shadow_zero_bits_mask`).
  mutating func resetTDPShadowZeroBits(machine: Machine) {
    let physical = bits(machine.host.maxPhyAddr, 63)
    shadowZeroBits =
      switch machine.vendor {
      case .amd:
        .x86(
          physical: physical, level: mmuRole.level, noExecute: true, gbPages: machine.host.gbPages,
          pse: false,
          amd: true)
      case .intel:
        .ept(physical: physical, executeOnly: false, hugePageLevel: machine.maxHugePageLevel)
      }
  }

  /// Rebuilds everything that depends on L1's EPT format (`kvm_init_shadow_ept_mmu`).
  mutating func resetEPTMetadata(machine: Machine, cpuid: GuestCPUID, capabilities: NestedCapabilities) {
    let executeOnly = vcpuRole.ext.contains(.executeOnly)
    permissions = Permissions(role: vcpuRole, ept: true)
    pkruMask = 0
    guestReservedBits = .ept(
      physical: cpuid.reservedAddressBits, executeOnly: executeOnly, hugePageLevel: capabilities.hugePageLevel
    )
    shadowZeroBits = .ept(
      physical: bits(machine.host.maxPhyAddr, 63), executeOnly: executeOnly,
      hugePageLevel: machine.maxHugePageLevel)
  }
}
