/// Control register 4 (Intel SDM volume 3, section 2.5).
public struct CR4: OptionSet, Hashable, Sendable, NamedBits, Codable {
  /// The register, 64 bits.
  public var rawValue: UInt64

  /// Takes the register's value as it stands.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Virtual-8086 mode extensions.
  public static let vme = CR4(rawValue: 1 << 0)
  /// Protected-mode virtual interrupts.
  public static let pvi = CR4(rawValue: 1 << 1)
  /// Time stamp disable.
  public static let tsd = CR4(rawValue: 1 << 2)
  /// Debugging extensions.
  public static let de = CR4(rawValue: 1 << 3)
  /// Page size extensions: 4 MiB pages in 32-bit paging.
  public static let pse = CR4(rawValue: 1 << 4)
  /// Physical address extension: 8-byte paging entries.
  public static let pae = CR4(rawValue: 1 << 5)
  /// Machine-check enable.
  public static let mce = CR4(rawValue: 1 << 6)
  /// Page global enable.
  public static let pge = CR4(rawValue: 1 << 7)
  /// Performance-monitoring counter enable.
  public static let pce = CR4(rawValue: 1 << 8)
  /// FXSAVE and FXRSTOR supported by the system.
  public static let osfxsr = CR4(rawValue: 1 << 9)
  /// Unmasked SIMD exceptions supported by the system.
  public static let osxmmexcpt = CR4(rawValue: 1 << 10)
  /// User-mode instruction prevention.
  public static let umip = CR4(rawValue: 1 << 11)
  /// 57-bit linear addresses: 5-level paging.
  public static let la57 = CR4(rawValue: 1 << 12)
  /// Virtual-machine extensions enable.
  public static let vmxe = CR4(rawValue: 1 << 13)
  /// Safer-mode extensions enable; KVM does not offer it.
  public static let smxe = CR4(rawValue: 1 << 14)
  /// RDFSBASE and its kin enable.
  public static let fsgsbase = CR4(rawValue: 1 << 16)
  /// Process-context identifiers enable.
  public static let pcide = CR4(rawValue: 1 << 17)
  /// XSAVE and extended states enable.
  public static let osxsave = CR4(rawValue: 1 << 18)
  /// Supervisor-mode execution prevention.
  public static let smep = CR4(rawValue: 1 << 20)
  /// Supervisor-mode access prevention.
  public static let smap = CR4(rawValue: 1 << 21)
  /// Protection keys for user pages.
  public static let pke = CR4(rawValue: 1 << 22)
  /// Control-flow enforcement; KVM 6.1 does not offer it.
  public static let cet = CR4(rawValue: 1 << 23)

  /// Every named bit, lowest first.
  public static let names: [(bit: CR4, name: StaticString)] = [
    (vme, "VME"), (pvi, "PVI"), (tsd, "TSD"), (de, "DE"), (pse, "PSE"), (pae, "PAE"), (mce, "MCE"),
    (pge, "PGE"), (pce, "PCE"), (osfxsr, "OSFXSR"), (osxmmexcpt, "OSXMMEXCPT"), (umip, "UMIP"),
    (la57, "LA57"), (vmxe, "VMXE"), (smxe, "SMXE"), (fsgsbase, "FSGSBASE"), (pcide, "PCIDE"),
    (osxsave, "OSXSAVE"), (smep, "SMEP"), (smap, "SMAP"), (pke, "PKE"), (cet, "CET"),
  ]

  /// The bits whose change makes KVM compute the roles anew (`KVM_MMU_CR4_ROLE_BITS`).
  static let roleBits: CR4 = [.pse, .pae, .la57, .smep, .smap, .pke]
  /// The bits whose change makes KVM load the PDPTEs anew (`X86_CR4_PDPTR_BITS`).
  static let pdptrBits: CR4 = [.pge, .pse, .pae, .smep]
  /// Bits that KVM never lets a guest set (`CR4_RESERVED_BITS`).
  static let neverAllowed = CR4(
    rawValue: ~names.reduce(0) { $0 | $1.bit.rawValue } | smxe.rawValue | cet.rawValue)
}
