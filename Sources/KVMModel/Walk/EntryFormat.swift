/// How entries of a guest's tables are read (`paging_tmpl.h` compiled for one format).
struct EntryFormat {
  let format: WalkFormat

  /// Size of an entry in bytes.
  var bytes: UInt64 { format == .paging32 ? 4 : 8 }
  private var indexBits: Int { format == .paging32 ? 10 : 9 }
  private var addressBits: UInt64 { format == .paging32 ? bits(12, 31) : bits(12, 51) }
  /// The accessed flag.
  var accessed: UInt64 { format == .ept ? 1 << 8 : 1 << 5 }
  /// The dirty flag of a leaf.
  var dirty: UInt64 { format == .ept ? 1 << 9 : 1 << 6 }

  /// The entry's place in its table.
  func index(of address: UInt64, level: Int) -> Int {
    Int(truncatingIfNeeded: address >> UInt64(12 + (level - 1) * indexBits) & (1 << UInt64(indexBits) - 1))
  }

  /// The bits of an address that lie inside a page of this level.
  func offsetMask(level: Int) -> UInt64 { bits(0, 11 + (level - 1) * indexBits) }

  /// The table that an entry points to, or the page of a level-1 entry.
  func frame(_ entry: UInt64) -> GuestFrameNumber { GuestFrameNumber(rawValue: (entry & addressBits) >> 12) }

  func isPresent(_ entry: UInt64) -> Bool { entry & (format == .ept ? 7 : 1) != 0 }

  /// Whether the entry maps a page. Bit 7 counts in 32-bit tables only with CR4.PSE.
  func isLeaf(_ entry: UInt64, level: Int, role: VCPURole) -> Bool {
    guard level > 1 else { return true }
    guard entry >> 7 & 1 != 0 else { return false }
    return format != .paging32 || role.ext.contains(.cr4PSE)
  }

  /// The frame that a leaf maps for an address: a large page's first frame and the offset inside it. A 4 MiB page
  /// keeps address bits 35:32 in bits 16:13 (PSE-36).
  func frame(_ leaf: UInt64, level: Int, address: UInt64) -> GuestFrameNumber {
    let offset = offsetMask(level: level)
    var base = leaf & addressBits & ~offset
    if format == .paging32 && level == 2 { base |= (leaf >> 13 & 0xf) << 32 }
    return GuestFrameNumber(rawValue: (base | address & offset) >> 12)
  }

  /// The entry in a form whose AND over a path is what the path allows: no-execute is turned into execute.
  func rightsWord(_ entry: UInt64) -> UInt64 { format == .paging64 ? entry ^ 1 << 63 : entry }

  /// The rights in such a word (`FNAME(gpte_access)`).
  func rights(_ word: UInt64) -> AccessRights {
    var rights: AccessRights = []
    if word & 2 != 0 { rights.insert(.write) }
    switch format {
    case .ept:
      if word & 4 != 0 { rights.insert(.execute) }
      if word & 1 != 0 { rights.insert(.user) }
    case .paging32, .nonpaging, .paging64:
      if format == .paging32 || word >> 63 != 0 { rights.insert(.execute) }
      if word & 4 != 0 { rights.insert(.user) }
    }
    return rights
  }

  /// The entry's flags by name, lowest bit first.
  func flagNames(_ entry: UInt64, isLeaf: Bool) -> [String] {
    let table = format == .ept ? Self.eptFlags : Self.x86Flags
    var names = table.filter { entry & $0.mask != 0 && (isLeaf || !$0.leafOnly) }.map(\.name)
    if format == .ept {
      if isLeaf { names.append("MT=\(entry >> 3 & 7)") }
    } else if format == .paging64 {
      if entry >> 63 != 0 { names.append("NX") }
      if isLeaf && entry >> 59 & 0xf != 0 { names.append("PK=\(entry >> 59 & 0xf)") }
    }
    return names
  }

  private static let x86Flags: [(mask: UInt64, name: String, leafOnly: Bool)] = [
    (1 << 0, "P", false), (1 << 1, "RW", false), (1 << 2, "US", false), (1 << 3, "PWT", false),
    (1 << 4, "PCD", false), (1 << 5, "A", false), (1 << 6, "D", true), (1 << 7, "PS", false),
    (1 << 8, "G", true),
  ]
  private static let eptFlags: [(mask: UInt64, name: String, leafOnly: Bool)] = [
    (1 << 0, "R", false), (1 << 1, "W", false), (1 << 2, "X", false), (1 << 6, "IPAT", true),
    (1 << 7, "PS", false), (1 << 8, "A", false), (1 << 9, "D", true),
  ]
}
