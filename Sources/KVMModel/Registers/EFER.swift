/// The extended feature enable register, MSR 0xC0000080 (AMD APM volume 2, section 3.1.7).
public struct EFER: OptionSet, Hashable, Sendable, NamedBits, Codable {
  /// The register, 64 bits.
  public var rawValue: UInt64

  /// Takes the register's value as it stands.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// SYSCALL enable.
  public static let sce = EFER(rawValue: 1 << 0)
  /// Long mode enable.
  public static let lme = EFER(rawValue: 1 << 8)
  /// Long mode active; set and cleared by CR0.PG while LME is set.
  public static let lma = EFER(rawValue: 1 << 10)
  /// No-execute enable.
  public static let nx = EFER(rawValue: 1 << 11)
  /// Secure virtual machine enable (AMD).
  public static let svme = EFER(rawValue: 1 << 12)
  /// Long mode segment limit enable (AMD).
  public static let lmsle = EFER(rawValue: 1 << 13)
  /// Fast FXSAVE and FXRSTOR (AMD).
  public static let ffxsr = EFER(rawValue: 1 << 14)

  /// Every named bit, lowest first.
  public static let names: [(bit: EFER, name: StaticString)] = [
    (sce, "SCE"), (lme, "LME"), (lma, "LMA"), (nx, "NX"), (svme, "SVME"), (lmsle, "LMSLE"),
    (ffxsr, "FFXSR"),
  ]

  /// The bits whose change makes KVM compute the roles anew (`KVM_MMU_EFER_ROLE_BITS`); LMA is not one.
  static let roleBits: EFER = [.lme, .nx]
}
