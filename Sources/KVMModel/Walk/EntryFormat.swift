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

  /// The leaf that maps the page at an address, without flags but the one that makes a page large.
  func leaf(to page: UInt64, level: Int) -> UInt64 {
    guard level > 1 else { return page }
    guard format == .paging32 else { return page | Self.pageSize }
    return page & addressBits | (page >> 32 & 0xf) << 13 | Self.pageSize
  }

  /// Bit 7 of an entry above level 1 (PS): it maps a large page.
  static let pageSize: UInt64 = 1 << 7
}
