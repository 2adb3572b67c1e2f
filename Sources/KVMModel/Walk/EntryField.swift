/// A flag or a small number in an entry of a guest's tables, by the name that the SDM gives it.
struct EntryField: Sendable {
  let name: String
  let mask: UInt64
  let place: Place
  /// It holds a number and is written with it, as in `PK=3`.
  var isNumber = false
  /// A leaf shows it even if it is 0.
  var showsZero = false

  /// The entries that have it.
  enum Place: Sendable { case every, leaf, page4K, largePage, aboveLevel1 }

  /// Whether an entry has it.
  func belongs(toLeaf isLeaf: Bool, level: Int) -> Bool {
    switch place {
    case .every: true
    case .leaf: isLeaf
    case .page4K: isLeaf && level == 1
    case .largePage: isLeaf && level > 1
    case .aboveLevel1: level > 1
    }
  }

  /// What an entry says by it; nil if it says nothing.
  func text(in entry: UInt64) -> String? {
    guard entry & mask != 0 || showsZero else { return nil }
    return isNumber ? "\(name)=\((entry & mask) >> shift)" : name
  }

  /// The field with a number in it; nil if it doesn't fit.
  func holding(_ number: UInt64) -> UInt64? { number <= mask >> shift ? number << shift : nil }

  /// The greatest number that fits.
  var maximum: UInt64 { mask >> shift }
  private var shift: UInt64 { UInt64(mask.trailingZeroBitCount) }
}

extension EntryFormat {
  /// What entries of this format have, lowest bit first, and numbers last.
  var fields: [EntryField] {
    switch format {
    case .ept: Self.eptFields
    case .paging64: Self.wideFields
    case .paging32, .nonpaging: Self.x86Fields
    }
  }

  /// The entry's flags by name.
  func flagNames(_ entry: UInt64, isLeaf: Bool, level: Int) -> [String] {
    fields.compactMap { $0.belongs(toLeaf: isLeaf, level: level) ? $0.text(in: entry) : nil }
  }

  /// Intel SDM volume 3, sections 5.3 (32-bit), 5.4 (PAE) and 5.5 (4-level and 5-level).
  private static let x86Fields = [
    EntryField(name: "P", mask: 1 << 0, place: .every), EntryField(name: "RW", mask: 1 << 1, place: .every),
    EntryField(name: "US", mask: 1 << 2, place: .every), EntryField(name: "PWT", mask: 1 << 3, place: .every),
    EntryField(name: "PCD", mask: 1 << 4, place: .every), EntryField(name: "A", mask: 1 << 5, place: .every),
    EntryField(name: "D", mask: 1 << 6, place: .leaf),
    EntryField(name: "PS", mask: 1 << 7, place: .aboveLevel1),
    EntryField(name: "PAT", mask: 1 << 7, place: .page4K), EntryField(name: "G", mask: 1 << 8, place: .leaf),
    EntryField(name: "PAT", mask: 1 << 12, place: .largePage),
  ]
  /// Entries of 8 bytes have two more.
  private static let wideFields =
    x86Fields + [
      EntryField(name: "NX", mask: 1 << 63, place: .every),
      EntryField(name: "PK", mask: bits(59, 62), place: .leaf, isNumber: true),
    ]
  /// Intel SDM volume 3, section 29.3.2.
  private static let eptFields = [
    EntryField(name: "R", mask: 1 << 0, place: .every), EntryField(name: "W", mask: 1 << 1, place: .every),
    EntryField(name: "X", mask: 1 << 2, place: .every), EntryField(name: "IPAT", mask: 1 << 6, place: .leaf),
    EntryField(name: "PS", mask: 1 << 7, place: .aboveLevel1),
    EntryField(name: "A", mask: 1 << 8, place: .every), EntryField(name: "D", mask: 1 << 9, place: .leaf),
    EntryField(name: "MT", mask: bits(3, 5), place: .leaf, isNumber: true, showsZero: true),
  ]
}
