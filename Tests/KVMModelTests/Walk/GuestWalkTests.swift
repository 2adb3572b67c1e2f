@testable import KVMModel
import Testing

/// Walks of L1's nested tables, as the load of L2's PDPTEs does them.
@Suite struct GuestWalkTests {
  /// L1 in 32-bit paging gives L2 nested tables of 4-byte entries, two to a 64-bit word.
  @Test func fourByteEntriesAreReadFromTheirHalfOfTheWord() throws {
    var test = TestMachine("amd-npt", boot: .thirtyTwoBit)
    try test.run(.efer(0x1000))
    // Page directory at 0x10000: entry 1 (the upper half of the first word) leads to the page table at 0x11000.
    // Page table: entry 0 (lower half) and 1 (upper half) map 0x400000 to 0x20000 and 0x401000 to 0x21000.
    try test.store([
      (0x10000, 0x11007 << 32 | 0xffff_f000), (0x11000, 0x21007 << 32 | 0x20007),
      (0x21000 + 0x40, 0x3001), (0x20000, 0x2001),
    ])
    for (cr3, first) in [(0x40_0000, 0x2001), (0x40_1040, 0x3001)] as [(UInt64, UInt64)] {
      let l2 = RegisterValues(cr0: 0x8005_0033, cr3: 0x9000, cr4: 0, efer: 0x1000)
      try test.run(.enterL2(paging: true, pgd: 0x10000, l2: l2))
      try test.run(.cr3(cr3))
      #expect(try test.run(.cr4(0x20)).outcome == .ok)
      #expect(test.vcpu.nestedMMU.pdptrs[0] == first, "CR3 \(hex(cr3))")
      try test.run(.nestedExit(reason: nil))
    }
    // Accessed in every entry; dirty too in the leaves, because the load asks for a writable table.
    #expect(test.word(0x10000) == (0x11027 << 32 | 0xffff_f000))
    #expect(test.word(0x11000) == (0x21067 << 32 | 0x20067))
  }

  @Test func aWordWithItsTopBitsSetInFourByteTablesIsNoTrap() throws {
    var test = TestMachine("amd-npt", boot: .thirtyTwoBit)
    try test.run(.efer(0x1000))
    try test.store([(0x10000, .max)])
    let l2 = RegisterValues(cr0: 0x8005_0033, cr3: 0x9000, cr4: 0, efer: 0x1000)
    try test.run(.enterL2(paging: true, pgd: 0x10000, l2: l2))
    #expect(try test.run(.cr4(0x20)).outcome.status == "exception")
  }
}
