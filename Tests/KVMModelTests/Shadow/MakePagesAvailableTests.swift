@testable import KVMModel
import Testing

/// Bounds on the number of shadow pages, met by page faults (`make_mmu_pages_available`), and numbers far below them.
@Suite struct MakePagesAvailableTests {
  private func read(_ address: UInt64) -> VCPUOperation {
    .access(AccessRequest(address: address, kind: .read))
  }

  /// A guest whose trees have no table in common but the root: entry k of the PML4 leads to frames 2 + 3k to 4 + 3k.
  private func guestOfDeepTrees(_ trees: UInt64) throws -> TestMachine {
    var test = TestMachine("intel-shadow") { $0.memory.slots = [MemorySlot(base: 0, bytes: 0x10_0000)] }
    for tree in 0..<trees {
      let first = 2 + 3 * tree
      try test.store([
        (0x1000 + tree * 8, first << 12 | 0x67), (first << 12, (first + 1) << 12 | 0x67),
        ((first + 1) << 12, (first + 2) << 12 | 0x67), ((first + 2) << 12, 0xf_0067),
      ])
    }
    try test.store([(0xf_0000, 0x1234)])
    return test
  }

  @Test func theOldestPagesOfDeepTreesGoAndTheRootStays() throws {
    var test = try guestOfDeepTrees(30)
    let root = try #require(test.mmu.root.hpa)
    #expect(test.vm.machine.maxShadowPages == 64)
    for tree in 0..<20 as Range<UInt64> {
      #expect(try test.run(read(tree << 39)).pagesZapped == 0, "tree \(tree)")
    }
    #expect(test.vm.shadowPages.count == 61)
    let result = try test.run(read(20 << 39))
    #expect(result.outcome == .ok && result.access?.value == 0x1234 && result.access?.tries == 2)
    // 3 are available, so 25 - 3 go: seven trees and the top of the eighth. Then three pages come.
    #expect(result.pagesZapped == 22 && result.pagesCreated == 3)
    #expect(test.vm.shadowPages.map(\.frame.rawValue) == [1] + Array(24...64))
    #expect(test.mmu.root.hpa == root && test.vm.shadowPage(at: root)?.rootCount == 1)
    #expect(test.vm.shadowPage(at: root)?.entries.map(\.index) == Array(8...20))
    #expect(ShadowInvariants.broken(test.vm).isEmpty)
    // What hung from the top of the eighth tree lives on without parents, and serves again.
    let orphan = try #require(test.vm.shadowPages.first { $0.frame.rawValue == 24 })
    #expect(orphan.parents.isEmpty && orphan.presentEntries == 1)
    #expect(try test.run(read(7 << 39)).pagesCreated == 1)
    #expect(test.vm.shadowPage(at: orphan.hpa)?.parents.count == 1)
  }

  @Test func aGuestOfMoreTablesThanPagesKeepsRunning() throws {
    var test = try guestOfDeepTrees(30)
    let root = try #require(test.mmu.root.hpa)
    for round in 0..<3 {
      for tree in 0..<30 as Range<UInt64> {
        let result = try test.run(read(tree << 39))
        #expect(result.access?.value == 0x1234, "round \(round), tree \(tree)")
        #expect(test.vm.shadowPages.count <= 64, "round \(round), tree \(tree)")
      }
    }
    #expect(test.mmu.root.hpa == root && ShadowInvariants.broken(test.vm).isEmpty)
  }

  @Test func aThousandPagesServeAndGo() throws {
    var test = TestMachine("intel-shadow")
    try test.store([(0x1000, 0x2067), (0x2000, 0x3067), (0x2008, 0x4067)])
    let tables: Range<UInt64> = 0..<996
    try test.store(
      tables.flatMap { table -> [(address: UInt64, value: UInt64)] in
        [(0x3000 + table * 8, (0x100 + table) << 12 | 0x67), ((0x100 + table) << 12, 0x80_0067)]
      })
    for round in 1...2 {
      var faults = 0
      for table in tables {
        let result = try test.vm.apply(.vcpu(0, read(table << 21)), detail: [])
        faults += result.faults.count
      }
      #expect(faults == (round == 1 ? tables.count : 0))
      #expect(test.vm.shadowPages.count == 1000)
    }
    #expect(ShadowInvariants.broken(test.vm).isEmpty && Invariants.broken(test.vm).isEmpty)
    let result = try test.vm.apply(.machine(.zapAll), detail: [])
    #expect(result.pagesZapped == 1000 && test.vm.shadowPages.count == 1)
    try test.run(.enterGuest)
    #expect(test.vm.shadowPages.map(\.frame.rawValue) == [1] && test.vm.shadowPages[0].validGeneration == 1)
  }
}
