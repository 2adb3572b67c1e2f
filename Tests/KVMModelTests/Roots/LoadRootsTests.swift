@testable import KVMModel
import Testing

@Suite struct LoadRootsTests {
  /// ROOT-13: the frame of the root's table is CR3 shifted by 12, with whatever bits user space put above 51.
  @Test func highBitsOfCR3PutTheTableOutsideMemory() throws {
    for high in [1 << 52, 1 << 63] as [UInt64] {
      var test = TestMachine("intel-shadow", boot: .thirtyTwoBit)
      try test.run(.setSregs(RegisterValues(cr3: high | 0x1000)))
      let result = try test.run(.enterGuest)
      #expect(result.outcome.status == "shutdown", "CR3 \(hex(high | 0x1000))")
      #expect(test.mmu.root.hpa == nil)
    }
  }

  /// ROOT-13: nothing checks the PDPTEs of nested tables but the slots.
  @Test func highBitsOfANestedPDPTEPutItsTableOutsideMemory() throws {
    for (entry, status) in [
      (0x5001, "ok"), (1 << 63 | 0x5001, "shutdown"), (1 << 52 | 0x5001, "shutdown"),
    ] as [(UInt64, String)] {
      var test = TestMachine("amd-npt", boot: .pae)
      try test.run(.efer(0x1000))
      try test.store([(0x10000, entry)])
      try test.run(.enterL2(paging: true, pgd: 0x10000))
      #expect(try test.run(.enterGuest).outcome.status == status, "PDPTE \(hex(entry))")
    }
  }
}
