@testable import KVMModel
import Testing

@Suite struct PDPTRsTests {
  /// REG-PDPTR: reserved bits count in present entries alone; MAXPHYADDR is 36 here.
  @Test func entriesThatCanBeLoaded() throws {
    let rows: [(entry: UInt64, loads: Bool)] = [
      (0, true), (0x2001, true), (0xffff_ffff_ffff_fffe, true), (0x2003, false), (0x2005, false),
      (0x2021, false), (0x2041, false), (0x2081, false), (0x2101, false), (0x2e19, true),
      (0xf_ffff_f001, true), (0x10_0000_2001, false), (1 << 63 | 0x2001, false),
    ]
    for index in 0..<4 {
      for row in rows {
        for preset in ["intel-ept", "amd-shadow"] {
          var test = TestMachine(preset, boot: .pae) { $0.cpuid.maxPhyAddr = 36 }
          try test.store([(0x5040 + UInt64(index) * 8, row.entry)])
          let before = test.vm
          let outcome = try test.run(.cr3(0x5040)).outcome
          #expect((outcome == .ok) == row.loads, "\(preset), PDPTE \(index) \(hex(row.entry))")
          if row.loads {
            #expect(test.vcpu.rootMMU.pdptrs[index] == row.entry)
            #expect(test.vcpu.requests.contains(.loadMMUPGD))
          } else {
            #expect(test.vm == before, "\(preset), PDPTE \(index) \(hex(row.entry))")
          }
        }
      }
    }
  }

  /// REG-PDPTR: with shadow paging other entries free the current root; equal ones keep it, even at MOV CR3 to the
  /// value that CR3 has.
  @Test func otherEntriesFreeTheCurrentRoot() throws {
    for (preset, frees) in [("intel-shadow", true), ("intel-ept", false)] {
      var test = TestMachine(preset, boot: .pae)
      let root = test.mmu.root.hpa
      try test.run(.cr3(0x1000))
      #expect(test.mmu.root.hpa == root, "\(preset)")
      try test.store([(0x1018, 0x9001)])
      try test.run(.cr3(0x1000))
      #expect((test.mmu.root.hpa == nil) == frees, "\(preset)")
      #expect(test.mmu.pdptrs == SIMD4(0, 0, 0, 0x9001))
      try test.run(.enterGuest)
      if frees { #expect(test.mmu.paeRoot?.entries[3] != 0 && test.mmu.paeRoot?.entries[0] == 0) }
    }
  }

  /// The table may lie at the end of the address space that CR3 can name: a refusal, not a trap.
  @Test func aTableAtTheTopOfTheAddressSpace() throws {
    for cr3 in [.max, .max - 0x1f, 1 << 63, (1 << 52) - 0x20] as [UInt64] {
      var test = TestMachine("amd-npt", boot: .pae)
      try test.run(.setSregs(RegisterValues(cr3: cr3)))
      #expect(test.vcpu.registers.cr3 == cr3)
      #expect(try test.run(.cr0(0xc005_0033)).outcome.refusal?.function == "load_pdptrs")
      #expect(try test.run(.enterGuest).outcome == .ok)
    }
  }
}
