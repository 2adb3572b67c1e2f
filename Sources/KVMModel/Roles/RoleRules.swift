extension VCPURole {
  /// The role that follows from a guest's registers (`kvm_calc_cpu_role`).
  ///
  /// With CR0.PG clear only `direct`, `access`, `smm`, `guest_mode` and `valid` are set. EFER.LME, CR3,
  /// CR4.PCIDE, CR4.PGE and CPUID play no part.
  public init(cr0: CR0, cr4: CR4, efer: EFER, smm: Bool, guestMode: Bool) {
    var base = PageRole(rawValue: 0)
    var ext: ExtendedRole = .valid
    base.access = .all
    base.smm = smm
    base.guestMode = guestMode
    if cr0.contains(.pg) {
      let longMode = efer.contains(.lma)
      let writeProtect = cr0.contains(.wp)
      base.eferNX = efer.contains(.nx)
      base.cr0WP = writeProtect
      base.smepAndNotWP = cr4.contains(.smep) && !writeProtect
      base.smapAndNotWP = cr4.contains(.smap) && !writeProtect
      base.has4ByteGPTE = !cr4.contains(.pae)
      base.level = longMode ? (cr4.contains(.la57) ? 5 : 4) : (cr4.contains(.pae) ? 3 : 2)
      if cr4.contains(.smep) { ext.insert(.cr4SMEP) }
      if cr4.contains(.smap) { ext.insert(.cr4SMAP) }
      if cr4.contains(.pse) { ext.insert(.cr4PSE) }
      if longMode && cr4.contains(.pke) { ext.insert(.cr4PKE) }
      if longMode && cr4.contains(.la57) { ext.insert(.cr4LA57) }
      if longMode { ext.insert(.eferLMA) }
    } else {
      base.direct = true
    }
    self.init(base: base, ext: ext)
  }

  /// The role that shadows an EPT pointer of L1 (`kvm_calc_shadow_ept_root_page_role`).
  ///
  /// - Parameters:
  ///   - eptp: L1's EPT pointer; only its walk length (bits 5:3) and its A/D enable (bit 6) count.
  ///   - executeOnly: L1 sees the EPT capability for execute-only pages.
  public init(eptp: EPTPointer, executeOnly: Bool) {
    var base = PageRole(rawValue: 0)
    base.level = eptp.level
    base.adDisabled = !eptp.accessedDirty
    base.guestMode = true
    base.access = .all
    self.init(base: base, ext: executeOnly ? [.valid, .executeOnly] : .valid)
  }

  /// The role that shadows nested page tables of an L1 with these registers (`kvm_init_shadow_npt_mmu`): that of a
  /// CR0 of just PG, and without CR4.PKE.
  public init(nestedNPTOfCR4 cr4: CR4, efer: EFER, smm: Bool) {
    self.init(cr0: .pg, cr4: cr4.subtracting(.pke), efer: efer, smm: smm, guestMode: true)
  }

  init(base: PageRole, ext: ExtendedRole) {
    self.init(rawValue: UInt64(ext.rawValue) << 32 | UInt64(base.rawValue))
  }
}

extension PageRole {
  /// The root role of two-dimensional paging (`kvm_calc_tdp_mmu_root_page_role`).
  ///
  /// Nothing of the guest's CR0, CR4 and EFER counts: efer_nx and cr0_wp are always 1.
  /// - Parameter level: the level of the tables, from ``Machine/tdpLevel(guestMaxPhyAddr:)``.
  public init(tdpFor role: VCPURole, level: Int, accessedDirty: Bool) {
    self.init(rawValue: 0)
    access = .all
    cr0WP = true
    eferNX = true
    smm = role.base.smm
    guestMode = role.base.guestMode
    adDisabled = !accessedDirty
    self.level = level
    direct = true
  }

  /// The root role that shadows a guest's own page tables (`kvm_init_shadow_mmu`): at least PAE tables, and
  /// always with no-execute.
  public init(shadowOf role: VCPURole) {
    self = role.base
    level = max(level, 3)
    eferNX = true
  }

  /// The root role that shadows L1's nested page tables (`kvm_init_shadow_npt_mmu`).
  ///
  /// - Parameter level: the host's NPT level, whatever L1's is. A 4-level L1 on a 5-level host gets a
  ///   passthrough root.
  public init(nestedNPTOf role: VCPURole, level: Int) {
    self = role.base
    self.level = level
    passthrough = level == 5 && role.base.level == 4
  }
}

/// An EPT pointer (Intel SDM volume 3, section 25.6.11). 64 bits.
public struct EPTPointer: RawRepresentable, Hashable, Sendable, Codable {
  /// The value as it stands in the VMCS.
  public var rawValue: UInt64

  /// Takes a value as it stands; ``problem(capabilities:reservedAddressBits:)`` tells whether KVM would accept it.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Bits 2:0: memory type of the tables, 0 uncacheable or 6 write-back.
  public var memoryType: UInt64 { rawValue & 7 }
  /// Bits 5:3: page-walk length minus 1.
  public var walkLength: UInt64 { rawValue >> 3 & 7 }
  /// Bit 6: accessed and dirty flags are on.
  public var accessedDirty: Bool { rawValue >> 6 & 1 != 0 }
  /// The level of the top table, as KVM reads it: 5 for a walk length of 4, else 4.
  public var level: Int { walkLength == 4 ? 5 : 4 }

  /// Why KVM refuses the value (`nested_vmx_check_eptp`); `nil` if it accepts it.
  ///
  /// - Parameters:
  ///   - capabilities: what L1's VMX capability MSRs offer, see ``Machine/nestedCapabilities``.
  ///   - reservedAddressBits: the bits at and above the guest's MAXPHYADDR.
  public func problem(capabilities: NestedCapabilities, reservedAddressBits: UInt64) -> String? {
    let rules: [(refused: Bool, reason: String)] = [
      (
        memoryType != 6,
        memoryType == 0
          ? "memory type 0 (uncacheable) needs a capability that KVM never offers"
          : "memory type \(memoryType) in bits 2:0 is not write-back (6)"
      ),
      (
        walkLength != 3 && !(walkLength == 4 && capabilities.ept5Level),
        walkLength == 4
          ? "a walk length of 5 (bits 5:3 = 4) needs L1's 5-level EPT capability"
          : "bits 5:3 = \(walkLength) is no walk length that EPT has"
      ),
      (rawValue & reservedAddressBits != 0, "bits at or above the guest's MAXPHYADDR are set"),
      (rawValue & bits(7, 11) != 0, "bits 11:7 must be 0"),
      (accessedDirty && !capabilities.eptAD, "bit 6 (accessed and dirty flags) needs a capability L1 lacks"),
    ]
    return rules.first(where: \.refused)?.reason
  }
}
