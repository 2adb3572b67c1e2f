@testable import KVMModel
import Testing

@Suite struct InvalidationTests {
  private static func invlpg(_ gva: UInt64) -> VCPUOperation { .invlpg(gva: gva) }

  /// REG-INVLPG: a canonical address flushes, whatever the MMU; the width follows CR4.LA57.
  @Test func invlpgFlushesCanonicalAddresses() throws {
    let rows: [(preset: String, boot: Boot, gva: UInt64, flushes: Bool)] = [
      ("intel-ept", .longMode, 0x7fff_ffff_f000, true), ("intel-ept", .longMode, 1 << 47, false),
      ("intel-ept", .longMode, .max, true), ("intel-shadow", .longMode, 1 << 63, false),
      ("intel-ept-5level", .longModeLA57, 1 << 47, true),
      ("intel-ept-5level", .longModeLA57, 1 << 56, false), ("amd-shadow", .protected, 0x1000, true),
    ]
    for row in rows {
      var test = TestMachine(row.preset, boot: row.boot)
      let result = try test.run(Self.invlpg(row.gva))
      #expect(result.outcome == .ok && result.tlb.contains(.flushGVA(row.gva)) == row.flushes, "\(row)")
    }
  }

  /// REG-INVPCID-GVA: only roots of the PCID count, and without any nothing is flushed.
  @Test func invpcidOfAnAddressFlushesWhereThePCIDIsKnown() throws {
    for (pcid, flushes) in [(3, true), (2, true), (7, false)] as [(UInt64, Bool)] {
      var test = TestMachine("intel-shadow")
      for operation in [.cr4(0x2_0020), .cr3(0x2002), .cr3(0x3003)] as [VCPUOperation] {
        try test.run(operation, enter: true)
      }
      let before = test.vcpu
      let result = try test.run(.invpcid(type: 0, pcid: pcid, gva: 0x1000))
      #expect(result.tlb.contains(.flushGVA(0x1000)) == flushes, "PCID \(pcid)")
      #expect(test.vcpu == before)
    }
  }

  /// The kernel's BUG_ON: PAE roots are loaded and a previous root is valid.
  @Test func aPreviousRootBesidePAERootsIsAnInternalError() throws {
    let longMode = RegisterValues(cr3: 0x2000, efer: 0xd01, codeSegmentLong: true)
    for operation in [.invlpg(gva: 0x1000), .invpcid(type: 0, pcid: 0, gva: 0x1000)] as [VCPUOperation] {
      var test = TestMachine("intel-shadow", boot: .pae)
      #expect(try test.run(operation).outcome == .ok)
      try test.run(.setSregs(longMode), enter: true)
      let l2 = RegisterValues(cr0: 0x8005_0033, cr3: 0x3000, cr4: 0x10, efer: 0)
      try test.run(.enterL2(vpid: 1, l2: l2), enter: true)
      #expect(test.mmu.root.hpa == test.mmu.paeRoot?.hpa && test.mmu.previousRoots[0].hpa != nil)
      let outcome = try test.run(operation).outcome
      #expect(outcome.status == "internal-error")
      #expect(outcome.refusal?.function == "shadow_walk_init_using_root")
    }
  }

  /// NSVM-7: INVLPGA truncates the address outside long mode.
  @Test func invlpgaTruncatesOutsideLongMode() throws {
    for (boot, efer, gva) in [
      (.pae, 0x1000, 0x1000), (.longMode, 0x1d01, 0xffff_8000_0000_1000),
    ] as [(Boot, UInt64, UInt64)] {
      var test = TestMachine("amd-npt", boot: boot)
      try test.run(.efer(efer))
      let result = try test.run(.invlpga(gva: 0xffff_8000_0000_1000, asid: .max))
      #expect(result.tlb == [.flushGVA(gva)], "\(boot)")
    }
  }
}
