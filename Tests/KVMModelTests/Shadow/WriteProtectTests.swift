@testable import KVMModel
import Testing

/// The life of a guest's tables under shadow paging: they are write-protected, go out of date, are synced and zapped.
@Suite struct WriteProtectTests {
  /// A long-mode guest whose tables lie in frames 1 to 4 and map frames 1 to 9 to themselves.
  private func guest(_ preset: String = "intel-shadow", vcpus: Int = 1) throws -> TestMachine {
    var test = TestMachine(preset) { $0.vcpus = vcpus }
    try test.store([(0x1000, 0x2067), (0x2000, 0x3067), (0x3000, 0x4067)])
    try test.store((1..<10 as Range<UInt64>).map { (0x4000 + $0 * 8, $0 << 12 | 0x67) })
    return test
  }

  private func write(_ value: UInt64, _ address: UInt64, bytes: Int = 8) -> VCPUOperation {
    .access(AccessRequest(address: address, kind: .write, value: value, bytes: bytes))
  }

  private func read(_ address: UInt64) -> VCPUOperation {
    .access(AccessRequest(address: address, kind: .read))
  }

  private func page(_ test: TestMachine, _ frame: UInt64) -> ShadowPage? {
    test.vm.shadowPages.first { $0.frame.rawValue == frame }
  }

  @Test func aLevel1TableGoesOutOfDateUntilTheNextFlush() throws {
    var test = try guest()
    try test.run(read(0x5000))
    let result = try test.run(write(0x8067, 0x4048))
    #expect(result.faults.last?.result == .fixed && result.access?.isEmulated == false)
    #expect(page(test, 4)?.isUnsync == true)
    #expect(page(test, 1)?.unsyncChildren == [0] && page(test, 2)?.unsyncChildren == [0])
    // The next write needs no fault.
    #expect(try test.run(write(0x7067, 0x4048)).faults.isEmpty)
    try test.run(.cr3(0x1000), enter: true)
    #expect(page(test, 4)?.isUnsync == false && page(test, 1)?.unsyncChildren == [])
    #expect(page(test, 4)?[4].isWritable == false)
    #expect(try test.run(write(0x7067, 0x4048)).faults.last?.result == .fixed)
  }

  @Test func invlpgMakesTheEntryOfAnOutOfDatePageAnew() throws {
    var test = try guest()
    try test.run(read(0x9000))
    try test.run(write(0x8067, 0x4048))
    #expect(page(test, 4)?[9].target.guestAddress.rawValue == 0x9000)
    try test.run(.invlpg(gva: 0x9000))
    #expect(page(test, 4)?[9].target.guestAddress.rawValue == 0x8000)
    #expect(page(test, 4)?.isUnsync == true)
  }

  /// The guest with a second gigabyte, whose tables lie in frames 5 and 6: no way to them leads through them.
  private func guestOfTwoGigabytes() throws -> TestMachine {
    var test = try guest()
    try test.store([(0x2008, 0x5067), (0x5000, 0x6067)])
    try test.store((0..<8 as Range<UInt64>).map { (0x6000 + $0 * 64, 0x8067) })
    return test
  }

  @Test func writesOfUpperTablesAreEmulatedAndTheThirdZaps() throws {
    var test = try guestOfTwoGigabytes()
    try test.run(read(0x4000_0000))
    let kept = page(test, 5)?.hpa
    for count in 1...2 as ClosedRange<UInt64> {
      let result = try test.run(write(count, 0x5100))
      #expect(result.faults.last?.result == .emulate && result.access?.isEmulated == true)
      #expect(kept != nil && page(test, 5)?.hpa == kept, "write \(count)")
    }
    let trace = try test.run(write(3, 0x5100)).trace.map(\.text)
    #expect(trace.contains { $0.hasPrefix("kvm_mmu_prepare_zap_page: sp gen 0 gfn 5 l2") })
    #expect(test.word(0x5100) == 3 && page(test, 5) == nil)
  }

  /// `clear_sp_write_flooding_count`: each use starts the count again.
  @Test func aUseBetweenWritesKeepsThePage() throws {
    var test = try guestOfTwoGigabytes()
    try test.run(read(0x4000_0000))
    let kept = page(test, 5)?.hpa
    for round in 1..<8 as Range<UInt64> {
      for value in 0..<2 as Range<UInt64> { try test.run(write(round * 2 + value, 0x5100)) }
      #expect(try test.run(read(0x4000_0000 | round << 15)).access?.value != nil)
      #expect(kept != nil && page(test, 5)?.hpa == kept, "round \(round)")
    }
  }

  @Test func sizesOfEmulatedWritesDecide() throws {
    // One byte at the start of an entry clears it; elsewhere, or across entries, the page goes.
    for (offset, bytes, isKept) in [
      (0, 1, true), (0, 4, true), (0, 8, true), (1, 1, false), (0, 2, false), (4, 8, false), (4, 4, true),
    ] as [(UInt64, Int, Bool)] {
      var test = try guest()
      try test.run(read(0x5000))
      let kept = page(test, 3)?.hpa
      test.vm.on(0) {
        $0.shadowedTableWritten(EmulatedWrite(address: .init(rawValue: 0x3000 + offset), bytes: bytes))
      }
      #expect((page(test, 3)?.hpa == kept) == isKept, "\(bytes) bytes at \(offset)")
      if isKept { #expect(page(test, 3)?[0] == SPTE.none, "\(bytes) bytes at \(offset)") }
    }
  }

  /// `get_written_sptes`: a 4-byte entry of level 2 stands behind two entries, in the page of its quadrant alone.
  @Test func anEntryOf32BitPagingClearsTwo() throws {
    var test = TestMachine("intel-shadow", boot: .thirtyTwoBit)
    try test.store([(0x1000, 0x2067), (0x2000, 0x8067), (0x2800, 0x9067)])
    for address in [0, 0x20_0000] as [UInt64] { try test.run(read(address)) }
    let root = try #require(page(test, 1))
    #expect(root.presentEntries == 2)
    test.vm.on(0) { $0.shadowedTableWritten(EmulatedWrite(address: .init(rawValue: 0x1000), bytes: 4)) }
    #expect(page(test, 1)?.presentEntries == 0)
  }

  /// Two vCPUs on one CR3 share pages; with other roles they don't.
  @Test func vCPUsSharePagesOfEqualRoles() throws {
    var test = try guest(vcpus: 2)
    try test.run(read(0x5000))
    let pages = test.vm.shadowPages.map(\.hpa)
    try test.run(read(0x5000), vcpu: 1)
    #expect(test.vm.shadowPages.map(\.hpa) == pages)
    #expect(page(test, 1)?.rootCount == 2)
    try test.run(.setCR(.cr0, .bits(set: 0, clear: 0x1_0000)), vcpu: 1)
    try test.run(read(0x5000), vcpu: 1)
    #expect(test.vm.shadowPages.count == 2 * pages.count)
    #expect(page(test, 1)?.rootCount == 1)
  }

  /// CR0.WP clear: a supervisor's write makes an entry that no user can use, and with SMEP no supervisor can run.
  @Test func aSupervisorWritesReadOnlyPagesWithoutWP() throws {
    for smep in [false, true] {
      var test = try guest()
      try test.store([(0x4048, 0x9065)])
      try test.run(.cr4(smep ? 0x10_0020 : 0x20), enter: true)
      try test.run(.setCR(.cr0, .bits(set: 0, clear: 0x1_0000)), enter: true)
      #expect(try test.run(write(7, 0x9000)).outcome == .ok)
      let leaf = try #require(test.vm.shadowPages.last { $0.frame.rawValue == 4 })[9].rawValue
      #expect(leaf & 6 == 2 && leaf >> 63 == (smep ? 1 : 0))
      let user = try test.run(.access(AccessRequest(address: 0x9000, kind: .read, privilegeLevel: 3)))
      #expect(user.access?.value == 7 && user.faults.last?.result == .fixed)
      let again = try #require(test.vm.shadowPages.last { $0.frame.rawValue == 4 })[9].rawValue
      #expect(again & 6 == 4 && again >> 63 == 0)
    }
  }

  /// A guest that goes round several CR3 values: up to four fit the cache, and pages outlive their slot.
  @Test func pagesSurviveTheRootCache() throws {
    for count in 2...6 as ClosedRange<UInt64> {
      var test = try guest()
      let roots = (0..<count).map { 0x2_0000 + $0 << 12 }
      try test.store(roots.map { ($0, 0x2067) })
      for root in roots {
        try test.run(.cr3(root), enter: true)
        try test.run(read(0x5000))
      }
      let pages = test.vm.shadowPages.map(\.hpa)
      for root in roots {
        let lookup = try test.run(.cr3(root), enter: true)
        #expect((lookup.lookups.first?.hit != nil) == (count <= 4), "\(count) values")
        #expect(lookup.pagesCreated == 0, "\(count) values")
        #expect(try test.run(read(0x5000)).faults.isEmpty, "\(count) values")
      }
      #expect(test.vm.shadowPages.map(\.hpa) == pages, "\(count) values")
    }
  }
}
