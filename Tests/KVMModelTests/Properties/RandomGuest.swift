@testable import KVMModel

/// A guest with random page tables, which it writes itself, and now and then L2 guests on nested tables.
///
/// Every table of a paging mode comes from one small pool of frames and points into that pool, so that tables stand at
/// several levels, form cycles and map themselves.
struct RandomGuest {
  /// Ways to run a guest.
  enum Mode: CaseIterable { case none, thirtyTwoBit, pae, fourLevel, fiveLevel }

  static let tables: Range<UInt64> = 0x10..<0x1a
  static let data: Range<UInt64> = 0x100..<0x108
  /// L1's nested tables: one of each level, the last of which maps 2 MiB, and one more of level 1.
  static let nested: Range<UInt64> = 0x40..<0x46
  static let pdpts: Range<UInt64> = 0x30..<0x32

  var random: RandomOperations
  let mode: Mode
  let amd: Bool

  init(seed: UInt64, mode: Mode, amd: Bool) {
    random = RandomOperations(seed: seed)
    self.mode = mode
    self.amd = amd
  }

  // MARK: - Memory

  /// The words that the tables begin with.
  mutating func words() -> [MemoryWord] {
    var words: [MemoryWord] = []
    for frame in Self.tables {
      for index in [0, 1, 2, 9, 255, 511] as [UInt64] { words.append(word(frame << 12 | index * 8, entry())) }
    }
    for frame in Self.pdpts {
      for index in 0..<4 as Range<UInt64> { words.append(word(frame << 12 | index * 8, table() << 12 | 1)) }
    }
    for (level, frame) in zip([4, 3, 2, 1, 1, 5], Self.nested) {
      let indices: Range<UInt64> = level == 1 ? 0..<0x110 : 0..<2
      for index in indices { words.append(word(frame << 12 | index * 8, nestedEntry(level, index, frame))) }
    }
    return words
  }

  private func word(_ address: UInt64, _ value: UInt64) -> MemoryWord {
    MemoryWord(address: GuestPhysicalAddress(rawValue: address), value: value)
  }

  private mutating func frame(_ frames: Range<UInt64>) -> UInt64 {
    UInt64.random(in: frames, using: &random.generator)
  }

  mutating func table() -> UInt64 { frame(Self.tables) }

  /// A word that a table may hold.
  mutating func entry() -> UInt64 {
    if mode == .thirtyTwoBit { return halfEntry() | halfEntry() << 32 }
    var entry = random.flag(95) ? flags() : 0
    if random.flag(12) { entry |= 1 << 63 }
    if random.flag(2) { entry |= 1 << 51 }
    return entry | target()
  }

  private mutating func halfEntry() -> UInt64 { (random.flag(92) ? flags() : 0) | target() }

  private mutating func flags() -> UInt64 {
    var flags: UInt64 = random.flag(70) ? 7 : random.pick([1, 3, 5])
    if random.flag(60) { flags |= 1 << 5 }
    if random.flag(40) { flags |= 1 << 6 }
    return flags
  }

  private mutating func target() -> UInt64 {
    switch Int.random(in: 0..<100, using: &random.generator) {
    case 0..<65: table() << 12
    case 65..<82: frame(Self.data) << 12
    // A large page, from 0 or 4 MiB; misaligned at other levels, or with bits that are reserved.
    case 82..<93: random.pick([0, 0, 0, 0x40_0000, 0x2_0000]) | 1 << 7
    case 93..<96: frame(Self.nested) << 12
    default: random.pick([0x900_0000, 0xfee0_0000])
    }
  }

  /// An entry of L1's nested tables: mostly to where the address is.
  private mutating func nestedEntry(_ level: Int, _ index: UInt64, _ frame: UInt64) -> UInt64 {
    let rights: UInt64 =
      amd
      ? (random.flag(85) ? 7 : random.pick([1, 3, 5])) : random.flag(85) ? 7 : random.pick([0, 1, 3, 4, 5])
    let flags =
      rights | (random.flag() ? (amd ? 0x20 : 0x100) : 0) | (random.flag(30) ? (amd ? 0x40 : 0x200) : 0)
    let type: UInt64 = amd ? 0 : 6 << 3
    if level == 1 {
      // A table where there is no memory is KVM's to read, which for EPT takes the right to write it.
      let other: UInt64 = amd && Self.data.contains(index) ? 0x9000 : 0x103
      return (random.flag(92) ? index : other) << 12 | flags | type
    }
    let upper = (flags & ~0x240) | 7
    if level == 2 && index == 1 { return 0x20_0000 | 1 << 7 | upper | type }
    if level == 2 { return random.pick([0x43, 0x43, 0x44]) << 12 | flags & ~0x240 }
    return (level == 5 ? Self.nested.lowerBound : frame + 1) << 12 | upper
  }

  /// What the guest writes to a place: an entry if a table lies there.
  mutating func value(at place: UInt64, bytes: Int) -> UInt64 {
    let value: UInt64
    if Self.nested.contains(place >> 12) {
      let level = [4, 3, 2, 1, 1, 5][Int(place >> 12 - Self.nested.lowerBound)]
      value = nestedEntry(level, place >> 3 & 511, place >> 12)
    } else {
      value = Self.tables.contains(place >> 12) ? entry() : random.generator.next()
    }
    return bytes == 8 ? value : value & (1 << UInt64(bytes * 8) - 1)
  }

  // MARK: - Registers and addresses

  mutating func cr3() -> UInt64 {
    mode == .pae ? frame(Self.pdpts) << 12 : random.pick(Array(Self.tables.prefix(5))) << 12
  }

  mutating func registers() -> RegisterValues {
    let protection = random.pick([0, 0x10_0000, 0x20_0000, 0x30_0000] as [UInt64])
    let cr0: UInt64 = random.flag(70) ? 0x8001_0033 : 0x8000_0033
    let efer: UInt64 = amd ? 0x1000 : 0
    return switch mode {
    case .none: RegisterValues(cr0: 0x11, efer: efer)
    case .thirtyTwoBit: RegisterValues(cr0: cr0, cr3: cr3(), cr4: protection | 0x10, efer: efer)
    case .pae: RegisterValues(cr0: cr0, cr3: cr3(), cr4: protection | 0x20, efer: efer | 0x800)
    case .fourLevel, .fiveLevel:
      RegisterValues(
        cr0: cr0, cr3: cr3(), cr4: protection | (mode == .fiveLevel ? 0x1020 : 0x20),
        efer: efer | (random.flag(80) ? 0xd00 : 0x500), codeSegmentLong: true)
    }
  }

  /// An address that the tables have entries for.
  mutating func address() -> UInt64 {
    let page: UInt64
    switch mode {
    case .none: page = random.pick([table(), frame(Self.data), frame(Self.nested), 0x200, 0x9000]) << 12
    case .thirtyTwoBit:
      page = random.pick([0, 1, 2, 3, 511, 1023]) << 22 | random.pick([0, 1, 2, 3, 4, 18, 19, 511]) << 12
    case .pae: page = random.pick([0, 3]) << 30 | index(2) | index(1)
    case .fourLevel, .fiveLevel:
      let top: UInt64 = random.pick([0, 0, 1]) << 39
      page = top | (mode == .fiveLevel ? random.pick([0, 1]) << 48 : 0) | index(3) | index(2) | index(1)
    }
    return page | random.pick([0, 8, 0x10, 0x48, 0x7f8, 0xff8])
  }

  private mutating func index(_ level: Int) -> UInt64 {
    random.pick([0, 0, 1, 1, 2, level == 1 ? 9 : 1]) << UInt64(12 + 9 * (level - 1))
  }

  /// An L2 guest.
  mutating func entry(nestedPaging: Bool, eptLevel: Int) -> NestedEntry {
    let top = Self.nested.lowerBound << 12
    let pgd: UInt64 =
      amd
      ? (eptLevel == 5 ? Self.nested.upperBound - 1 : Self.nested.lowerBound) << 12
      : top | 6 | 3 << 3 | (random.flag() ? 1 << 6 : 0)
    var l2 = registers()
    if nestedPaging && mode == .pae { l2 = RegisterValues() }
    return NestedEntry(nestedPaging: nestedPaging, pgd: nestedPaging ? pgd : nil, vpid: amd ? 0 : 1, l2: l2)
  }
}
