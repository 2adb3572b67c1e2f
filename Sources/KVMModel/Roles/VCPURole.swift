/// What a guest's paging mode is, as an MMU sees it: the API's `vcpu_role`, Linux's `cpu_role`
/// (`union kvm_cpu_role`, 64 bits: a page role below, the extended role above).
public struct VCPURole: RawRepresentable, Hashable, Sendable, Codable {
  /// The word as KVM compares it.
  public var rawValue: UInt64

  /// Takes a word as it stands.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The page role in bits 31:0.
  public var base: PageRole {
    get { PageRole(rawValue: UInt32(truncatingIfNeeded: rawValue)) }
    set { rawValue = rawValue & ~0xffff_ffff | UInt64(newValue.rawValue) }
  }

  /// The extended role in bits 63:32.
  public var ext: ExtendedRole {
    get { ExtendedRole(rawValue: UInt32(truncatingIfNeeded: rawValue >> 32)) }
    set { rawValue = rawValue & 0xffff_ffff | UInt64(newValue.rawValue) << 32 }
  }
}

/// Guest state that matters to walks but not to shadow pages (`union kvm_mmu_extended_role`, 32 bits,
/// as of Linux 6.1).
public struct ExtendedRole: OptionSet, Hashable, Sendable {
  /// The word as KVM compares it.
  public var rawValue: UInt32

  /// Takes a word as it stands.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The role was computed; cleared to force computing it anew.
  public static let valid = ExtendedRole(rawValue: 1 << 0)
  /// EPT entries may allow execution without reading.
  public static let executeOnly = ExtendedRole(rawValue: 1 << 1)
  /// CR4.PSE.
  public static let cr4PSE = ExtendedRole(rawValue: 1 << 2)
  /// CR4.PKE in long mode.
  public static let cr4PKE = ExtendedRole(rawValue: 1 << 3)
  /// CR4.SMAP.
  public static let cr4SMAP = ExtendedRole(rawValue: 1 << 4)
  /// CR4.SMEP.
  public static let cr4SMEP = ExtendedRole(rawValue: 1 << 5)
  /// CR4.LA57 in long mode.
  public static let cr4LA57 = ExtendedRole(rawValue: 1 << 6)
  /// EFER.LMA.
  public static let eferLMA = ExtendedRole(rawValue: 1 << 7)
}
