/// Control register 0 (Intel SDM volume 3, section 2.5).
public struct CR0: OptionSet, Hashable, Sendable, NamedBits, Codable {
  /// The register, 64 bits.
  public var rawValue: UInt64

  /// Takes the register's value as it stands.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Protection enable.
  public static let pe = CR0(rawValue: 1 << 0)
  /// Monitor coprocessor.
  public static let mp = CR0(rawValue: 1 << 1)
  /// Emulation.
  public static let em = CR0(rawValue: 1 << 2)
  /// Task switched.
  public static let ts = CR0(rawValue: 1 << 3)
  /// Extension type; always 1.
  public static let et = CR0(rawValue: 1 << 4)
  /// Numeric error.
  public static let ne = CR0(rawValue: 1 << 5)
  /// Write protect: supervisor writes obey read-only pages.
  public static let wp = CR0(rawValue: 1 << 16)
  /// Alignment mask.
  public static let am = CR0(rawValue: 1 << 18)
  /// Not write-through.
  public static let nw = CR0(rawValue: 1 << 29)
  /// Cache disable.
  public static let cd = CR0(rawValue: 1 << 30)
  /// Paging.
  public static let pg = CR0(rawValue: 1 << 31)

  /// Every named bit, lowest first.
  public static let names: [(bit: CR0, name: StaticString)] = [
    (pe, "PE"), (mp, "MP"), (em, "EM"), (ts, "TS"), (et, "ET"), (ne, "NE"), (wp, "WP"), (am, "AM"),
    (nw, "NW"), (cd, "CD"), (pg, "PG"),
  ]

  /// The bits whose change makes KVM compute the roles anew (`KVM_MMU_CR0_ROLE_BITS`).
  static let roleBits: CR0 = [.pg, .wp]
  /// The bits whose change makes KVM load the PDPTEs anew (`X86_CR0_PDPTR_BITS`).
  static let pdptrBits: CR0 = [.cd, .nw, .pg]
  /// Bits that a write drops without a fault: those of the low half that have no name (`CR0_RESERVED_BITS`).
  static let dropped = CR0(rawValue: 0xffff_ffff & ~names.reduce(0) { $0 | $1.bit.rawValue })
  /// The value after power-up or reset (Intel SDM volume 3, section 10.1.1).
  public static let reset: CR0 = [.cd, .nw, .et]
}
