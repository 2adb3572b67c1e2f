extension Machine {
  /// The TDP MMU runs: it needs two-dimensional paging (`kvm.arch.tdp_mmu_enabled`).
  public var usesTDPMMU: Bool { tdp && tdpMMU }

  /// The tables KVM builds have accessed and dirty bits (`kvm_ad_enabled`): all but EPT without them.
  public var accessedDirty: Bool { vendor == .amd || !tdp || eptAD }

  /// The largest page KVM maps: 1, 2 or 3 for 4 KiB, 2 MiB, 1 GiB (`max_huge_page_level`).
  public var maxHugePageLevel: Int {
    guard tdp else { return host.gbPages ? 3 : 2 }
    return vendor == .amd ? 3 : (host.ept1G ? 3 : 2)
  }

  /// The level of the tables of two-dimensional paging (`kvm_mmu_get_tdp_level`).
  ///
  /// AMD's is forced to the host's; Intel's is 4 for a guest of at most 48 address bits.
  public func tdpLevel(guestMaxPhyAddr: Int) -> Int {
    switch vendor {
    case .amd: host.la57 ? 5 : 4
    case .intel: host.ept5Level && guestMaxPhyAddr > 48 ? 5 : 4
    }
  }

  /// The capabilities L1 really has: those it is offered and the host has (`nested_vmx_setup_ctls_msrs`).
  ///
  /// Large pages need nothing of the host, because KVM splits them when it shadows L1's EPT.
  public var nestedCapabilities: NestedCapabilities {
    var result = nested
    result.ept = nested.ept && tdp
    result.eptExecuteOnly = nested.eptExecuteOnly && host.eptExecuteOnly
    result.ept5Level = nested.ept5Level && host.ept5Level
    result.eptAD = nested.eptAD && eptAD
    return result
  }

  /// Whether guest page tables may hold 1 GiB pages (`guest_can_use_gbpages`).
  func guestHasGBPages(_ cpuid: GuestCPUID) -> Bool { tdp ? host.gbPages : cpuid.gbPages }

  /// The CR4 bits that a guest with this CPUID may set (`__cr4_reserved_bits`, inverted).
  func allowedCR4(_ cpuid: GuestCPUID) -> CR4 {
    let conditional: [(bit: CR4, offered: Bool)] = [
      (.smep, cpuid.smep), (.smap, cpuid.smap), (.pke, cpuid.pku && tdp),
      (.la57, cpuid.la57 && host.la57), (.umip, cpuid.umip), (.vmxe, vendor == .intel), (.pcide, cpuid.pcid),
    ]
    var allowed = CR4(rawValue: ~CR4.neverAllowed.rawValue)
    for row in conditional where !row.offered { allowed.remove(row.bit) }
    return allowed
  }

  /// The EFER bits that KVM lets any guest set (`efer_reserved_bits`, inverted).
  var allowedEFER: EFER {
    vendor == .amd ? [.sce, .lme, .lma, .nx, .svme, .lmsle, .ffxsr] : [.sce, .lme, .lma, .nx]
  }

  /// Bound on shadow pages that are not the TDP MMU's (`kvm_mmu_calculate_default_mmu_pages`): one for each 50 pages
  /// of the slots, which count in both address spaces, and at least 64. A machine here has ``Limits/shadowPages`` at most.
  var maxShadowPages: Int {
    let pages = memory.slots.reduce(UInt64(0)) { $0 &+ $1.bytes >> 12 }
    return min(Int(clamping: max(2 * pages / 50, 64)), Limits.shadowPages)
  }
}
