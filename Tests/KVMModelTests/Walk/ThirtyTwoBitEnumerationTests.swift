@testable import KVMModel
import Testing

/// 32-bit paging: every combination of the bits of a PDE and a PTE, of the control bits and of the kinds of access, against
/// ``ArchitectureRules`` and section 4.3 of the Intel SDM, volume 3.
@Suite struct ThirtyTwoBitEnumerationTests {
  /// Each combination of control bits meets each nth combination of entries, and other ones than its neighbours do.
  #if DEBUG
    static let step = 31
  #else
    static let step = 5
  #endif

  @Test func everyCombinationFollowsTheArchitecture() throws {
    var walks = 0
    var differences: [String] = []
    var reserved = 0
    for mode in 0..<16 {
      var enumeration = try Enumeration(mode: mode)
      for combination in stride(from: mode % Self.step, to: Entries.count, by: Self.step) {
        walks += enumeration.check(Entries(combination), &differences)
      }
      reserved += enumeration.reservedFaults
    }
    #expect(differences.isEmpty, "\(differences.count) of \(walks): \(differences.prefix(5))")
    #expect(walks > 200_000 && reserved > 10_000)
  }
}

/// A PDE and a PTE.
private struct Entries: Equatable {
  /// P, RW, US and A for the PDE; then PS and D, one of bits 21:17 or none; then P, RW, US, A, D and PAT of the PTE.
  static let count = 16 * 4 * 6 * 64
  /// Bits 31:22 are those of a 4 MiB page, and bit 13 is bit 32 of its address; or all of bits 31:12 those of a table.
  private static let pdeAddress: UInt64 = 0x40_2000
  private static let pteAddress: UInt64 = 0x5000

  var pde: UInt64
  var pte: UInt64

  init(_ combination: Int) {
    var rest = UInt64(combination)
    func take(_ bound: UInt64) -> UInt64 {
      defer { rest /= bound }
      return rest % bound
    }
    pte = Self.pteAddress | Self.bits(take(64), [0, 1, 2, 5, 6, 7])
    pde = Self.pdeAddress | Self.bits(take(64), [0, 1, 2, 5, 6, 7])
    let reserved = take(6)
    if reserved > 0 { pde |= 1 << (16 + reserved) }
  }

  private static func bits(_ choice: UInt64, _ places: [UInt64]) -> UInt64 {
    places.enumerated().reduce(0) { $0 | (choice >> UInt64($1.offset) & 1) << $1.element }
  }

  /// Where the PTE lies if the PDE leads to a table: bits 31:12 of it, whatever they are.
  var place: UInt64 { pde & 0xffff_f000 | 3 * 4 }
}

/// A machine in one mode.
private struct Enumeration {
  /// Both entries are the upper half of a 64-bit word.
  static let address: UInt64 = 0x40_3123
  static let pdePlace: UInt64 = 0x1004
  static let otherHalf: UInt64 = 0xffff_f000

  let rules: ArchitectureRules
  let pse: Bool
  var vm: VirtualMachine
  var reservedFaults = 0

  init(mode: Int) throws {
    rules = ArchitectureRules(writeProtect: mode & 1 != 0, smep: mode & 4 != 0, smap: mode & 8 != 0)
    pse = mode & 2 != 0
    var machine = Machine()
    machine.autoEnter = false
    // With 36 bits of physical address, bits 21:17 of a 4 MiB page's PDE are reserved (table 4-4).
    machine.cpuid.maxPhyAddr = 36
    vm = VirtualMachine(machine: machine, boot: .thirtyTwoBit)
    let control = RegisterValues(
      cr0: 0x8004_0033 | (mode & 1 != 0 ? 1 << 16 : 0),
      cr4: (pse ? 1 << 4 : 0) | UInt64(mode >> 2) << 20)
    let outcome = try vm.apply(.vcpu(0, .setSregs(control), enterGuest: false), detail: []).outcome
    try #require(outcome == .ok, "\(outcome)")
  }

  /// Lets every kind of access meet one combination of entries; gives their number.
  mutating func check(_ entries: Entries, _ differences: inout [String]) -> Int {
    write(entries)
    for access in ArchitectureRules.Access.all {
      let (expected, after) = expectation(entries, access)
      let found = walk(access)
      let now = (pde: word(Self.pdePlace), pte: word(entries.place))
      let want = (pde: after.pde << 32 | Self.otherHalf, pte: after.pte << 32 | Self.otherHalf)
      if found != expected || now != want {
        differences.append(
          "\(rules), PSE \(pse), \(access), \(hex(entries.pde)) \(hex(entries.pte)): \(found), not \(expected); "
            + "\(hex(now.pde)) \(hex(now.pte))")
      }
      if after != entries || now != want { write(entries) }
    }
    return ArchitectureRules.Access.all.count
  }

  /// Where an access ends.
  private enum End: Equatable {
    case reached(UInt64)
    case fault(UInt64)
  }

  /// Section 4.3, from the PDE down, and the entries after it (section 4.8).
  private mutating func expectation(_ entries: Entries, _ access: ArchitectureRules.Access) -> (End, Entries)
  {
    let (pde, pte) = (entries.pde, entries.pte)
    if pde & 1 == 0 { return (.fault(rules.notPresent(access)), entries) }
    let isLarge = pse && pde >> 7 & 1 == 1
    if isLarge && pde & 0x3e_0000 != 0 {
      reservedFaults += 1
      return (.fault(rules.reservedBit(access)), entries)
    }
    if !isLarge && pte & 1 == 0 { return (.fault(rules.notPresent(access)), entries) }
    let both = isLarge ? pde : pde & pte
    let page = ArchitectureRules.Page(
      user: both & 4 != 0, writable: both & 2 != 0, executeDisable: false, accessDisable: false,
      writeDisable: false)
    if let code = rules.errorCode(access, page) { return (.fault(code), entries) }
    let flags: UInt64 = access.kind == .write ? 0x60 : 0x20
    var after = entries
    if isLarge {
      after.pde |= flags
      return (.reached((pde >> 13 & 0xf) << 32 | pde & 0xffc0_0000 | Self.address & 0x3f_ffff), after)
    }
    after.pde |= 0x20
    after.pte |= flags
    return (.reached(pte & 0xffff_f000 | Self.address & 0xfff), after)
  }

  private mutating func walk(_ access: ArchitectureRules.Access) -> End {
    var mode: AccessMode =
      switch access.kind {
      case .read: []
      case .write: .write
      case .fetch: .fetch
      }
    if access.user { mode.insert(.user) }
    if access.implicit { mode.insert(.implicit) }
    if access.alignmentCheck { mode.insert(.alignmentCheck) }
    switch vm.on(0, { $0.physicalAddress(.root, Self.address, access: mode) }) {
    case .success(let address): return .reached(address.rawValue)
    case .failure(let fault): return .fault(fault.errorCode.rawValue)
    }
  }

  private mutating func write(_ entries: Entries) {
    for (place, entry) in [(Self.pdePlace, entries.pde), (entries.place, entries.pte)] {
      _ = vm.memory.store(
        entry << 32 | Self.otherHalf, at: GuestPhysicalAddress(rawValue: place & ~7))
    }
  }

  private func word(_ place: UInt64) -> UInt64 {
    vm.memory.word(at: GuestPhysicalAddress(rawValue: place & ~7)) ?? 0
  }
}
