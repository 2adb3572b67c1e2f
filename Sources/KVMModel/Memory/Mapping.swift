/// A page that is to be mapped in a guest's tables.
public struct Mapping: Sendable, Hashable {
  /// The format of the tables.
  public var format: Format
  /// Where the top table lies, as CR3, nCR3 or an EPT pointer holds it; see ``rootTable`` and ``levels``.
  public var root: UInt64
  /// The address that is to be translated: a virtual one, or an L2-physical one for EPT and NPT.
  public var address: UInt64
  /// The guest-physical address of the page, a multiple of its size.
  public var target: UInt64
  /// The page's size.
  public var size: Size
  /// The leaf's flags at their places in the entry; see ``Format/leafFlags(_:size:)``.
  public var flags: UInt64
  /// The guest-physical address of the first page that may become a table, a multiple of 4096; `nil` for the page after
  /// the top table's.
  public var tables: UInt64?
  /// What stands in the way is overwritten.
  public var replace: Bool

  /// A mapping; ``problems()`` tells whether it is legal.
  ///
  /// - Parameter flags: `nil` for the format's ``Format/defaultFlags``.
  public init(
    format: Format, root: UInt64, address: UInt64, target: UInt64, size: Size = .page4K, flags: UInt64? = nil,
    tables: UInt64? = nil, replace: Bool = false
  ) {
    self.format = format
    self.root = root
    self.address = address
    self.target = target
    self.size = size
    self.flags = flags ?? format.defaultFlags
    self.tables = tables
    self.replace = replace
  }

  /// The formats of guest tables.
  public enum Format: String, Sendable, CaseIterable {
    /// 32-bit paging: two levels of 4-byte entries.
    case thirtyTwoBit = "32-bit"
    /// PAE paging: four PDPTEs, then two levels.
    case pae
    /// 4-level paging, also AMD's NPT.
    case fourLevel = "4-level"
    /// 5-level paging, also AMD's NPT.
    case fiveLevel = "5-level"
    /// Intel's EPT, of four levels, or of five if the root says so.
    case ept
  }

  /// The sizes of pages.
  public enum Size: String, Sendable, CaseIterable {
    /// 4 KiB.
    case page4K = "4k"
    /// 2 MiB.
    case page2M = "2m"
    /// 4 MiB, in 32-bit paging with CR4.PSE.
    case page4M = "4m"
    /// 1 GiB.
    case page1G = "1g"

    /// The level of the leaf.
    var level: Int {
      switch self {
      case .page4K: 1
      case .page2M, .page4M: 2
      case .page1G: 3
      }
    }

    /// The length in bytes.
    var bytes: UInt64 {
      switch self {
      case .page4K: 1 << 12
      case .page2M: 1 << 21
      case .page4M: 1 << 22
      case .page1G: 1 << 30
      }
    }
  }

  /// The leaf's flags by name, as ``Format/leafFlags(_:size:)`` takes them.
  public var flagNames: [String] {
    format.entries.flagNames(flags, isLeaf: true, level: size.level)
  }

  /// The levels of the tables. An EPT pointer whose bits 5:3 are 4 has five (Intel SDM volume 3, section 25.6.11).
  var levels: Int {
    switch format {
    case .thirtyTwoBit: 2
    case .pae: 3
    case .fourLevel: 4
    case .fiveLevel: 5
    case .ept: root >> 3 & 7 == 4 ? 5 : 4
    }
  }

  /// The top table: the root without its low 12 bits, or for PAE paging without its low 5.
  var rootTable: GuestPhysicalAddress {
    GuestPhysicalAddress(rawValue: root & ~(format == .pae ? 0x1f : 0xfff))
  }

  /// The first frame past the page.
  var endOfTarget: UInt64 { (target >> 12) &+ (size.bytes >> 12) }
}

extension Mapping.Format {
  /// The sizes of its pages.
  public var sizes: [Mapping.Size] {
    switch self {
    case .thirtyTwoBit: [.page4K, .page4M]
    case .pae: [.page4K, .page2M]
    case .fourLevel, .fiveLevel, .ept: [.page4K, .page2M, .page1G]
    }
  }

  /// A leaf's flags if none are asked for: P, RW and US; for EPT R, W, X and write-back memory.
  public var defaultFlags: UInt64 { self == .ept ? 6 << 3 | 7 : 7 }

  /// How its entries are read and written.
  var entries: EntryFormat {
    switch self {
    case .thirtyTwoBit: EntryFormat(format: .paging32)
    case .pae, .fourLevel, .fiveLevel: EntryFormat(format: .paging64)
    case .ept: EntryFormat(format: .ept)
    }
  }

  /// The first frame that its entries can't point to.
  var endOfFrames: UInt64 { self == .thirtyTwoBit ? 1 << 20 : 1 << 40 }
}
