@testable import KVMModel
import Testing

/// Every combination of the bits of two entries, of the control bits and of the kinds of access, against
/// ``ArchitectureRules``.
@Suite struct AccessEnumerationTests {
  /// The two lowest entries of a path.
  struct Layout {
    let name: String
    let boot: Boot
    let address: UInt64
    /// The entries above, which allow everything and are accessed.
    let above: [(address: UInt64, value: UInt64)]
    /// Where the two entries lie.
    let upper: UInt64
    let leaf: UInt64
    /// What the entries hold besides the bits that vary.
    let table: UInt64
    let page: UInt64
    /// A bit that is always reserved, in a table's entry and in the leaf.
    let tableReserved: UInt64
    let leafReserved: UInt64
    let hasKeys: Bool
  }

  static let layouts = [
    Layout(
      name: "4-level, 4 KiB", boot: .longMode, address: 0x7123, above: [(0x1000, 0x2027), (0x2000, 0x3027)],
      upper: 0x3000, leaf: 0x4038, table: 0x4000, page: 0x5000, tableReserved: 1 << 51, leafReserved: 1 << 46,
      hasKeys: true),
    Layout(
      name: "4-level, 2 MiB", boot: .longMode, address: 0x20_0123, above: [(0x1000, 0x2027)], upper: 0x2000,
      leaf: 0x3008, table: 0x3000, page: 0x60_0080, tableReserved: 1 << 50, leafReserved: 1 << 13,
      hasKeys: true),
    Layout(
      name: "PAE, 4 KiB", boot: .pae, address: 0x7123, above: [(0x1000, 0x2001)], upper: 0x2000, leaf: 0x3038,
      table: 0x3000, page: 0x5000, tableReserved: 1 << 62, leafReserved: 1 << 52, hasKeys: false),
  ]

  /// Key 1 denies every access, key 2 writes, key 3 both.
  static let pkru: UInt32 = 0b11_10_01_00

  /// In a debug build, each combination of control bits meets each 61st combination of entries, another one each time.
  #if DEBUG
    static let step = 61
  #else
    static let step = 1
  #endif

  @Test func everyCombinationFollowsTheArchitecture() throws {
    var walks = 0
    var differences: [String] = []
    for layout in Self.layouts {
      for mode in 0..<32 {
        var enumeration = try Enumeration(layout, mode: mode)
        for combination in stride(
          from: mode % Self.step, to: layout.hasKeys ? 1 << 15 : 1 << 13, by: Self.step)
        {
          walks += enumeration.check(combination, &differences)
        }
      }
    }
    #expect(differences.isEmpty, "\(differences.count) of \(walks): \(differences.prefix(5))")
    #expect(walks > 600_000)
  }
}

/// A machine in one mode.
private struct Enumeration {
  let layout: AccessEnumerationTests.Layout
  let rules: ArchitectureRules
  var vm: VirtualMachine

  init(_ layout: AccessEnumerationTests.Layout, mode: Int) throws {
    self.layout = layout
    rules = ArchitectureRules(
      writeProtect: mode & 1 != 0, noExecute: mode & 2 != 0, smep: mode & 4 != 0, smap: mode & 8 != 0,
      // Protection keys are for IA-32e paging (SDM volume 3, section 5.6.2).
      protectionKeys: layout.hasKeys && mode & 16 != 0)
    var machine = Machine()
    machine.autoEnter = false
    machine.memory.words = layout.above.map {
      MemoryWord(address: GuestPhysicalAddress(rawValue: $0.address), value: $0.value)
    }
    vm = VirtualMachine(machine: machine, boot: layout.boot)
    let start = vm.vcpus[0].registers
    var control = RegisterValues()
    control.cr0 = start.cr0.rawValue & ~(1 << 16) | (mode & 1 != 0 ? 1 << 16 : 0)
    control.efer = start.efer.rawValue & ~(1 << 11) | (mode & 2 != 0 ? 1 << 11 : 0)
    control.cr4 = start.cr4.rawValue | UInt64(mode >> 2) << 20
    let outcome = try vm.apply(.vcpu(0, .setSregs(control), enterGuest: false), detail: []).outcome
    try #require(outcome == .ok, "\(outcome)")
    vm.vcpus[0].registers.pkru = AccessEnumerationTests.pkru
  }

  /// Lets every kind of access meet one combination of entries; gives their number.
  mutating func check(_ combination: Int, _ differences: inout [String]) -> Int {
    let upper = Bits(rawValue: combination & 63)
    let leaf = Bits(rawValue: combination >> 6 & 127)
    let key = combination >> 13 & 3
    let entries = (
      upper: layout.table | upper.entry(reserved: layout.tableReserved),
      leaf: layout.page | leaf.entry(reserved: layout.leafReserved) | UInt64(key) << 59
    )
    write(entries)
    for access in ArchitectureRules.Access.all {
      let code = errorCode(access, upper, leaf, key)
      var after = entries
      if code == nil {
        after.upper |= 1 << 5
        after.leaf |= access.kind == .write ? 3 << 5 : 1 << 5
      }
      let found = walk(access)
      let now = (upper: vm.memory.word(at: layout.upper), leaf: vm.memory.word(at: layout.leaf))
      if found != code || now != after {
        differences.append(
          "\(layout.name), \(rules), \(access), \(hex(entries.upper)) \(hex(entries.leaf)): "
            + "\(found.map(hex) ?? "-"), not \(code.map(hex) ?? "-"); \(hex(now.upper)) \(hex(now.leaf))")
      }
      if now != entries { write(entries) }
    }
    return ArchitectureRules.Access.all.count
  }

  /// The error code that the architecture has for an access, from the top entry down.
  private func errorCode(
    _ access: ArchitectureRules.Access, _ upper: Bits, _ leaf: Bits, _ key: Int
  ) -> UInt64? {
    for entry in [upper, leaf] {
      if !entry.contains(.present) { return rules.notPresent(access) }
      let reservedXD = entry.contains(.executeDisable) && !rules.noExecute
      if entry.contains(.reserved) || reservedXD { return rules.reservedBit(access) }
    }
    let both = upper.intersection(leaf)
    return rules.errorCode(
      access,
      ArchitectureRules.Page(
        user: both.contains(.user), writable: both.contains(.writable),
        executeDisable: upper.union(leaf).contains(.executeDisable), accessDisable: key & 1 != 0,
        writeDisable: key & 2 != 0))
  }

  private mutating func walk(_ access: ArchitectureRules.Access) -> UInt64? {
    var mode: AccessMode =
      switch access.kind {
      case .read: []
      case .write: .write
      case .fetch: .fetch
      }
    if access.user { mode.insert(.user) }
    if access.implicit { mode.insert(.implicit) }
    if access.alignmentCheck { mode.insert(.alignmentCheck) }
    let result = vm.on(0) { $0.physicalAddress(.root, layout.address, access: mode) }
    switch result {
    case .success(let address):
      return address.rawValue == (layout.page & ~0xfff | 0x123) ? nil : address.rawValue
    case .failure(let fault): return fault.errorCode.rawValue
    }
  }

  private mutating func write(_ entries: (upper: UInt64, leaf: UInt64)) {
    for (address, value) in [(layout.upper, entries.upper), (layout.leaf, entries.leaf)] {
      _ = vm.memory.store(value, at: GuestPhysicalAddress(rawValue: address))
    }
  }
}

/// The bits of an entry that vary. The dirty flag is the leaf's alone.
private struct Bits: OptionSet {
  let rawValue: Int
  static let present = Bits(rawValue: 1)
  static let writable = Bits(rawValue: 2)
  static let user = Bits(rawValue: 4)
  static let accessed = Bits(rawValue: 8)
  static let executeDisable = Bits(rawValue: 16)
  static let reserved = Bits(rawValue: 32)
  static let dirty = Bits(rawValue: 64)

  /// The bits at their places (SDM volume 3, tables 5-15 to 5-20).
  func entry(reserved: UInt64) -> UInt64 {
    var entry: UInt64 = 0
    if contains(.present) { entry |= 1 << 0 }
    if contains(.writable) { entry |= 1 << 1 }
    if contains(.user) { entry |= 1 << 2 }
    if contains(.accessed) { entry |= 1 << 5 }
    if contains(.dirty) { entry |= 1 << 6 }
    if contains(.executeDisable) { entry |= 1 << 63 }
    if contains(.reserved) { entry |= reserved }
    return entry
  }
}

extension GuestMemory {
  fileprivate func word(at address: UInt64) -> UInt64 {
    word(at: GuestPhysicalAddress(rawValue: address)) ?? 0
  }
}
