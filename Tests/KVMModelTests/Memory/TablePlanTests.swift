import Testing

@testable import KVMModel

@Suite struct TablePlanTests {
  private func memory(
    _ words: [(UInt64, UInt64)] = [], slots: [MemorySlot] = [MemorySlot(base: 0, bytes: 1 << 32)]
  ) -> GuestMemory {
    var memory = GuestMemory(slots: slots)
    for (address, value) in words {
      #expect(memory.store(value, at: GuestPhysicalAddress(rawValue: address)) == nil)
    }
    return memory
  }

  /// Level, place and value of each entry that is written.
  private func entries(_ mapping: Mapping, _ memory: GuestMemory) throws -> [[UInt64]] {
    try TablePlan(mapping, in: memory).entries.map { [UInt64($0.level), $0.address.rawValue, $0.to] }
  }

  private func refusal(_ mapping: Mapping, _ memory: GuestMemory) -> String? {
    do throws(OperationError) {
      _ = try TablePlan(mapping, in: memory)
      return nil
    } catch {
      switch error {
      case .conflict(let reason): return "conflict: " + reason
      case .invalid(let problem): return problem.pointer + ": " + problem.detail
      case .noSuchVCPU: return "vcpu"
      }
    }
  }

  @Test func everyFormatAndSizeHasItsEntries() throws {
    let high: UInt64 = 0xffff_8123_4567_8000
    let cases: [(Mapping, [[UInt64]])] = [
      (
        Mapping(format: .thirtyTwoBit, root: 0x1fff, address: 0x00c0_3abc, target: 0x5000),
        [[2, 0x100c, 0x2007], [1, 0x200c, 0x5007]]
      ),
      (
        Mapping(
          format: .thirtyTwoBit, root: 0x1000, address: 0x0100_0000, target: 0x9_00c0_0000, size: .page4M),
        [[2, 0x1010, 0xc1_2087]]
      ),
      (
        Mapping(format: .pae, root: 0x103f, address: 0xc060_5000, target: 0x7_0000_0000),
        [[3, 0x1038, 0x2001], [2, 0x2018, 0x3007], [1, 0x3028, 0x7_0000_0007]]
      ),
      (
        Mapping(format: .pae, root: 0x1020, address: 0x4060_5000, target: 0x20_0000, size: .page2M),
        [[3, 0x1028, 0x2001], [2, 0x2018, 0x20_0087]]
      ),
      (
        Mapping(
          format: .fourLevel, root: 0x1018, address: high, target: 0xf_ffff_ffff_f000, flags: 1 << 63 | 5),
        [
          [4, 0x1810, 0x2007], [3, 0x2468, 0x3007], [2, 0x3158, 0x4007], [1, 0x43c0, 0x800f_ffff_ffff_f005],
        ]
      ),
      (
        Mapping(format: .fourLevel, root: 0x1000, address: high, target: 0x20_0000, size: .page2M),
        [[4, 0x1810, 0x2007], [3, 0x2468, 0x3007], [2, 0x3158, 0x20_0087]]
      ),
      (
        Mapping(format: .fourLevel, root: 0x1000, address: high, target: 0x4000_0000, size: .page1G),
        [[4, 0x1810, 0x2007], [3, 0x2468, 0x4000_0087]]
      ),
      (
        Mapping(format: .fiveLevel, root: 0x1000, address: 0x00ab_8123_4567_8000, target: 0x9000),
        [
          [5, 0x1558, 0x2007], [4, 0x2810, 0x3007], [3, 0x3468, 0x4007], [2, 0x4158, 0x5007],
          [1, 0x53c0, 0x9007],
        ]
      ),
      (
        Mapping(format: .fiveLevel, root: 0x1000, address: 0, target: 0x4000_0000, size: .page1G),
        [[5, 0x1000, 0x2007], [4, 0x2000, 0x3007], [3, 0x3000, 0x4000_0087]]
      ),
      (
        Mapping(format: .ept, root: 0x105e, address: 0x7000, target: 0x5000),
        [[4, 0x1000, 0x2007], [3, 0x2000, 0x3007], [2, 0x3000, 0x4007], [1, 0x4038, 0x5037]]
      ),
      (
        Mapping(
          format: .ept, root: 0x1066, address: 0x20_0000, target: 0x40_0000, size: .page2M, flags: 0x31),
        [[5, 0x1000, 0x2007], [4, 0x2000, 0x3007], [3, 0x3000, 0x4007], [2, 0x4008, 0x40_00b1]]
      ),
      (
        Mapping(format: .ept, root: 0x1000, address: 1 << 30, target: 0, size: .page1G),
        [[4, 0x1000, 0x4000_0007], [3, 0x4000_0008, 0xb7]]
      ),
    ]
    for (mapping, expected) in cases { #expect(try entries(mapping, memory()) == expected, "\(mapping)") }
  }

  @Test func tablesThatExistAreFollowedAndLeftAsTheyAre() throws {
    // A level-4 entry without US, a level-3 entry that no flag but P has; the level-2 entry is not present.
    let words: [(UInt64, UInt64)] = [(0x1000, 0x8003), (0x8000, 0x9001), (0x9000, 0xffff_ff06)]
    let mapping = Mapping(format: .fourLevel, root: 0x1000, address: 0x3000, target: 0)
    let plan = try TablePlan(mapping, in: memory(words))
    #expect(plan.tables.map(\.rawValue) == [0x2000])
    #expect(plan.entries.map(\.from) == [0xffff_ff06, 0] && plan.entries.map(\.to) == [0x2007, 7])
    #expect(plan.entries.map(\.flags) == [["P", "RW", "US"], ["P", "RW", "US"]])
    #expect(plan.entries.map(\.isLeaf) == [false, true])
  }

  @Test func tablesComeFromTheFirstZeroPagesOfSlots() throws {
    let slots = [
      MemorySlot(base: 0x4000_0000, bytes: 0x10_0000), MemorySlot(base: 0x1000, bytes: 0x5000),
    ]
    // Page 2 is in use; page 3 was, and is zero again; page 4 is the target.
    var memory = memory([(0x2ff8, 1), (0x3000, 1)], slots: slots)
    #expect(memory.store(0, at: GuestPhysicalAddress(rawValue: 0x3000)) == nil)
    var mapping = Mapping(format: .fourLevel, root: 0x1000, address: 0, target: 0x4000)
    #expect(try TablePlan(mapping, in: memory).tables.map(\.rawValue) == [0x3000, 0x5000, 0x4000_0000])
    mapping.tables = 0
    #expect(try TablePlan(mapping, in: memory).tables.map(\.rawValue) == [0x3000, 0x5000, 0x4000_0000])
    mapping.tables = 0x6000
    #expect(
      try TablePlan(mapping, in: memory).tables.map(\.rawValue) == [0x4000_0000, 0x4000_1000, 0x4000_2000])
    mapping = Mapping(
      format: .fourLevel, root: 0x1000, address: 0, target: 0x4000_0000, size: .page1G, tables: 0x3000)
    #expect(try TablePlan(mapping, in: memory).tables.map(\.rawValue) == [0x3000])
    mapping.tables = 0x4000_0000
    #expect(refusal(mapping, memory)?.hasPrefix("/tables: no page from 0x40000000 on") == true)
    mapping.tables = .max << 12
    #expect(refusal(mapping, memory)?.hasPrefix("/tables: ") == true)
  }

  @Test func fourByteEntriesReachOnlyFourGiB() {
    let slots = [MemorySlot(base: 0x1000, bytes: 0x1000), MemorySlot(base: 1 << 32, bytes: 0x10_0000)]
    var mapping = Mapping(format: .thirtyTwoBit, root: 0x1000, address: 0, target: 0)
    #expect(refusal(mapping, memory(slots: slots))?.contains("below 4 GiB") == true)
    mapping.format = .pae
    #expect(refusal(mapping, memory(slots: slots)) == nil)
  }

  @Test func theSameMappingWritesNothing() throws {
    for (old, flags) in [(0x5007, 7), (0x5067, 7), (0x5027, 0x27)] as [(UInt64, UInt64)] {
      let memory = memory([(0x1000, 0x2007), (0x2000, 0x3007), (0x3000, 0x4007), (0x4038, old)])
      let mapping = Mapping(format: .fourLevel, root: 0x1000, address: 0x7000, target: 0x5000, flags: flags)
      #expect(try entries(mapping, memory).isEmpty, "\(hex(old))")
    }
    let ept = memory([(0x1000, 0x2007), (0x2000, 0x3007), (0x3000, 0x4007), (0x4038, 0x5337)])
    #expect(
      try entries(Mapping(format: .ept, root: 0x1000, address: 0x7000, target: 0x5000), ept).isEmpty)
  }

  @Test func whatStandsInTheWayIsReplacedOnlyOnRequest() throws {
    let path: [(UInt64, UInt64)] = [(0x1000, 0x2007), (0x2000, 0x3007), (0x3000, 0x4007)]
    let leaf = Mapping(format: .fourLevel, root: 0x1000, address: 0x7000, target: 0x5000)
    let large = Mapping(format: .fourLevel, root: 0x1000, address: 0, target: 0x20_0000, size: .page2M)
    let cases: [(Mapping, [(UInt64, UInt64)], String, [[UInt64]])] = [
      (
        leaf, path + [(0x4038, 0x6007)], "level-1 entry 7 of the table at 0x4000, 0x6007, is another",
        [[1, 0x4038, 0x5007]]
      ),
      (leaf, path + [(0x4038, 0x5005)], "is another mapping", [[1, 0x4038, 0x5007]]),
      (
        large, path, "level-2 entry 0 of the table at 0x3000, 0x4007, leads to a table",
        [[2, 0x3000, 0x20_0087]]
      ),
      (large, path.dropLast() + [(0x3000, 0x40_0087)], "is another mapping", [[2, 0x3000, 0x20_0087]]),
      (
        leaf, path.dropLast() + [(0x3000, 0x87)], "0x87, maps a large page",
        [[2, 0x3000, 0x4007], [1, 0x4038, 0x5007]]
      ),
      (
        leaf, [(0x1000, 0x2087)], "bit 7, which is reserved",
        [[4, 0x1000, 0x2007], [3, 0x2000, 0x3007], [2, 0x3000, 0x4007], [1, 0x4038, 0x5007]]
      ),
    ]
    for (mapping, words, words2, expected) in cases {
      let memory = memory(words)
      let refusal = refusal(mapping, memory)
      #expect(
        refusal?.hasPrefix("conflict: ") == true && refusal?.contains(words2) == true, "\(refusal ?? "")")
      var forced = mapping
      forced.replace = true
      #expect(try entries(forced, memory) == expected, "\(mapping)")
    }
  }

  @Test func aPDPTEIsAlwaysFollowed() throws {
    let mapping = Mapping(format: .pae, root: 0x1000, address: 0, target: 0x5000)
    #expect(try entries(mapping, memory([(0x1000, 0x9081)])) == [[2, 0x9000, 0x2007], [1, 0x2000, 0x5007]])
  }

  @Test func aTableOutsideMemoryIsRefused() {
    let mapping = Mapping(
      format: .fourLevel, root: 0x1000, address: 0x7000, target: 0x5000, replace: true)
    let reason = refusal(mapping, memory([(0x1000, 0x7_0000_0007)]))
    #expect(reason?.contains("leads to a table at 0x700000000, which lies in no memory slot") == true)
    #expect(reason?.hasPrefix("conflict: ") == true)
    let root = Mapping(format: .fourLevel, root: 1 << 32, address: 0x7000, target: 0x5000)
    #expect(refusal(root, memory())?.hasPrefix("/root: ") == true)
  }

  @Test func tablesThatPointToOneAnotherComeToAnEnd() throws {
    let own = memory([(0x1000, 0x1007)])
    var mapping = Mapping(format: .fourLevel, root: 0x1000, address: 0, target: 0x5000)
    #expect(refusal(mapping, own)?.contains("is another mapping") == true)
    mapping.replace = true
    #expect(refusal(mapping, own)?.hasPrefix("conflict: the tables point to one another") == true)
    // The entry says so already.
    mapping.target = 0x1000
    #expect(try entries(mapping, own).isEmpty)
    // Other entries of a table that points to itself are free, at every level.
    mapping = Mapping(format: .fourLevel, root: 0x1000, address: 0x7000, target: 0x5000)
    #expect(try entries(mapping, own) == [[1, 0x1038, 0x5007]])
    mapping.address = 0x20_0000
    #expect(try entries(mapping, own) == [[2, 0x1008, 0x2007], [1, 0x2000, 0x5007]])
  }

  @Test func theBoundOfTouchedPagesHolds() throws {
    var memory = GuestMemory(slots: [MemorySlot(base: 0, bytes: 1 << 32)])
    for page in 0..<UInt64(GuestMemory.maximumTouchedPages - 3) {
      #expect(memory.store(1, at: GuestPhysicalAddress(rawValue: page << 12 | 0xff8)) == nil)
    }
    let four = Mapping(format: .fourLevel, root: 0x1000, address: 0, target: 0x5000)
    #expect(try entries(four, memory).count == 4)
    let five = Mapping(format: .fiveLevel, root: 0x1000, address: 0, target: 0x5000)
    #expect(refusal(five, memory)?.hasPrefix(": writing the table at 0x1000000 touches more than") == true)
  }
}
