@testable import KVMModel
import Testing

/// The cache of previous roots, with EPT pointers A to E whose tables lie at 0x10000 to 0x14000.
@Suite struct RootCacheTests {
  private static func eptp(_ name: Character) -> UInt64 {
    0x1005e + UInt64(name.asciiValue.map { $0 - 65 } ?? 0) << 12
  }

  /// A root as a letter for its table (`-` if it is not valid) and one for its pgd (`~` for INVALID_PAGE).
  private static func text(_ root: Root, _ vm: VirtualMachine) -> String {
    func letter(_ frame: UInt64) -> String { String(UnicodeScalar(UInt8(65 + frame - 0x10))) }
    let table = root.hpa.flatMap { vm.shadowPage(at: $0) }.map { letter($0.frame.rawValue) } ?? "-"
    let pgd = root.pgd == invalidPage ? "~" : root.pgd == 0 ? "0" : letter(root.pgd >> 12)
    return "\(table)/\(pgd)"
  }

  private static func slots(_ test: TestMachine) -> String {
    ([test.vcpu.guestMMU.root] + test.vcpu.guestMMU.previousRoots).map { text($0, test.vm) }
      .joined(separator: " ")
  }

  private static func enterL2(_ name: Character) -> VCPUOperation {
    .enterL2(paging: true, pgd: eptp(name), vpid: 1)
  }

  private static func switchTo(_ name: Character) -> VCPUOperation {
    .eptLoad(EPTPointer(rawValue: eptp(name)))
  }

  @Test func nineStepsOfEPTPointers() throws {
    var test = TestMachine("intel-ept")
    let steps: [(operations: [VCPUOperation], hit: RootSlot?, searched: String, reloaded: String)] = [
      ([Self.enterL2("A")], nil, "-/0 -/~ -/~ -/~", "A/A -/~ -/~ -/~"),
      ([Self.switchTo("B")], nil, "-/~ A/A -/~ -/~", "B/B A/A -/~ -/~"),
      ([Self.switchTo("C")], nil, "-/~ B/B A/A -/~", "C/C B/B A/A -/~"),
      ([Self.switchTo("A")], .previous(1), "A/A C/C B/B -/~", "A/A C/C B/B -/~"),
      ([Self.switchTo("D")], nil, "-/~ A/A C/C B/B", "D/D A/A C/C B/B"),
      ([Self.switchTo("E")], nil, "-/0 D/D A/A C/C", "E/E D/D A/A C/C"),
      (
        [
          .nestedExit(reason: nil), .invept(type: 1, eptp: EPTPointer(rawValue: Self.eptp("E"))),
          Self.enterL2("A"),
        ], .previous(1), "A/A D/D C/C -/C", "A/A D/D C/C -/C"
      ),
      ([Self.switchTo("C")], .previous(1), "C/C A/A D/D -/C", "C/C A/A D/D -/C"),
      ([Self.switchTo("B")], nil, "-/C C/C A/A D/D", "B/B C/C A/A D/D"),
    ]
    for (index, step) in steps.enumerated() {
      var result = OperationResult(outcome: .ok)
      for operation in step.operations { result = try test.run(operation) }
      #expect(result.lookups.last?.hit == step.hit, "step \(index + 1)")
      #expect(Self.slots(test) == step.searched, "step \(index + 1), after the search")
      #expect(test.vcpu.requests.contains(.loadMMUPGD) == (step.hit != nil), "step \(index + 1)")
      try test.run(.enterGuest)
      #expect(Self.slots(test) == step.reloaded, "step \(index + 1), after the reload")
    }
  }

  /// ROOT-6: the whole pgd counts, so that a PCID or PWT bit makes a miss, and both entries share one page.
  @Test func rootsOfOneTableWithOtherLowBitsShareAPage() throws {
    var test = TestMachine("intel-shadow")
    try test.run(.cr3(0x1008), enter: true)
    #expect(test.vm.shadowPages.map(\.rootCount) == [2])
    #expect(test.mmu.root.hpa == test.mmu.previousRoots[0].hpa)
    #expect([test.mmu.root.pgd, test.mmu.previousRoots[0].pgd] == [0x1008, 0x1000])
  }

  /// ROOT-7: a root without a shadow page is freed and never cached.
  @Test func paeRootsAreNotCached() throws {
    var test = TestMachine("intel-shadow", boot: .pae)
    #expect(test.mmu.root.hpa == test.mmu.paeRoot?.hpa)
    let result = try test.run(.cr3(0x2000))
    #expect(result.lookups.last?.hit == nil && result.lookups.last?.before.first == .unloaded)
    #expect(test.mmu.previousRoots.allSatisfy { $0.hpa == nil } && test.mmu.paeRoot?.entries == SIMD4())
  }

  /// ROOT-6: a direct root serves any CR3.
  @Test func aDirectRootFitsAnyValue() throws {
    var test = TestMachine("intel-ept")
    let root = test.mmu.root
    #expect(try test.run(.cr3(0x7000)).lookups.last?.hit == .current)
    #expect(test.mmu.root == root && root.pgd == 0)
  }

  /// kvm.flush_on_reuse: a hit also syncs and flushes.
  @Test func aHitFlushesAndSyncsWithFlushOnReuse() throws {
    for (flag, requests) in [
      (false, [.loadMMUPGD]), (true, [.loadMMUPGD, .mmuSync, .tlbFlushCurrent]),
    ] as [(Bool, Requests)] {
      var test = TestMachine("intel-shadow") { $0.forceFlushAndSyncOnReuse = flag }
      try test.run(.cr4(0x2_0020), enter: true)
      try test.run(.cr3(1 << 63 | 0x2000), enter: true)
      try test.run(.cr3(1 << 63 | 0x1000))
      #expect(test.vcpu.requests == requests)
    }
  }

  /// ROOT-7 with other numbers of slots: the least recent root goes when all are in use.
  @Test func theNumberOfSlotsBoundsTheCache() throws {
    for count in 1...16 {
      var test = TestMachine("intel-shadow") { $0.previousRoots = count }
      for frame in 2...20 as ClosedRange<UInt64> { try test.run(.cr3(frame << 12), enter: true) }
      #expect(test.mmu.previousRoots.map(\.pgd) == (0..<count).map { UInt64(19 - $0) << 12 })
      let oldest = UInt64(20 - count) << 12
      #expect(try test.run(.cr3(oldest)).lookups.last?.hit == .previous(count - 1))
      try test.run(.cr3(oldest + 8))
      #expect(try test.run(.cr3(oldest + 16)).lookups.last?.hit == nil)
    }
  }
}
