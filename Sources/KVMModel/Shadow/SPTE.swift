/// An entry of a table that KVM built (SPTE), as it stands in the table. 64 bits; 0 if there is none.
public struct SPTE: RawRepresentable, Hashable, Sendable, Codable {
  /// The bits as they stand.
  public var rawValue: UInt64

  /// Takes the bits as they stand.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// An empty entry.
  static let none = SPTE(rawValue: 0)
  /// What the TDP MMU leaves in the entries of a table that it removed (`REMOVED_SPTE`).
  static let removed = SPTE(rawValue: 0x5a0)

  /// W, in both formats.
  static let writable: UInt64 = 1 << 1
  /// The entry is KVM's and leads somewhere (`SPTE_MMU_PRESENT_MASK`).
  static let mmuPresent: UInt64 = 1 << 11
  /// A/D type: no accessed and dirty flags (`SPTE_TDP_AD_DISABLED_MASK`).
  static let accessedDirtyDisabled: UInt64 = 1 << 52

  /// The entry leads to a table or a page (`is_shadow_present_pte`). An MMIO entry does not.
  public var isPresent: Bool { rawValue & Self.mmuPresent != 0 }
  /// Writes are allowed (`is_writable_pte`).
  public var isWritable: Bool { rawValue & Self.writable != 0 }
  /// The table or page it leads to: bits 51:12.
  public var target: HostPhysicalAddress { HostPhysicalAddress(rawValue: rawValue & bits(12, 51)) }
  /// The entry has accessed and dirty flags (`spte_ad_enabled`).
  var hasAccessedDirty: Bool { rawValue & Self.accessedDirtyDisabled == 0 }

  /// Whether it maps a page rather than leading to a table (`is_last_spte`). KVM maps 4 KiB pages only here, because
  /// the simulated host backs guest memory with such.
  static func isLeaf(level: Int) -> Bool { level == 1 }
}

/// How the bits of entries are used: one format for all tables of a machine (`kvm_mmu_reset_all_pte_masks`,
/// `kvm_mmu_set_ept_masks`).
public struct SPTEFormat: Sendable, Hashable {
  /// EPT's format; else that of x86 page tables.
  public let isEPT: Bool
  /// The bit that makes an entry present for the hardware; 0 for EPT with execute-only pages.
  let present: UInt64
  /// Users may use the page; in EPT: reads are allowed.
  let user: UInt64
  /// Set if fetches are not allowed; 0 in EPT.
  let noExecute: UInt64
  /// Set if fetches are allowed; 0 in x86's format.
  let execute: UInt64
  /// The accessed flag; 0 if the hardware has none.
  let accessed: UInt64
  /// The dirty flag; 0 if the hardware has none.
  let dirty: UInt64
  /// Memory type of guest memory: write-back, whatever the guest says.
  let memoryType: UInt64
  /// The host may write the page.
  let hostWritable: UInt64
  /// KVM may make the entry writable without asking whether the page is a guest table.
  let mmuWritable: UInt64
  /// The bits that are taken away to see the next access where there are no accessed flags.
  let accessTrack: UInt64
  /// An MMIO entry: these bits under ``mmioMask``; `nil` if KVM makes none.
  let mmioValue: UInt64?
  let mmioMask: UInt64
  /// The rights that an MMIO entry remembers.
  let mmioAccess: UInt64

  /// The format of a machine's tables.
  public init(_ machine: Machine) {
    isEPT = machine.vendor == .intel && machine.tdp
    if isEPT {
      present = machine.host.eptExecuteOnly ? 0 : 1
      user = 1
      noExecute = 0
      execute = 1 << 2
      accessed = machine.eptAD ? 1 << 8 : 0
      dirty = machine.eptAD ? 1 << 9 : 0
      memoryType = 6 << 3 | 1 << 6
      hostWritable = 1 << 57
      mmuWritable = 1 << 58
      accessTrack = 7
      mmioValue = 6
      mmioMask = 7
      mmioAccess = 0
    } else {
      present = 1
      user = 1 << 2
      noExecute = 1 << 63
      execute = 0
      accessed = 1 << 5
      dirty = 1 << 6
      memoryType = 0
      hostWritable = 1 << 9
      mmuWritable = 1 << 10
      accessTrack = 0
      mmioValue = machine.host.maxPhyAddr < 52 ? 1 << 51 | 1 : nil
      mmioMask = 1 << 51 | 1
      mmioAccess = 6
    }
  }

  /// Bits that are moved aside while an access is awaited: R and X, to bits 54 and 56.
  private static let savedBits: UInt64 = 5
  private static let savedShift: UInt64 = 54

  /// Fetches are allowed (`is_executable_pte`).
  func isExecutable(_ spte: SPTE) -> Bool { spte.rawValue & (execute | noExecute) == execute }

  /// KVM may make the entry writable (`is_mmu_writable_spte`).
  func isMMUWritable(_ spte: SPTE) -> Bool { spte.rawValue & mmuWritable != 0 }

  /// The entry is kept from use until the next access (`is_access_track_spte`).
  func isAccessTracked(_ spte: SPTE) -> Bool {
    !spte.hasAccessedDirty && spte.rawValue & accessTrack == 0
  }

  /// The entry stands for an address without memory (`is_mmio_spte`).
  public func isMMIO(_ spte: SPTE) -> Bool {
    !spte.isPresent && mmioValue == spte.rawValue & mmioMask
  }

  /// The entry in the form that shows the next access (`mark_spte_for_access_track`).
  func tracked(_ spte: SPTE) -> SPTE {
    if spte.hasAccessedDirty { return SPTE(rawValue: spte.rawValue & ~accessed) }
    if isAccessTracked(spte) { return spte }
    let saved = (spte.rawValue & Self.savedBits) << Self.savedShift
    return SPTE(rawValue: (spte.rawValue | saved) & ~accessTrack)
  }

  /// The entry as it was before it was tracked (`restore_acc_track_spte`).
  func restored(_ spte: SPTE) -> SPTE {
    let saved = spte.rawValue >> Self.savedShift & Self.savedBits
    return SPTE(rawValue: spte.rawValue & ~(Self.savedBits << Self.savedShift) & ~accessTrack | saved)
  }

  /// An entry that leads to a table (`make_nonleaf_spte`).
  func link(to table: HostPhysicalAddress, accessedDirtyDisabled: Bool) -> SPTE {
    SPTE(
      rawValue: table.rawValue | SPTE.mmuPresent | present | SPTE.writable | user | execute
        | (accessedDirtyDisabled ? SPTE.accessedDirtyDisabled : accessed))
  }

  /// An entry for an address without memory (`make_mmio_spte`); empty if KVM makes none.
  ///
  /// - Parameter generation: the generation of the memory slots, of which bits 18:0 are kept.
  func mmio(_ frame: GuestFrameNumber, access: AccessRights, generation: UInt64) -> SPTE {
    guard let mmioValue else { return .none }
    let low = (generation & 0xff) << 3
    let high = (generation >> 8 & 0x7ff) << 52
    return SPTE(
      rawValue: low | high | mmioValue | UInt64(access.rawValue) & mmioAccess | frame.rawValue << 12)
  }

  /// The frame of an MMIO entry (`get_mmio_spte_gfn`).
  func mmioFrame(_ spte: SPTE) -> GuestFrameNumber {
    GuestFrameNumber(rawValue: (spte.rawValue & bits(12, 51) & ~mmioMask) >> 12)
  }

  /// The rights that an MMIO entry remembers (`get_mmio_spte_access`).
  func mmioRights(_ spte: SPTE) -> AccessRights {
    AccessRights(rawValue: UInt8(truncatingIfNeeded: spte.rawValue & mmioAccess))
  }

  /// The generation of an MMIO entry (`get_mmio_spte_generation`).
  func mmioGeneration(_ spte: SPTE) -> UInt64 {
    spte.rawValue >> 3 & 0xff | (spte.rawValue >> 52 & 0x7ff) << 8
  }
}

extension SPTEFormat {
  /// What an entry is.
  public enum Kind: String, Sendable {
    /// It leads to a table.
    case table
    /// It maps a page.
    case page
    /// It stands for an address without memory.
    case mmio
  }

  /// What an entry that is not empty is.
  public func kind(_ spte: SPTE, level: Int) -> Kind {
    isMMIO(spte) ? .mmio : SPTE.isLeaf(level: level) ? .page : .table
  }

  /// The guest frame that a leaf or an MMIO entry stands for.
  public func frame(_ entry: ShadowEntry, in page: ShadowPage) -> GuestFrameNumber {
    isMMIO(entry.spte) ? mmioFrame(entry.spte) : page.frame(ofEntry: entry.index)
  }

  /// The entry's flags by name, lowest bit first.
  public func flagNames(_ spte: SPTE, level: Int) -> [String] {
    if isMMIO(spte) { return ["MMIO", "generation=\(mmioGeneration(spte))"] }
    guard spte.rawValue != 0 else { return [] }
    var names = isEPT ? Self.names(spte, Self.eptFlags) : Self.names(spte, Self.x86Flags)
    if isEPT, SPTE.isLeaf(level: level) { names.append("MT=\(spte.rawValue >> 3 & 7)") }
    if isAccessTracked(spte) { names.append("access-tracked") }
    return names
  }

  private static func names(_ spte: SPTE, _ table: [(bit: UInt64, name: String)]) -> [String] {
    table.filter { spte.rawValue >> $0.bit & 1 != 0 }.map(\.name)
  }

  private static let x86Flags: [(bit: UInt64, name: String)] = [
    (0, "P"), (1, "W"), (2, "U"), (5, "A"), (6, "D"), (9, "host-writable"), (10, "MMU-writable"),
    (11, "MMU-present"), (63, "NX"),
  ]
  private static let eptFlags: [(bit: UInt64, name: String)] = [
    (0, "R"), (1, "W"), (2, "X"), (6, "IPAT"), (8, "A"), (9, "D"), (11, "MMU-present"), (52, "AD-disabled"),
    (57, "host-writable"), (58, "MMU-writable"),
  ]
}
