@testable import KVMModel
import Testing

/// Faults that one change of one entry mends (`fast_page_fault`).
@Suite struct FastPageFaultTests {
  private struct Case {
    /// What stands in the entry when the fault comes.
    let entry: UInt64
    let code: UInt64
    let result: FaultReturn
    let after: UInt64
    var isQuick = true
  }

  private static let place = (address: UInt64(0x5000), index: 5)

  private func check(_ preset: String, _ cases: [Case], _ change: (inout Machine) -> Void = { _ in }) throws {
    for tdpMMU in [true, false] {
      for item in cases {
        var test = TestMachine(preset) {
          $0.tdpMMU = tdpMMU
          change(&$0)
        }
        try test.run(.pageFault(address: Self.place.address, errorCode: [.write, .user, .guestFinal]))
        let table = try #require(test.vm.shadowPages.first { $0.role.level == 1 })
        let place = SPTEPlace(page: table.hpa, index: Self.place.index)
        // As the host leaves it when it looks whether the guest uses the page, or logs its writes.
        test.vm.pages.write(SPTE(rawValue: item.entry), at: place)
        let code = AccessMode(rawValue: item.code).union(.guestFinal)
        let result = try test.run(.pageFault(address: Self.place.address, errorCode: code))
        let text = "\(preset), TDP MMU \(tdpMMU): \(hex(item.entry)), \(hex(item.code))"
        #expect(result.faults.map(\.result) == [item.result], "\(text)")
        #expect(hex(test.vm.pages[place].rawValue) == hex(item.after), "\(text)")
        #expect(
          result.trace.contains { $0.text.hasPrefix("kvm_mmu_spte_requested") } == !item.isQuick, "\(text)")
      }
    }
  }

  /// Without accessed flags KVM takes the rights away to see the next access, which gives them back.
  @Test func anAccessTrackedEntryIsRestored() throws {
    let (full, tracked) = (UInt64(0x0610_0008_0000_5877), UInt64(0x0750_0008_0000_5870))
    let format = TestMachine("intel-ept") { $0.eptAD = false }.vm.spteFormat
    #expect(format.tracked(SPTE(rawValue: full)).rawValue == tracked)
    let cases = [
      Case(entry: tracked, code: 4, result: .fixed, after: full & ~2),
      Case(entry: tracked, code: 0x10, result: .fixed, after: full & ~2),
      Case(entry: tracked, code: 2, result: .fixed, after: full),
      // Without the MMU-writable bit R and X come back, W does not.
      Case(entry: tracked & ~(1 << 58), code: 4, result: .fixed, after: full & ~(1 << 58 | 2)),
      Case(entry: tracked & ~(1 << 58), code: 2, result: .fixed, after: full, isQuick: false),
    ]
    try check("intel-ept", cases) { $0.eptAD = false }
  }

  @Test func anEntryThatAllowsTheAccessAlreadyIsLeftAlone() throws {
    let full: UInt64 = 0x0610_0008_0000_5877
    let cases = [4, 2, 3, 0x10].map { Case(entry: full, code: $0, result: .spurious, after: full) }
    try check("intel-ept", cases) { $0.eptAD = false }
  }

  /// Where there are accessed flags only writes to present entries are tried.
  @Test func aWriteToAnMMUWritableEntryTakesOneBit() throws {
    let (ept, npt) = (UInt64(0x0600_0008_0000_5b77), UInt64(0x8_0000_5e67))
    try check(
      "intel-ept",
      [
        Case(entry: ept & ~2, code: 3, result: .fixed, after: ept),
        Case(entry: ept, code: 3, result: .spurious, after: ept),
        Case(entry: ept & ~(1 << 58 | 2), code: 3, result: .fixed, after: ept, isQuick: false),
      ])
    try check(
      "amd-npt",
      [
        Case(entry: npt & ~2, code: 7, result: .fixed, after: npt),
        Case(entry: npt, code: 7, result: .spurious, after: npt),
        Case(entry: npt & ~(1 << 10 | 2), code: 7, result: .fixed, after: npt, isQuick: false),
      ])
    // A fetch from an entry that is present is never tried: it has no execute right to give back.
    try check("amd-npt", [Case(entry: npt, code: 0x15, result: .fixed, after: npt & ~0x40, isQuick: false)])
  }

  /// Shadows of L1's EPT have no quick way: what prefetch makes is access-tracked without L1's accessed flags, and the next
  /// fault makes the entry anew.
  @Test func aPrefetchedEntryOfNestedEPTIsMadeAnew() throws {
    for (pointer, prefetched, made) in [
      (0x1001e, 0x0750_0008_0008_1870, 0x0610_0008_0008_1877),
      (0x1005e, 0x0600_0008_0008_1a77, 0x0600_0008_0008_1977),
    ] as [(UInt64, UInt64, UInt64)] {
      var test = TestMachine("intel-ept")
      try test.store([
        (0x1_0000, 0x1_1007), (0x1_1000, 0x1_2007), (0x1_2000, 0x1_3007), (0x1_3000, 0x8_0337),
        (0x1_3008, 0x8_1337),
      ])
      try test.run(.enterL2(paging: true, pgd: pointer), enter: true)
      try test.run(.pageFault(address: 0, errorCode: .user))
      let table = try #require(test.vm.shadowPages.first { $0.frame.rawValue == 0x13 })
      let place = SPTEPlace(page: table.hpa, index: 1)
      #expect(hex(test.vm.pages[place].rawValue) == hex(prefetched))
      let result = try test.run(.pageFault(address: 0x1000, errorCode: .user))
      #expect(result.faults.map(\.result) == [.fixed])
      #expect(!result.trace.contains { $0.text.hasPrefix("fast_page_fault") })
      // Over a writable entry make_spte sets no dirty flag.
      #expect(hex(test.vm.pages[place].rawValue) == hex(made), "\(hex(pointer))")
    }
  }
}
