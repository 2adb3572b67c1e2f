@testable import KVMModel
import Testing

/// L1's own page table serves L1 as a nested table too (`kvm_mmu_unprotect_page`).
@Suite struct UnprotectTests {
  /// Frame 4 is L1's page table: entry 7 maps 0x7000. Its entry 100 is one of the level-2 nested table that lies there as
  /// well, so that L2-physical 200 MiB is mapped.
  private func machine(_ preset: String) throws -> TestMachine {
    var test = TestMachine(preset)
    let isAMD = test.vm.machine.vendor == .amd
    let (link, leaf): (UInt64, UInt64) = isAMD ? (0x67, 0x67) : (0x7, 0x337)
    try test.store([
      (0x1000, 0x2067), (0x2000, 0x3067), (0x3000, 0x4067), (0x4038, 0x5067), (0x5120, 0x77),
      (0x1_0000, 0x1_1000 | link), (0x1_1000, 0x4000 | link), (0x4320, 0x1_3000 | link),
      (0x1_3000, 0x8_0000 | leaf),
    ])
    if isAMD { try test.run(.efer(0x1d01), enter: true) }
    try read(&test, .fixed)
    try test.run(.enterL2(paging: true, pgd: isAMD ? 0x1_0000 : 0x1_005e), enter: true)
    let result = try test.run(.pageFault(address: 100 << 21, errorCode: [.user, .guestFinal]))
    #expect(result.faults.last?.result == .fixed)
    try test.run(.nestedExit(reason: nil), enter: true)
    return test
  }

  @discardableResult
  private func read(_ test: inout TestMachine, _ last: FaultReturn?) throws -> OperationResult {
    let result = try test.run(.access(AccessRequest(address: 0x7120, kind: .read)))
    #expect(result.outcome == .ok && result.access?.value == 0x77 && result.access?.isEmulated == false)
    #expect(result.faults.last?.result == last)
    return result
  }

  private func shadows(_ test: TestMachine) -> [UInt64] {
    test.vm.shadowPages.filter(\.shadowsGuestTable).map(\.frame.rawValue)
  }

  /// The processor's own write to the table, for the accessed flag, can't be emulated: the shadow goes instead.
  @Test func aWalkThatNeedsToWriteAShadowedTableEndsTheShadow() throws {
    for preset in ["intel-ept", "amd-npt"] {
      var test = try machine(preset)
      #expect(shadows(test) == [0x10, 0x11, 4, 0x13], "\(preset)")
      #expect(test.vm.isWriteTracked(GuestFrameNumber(rawValue: 4)), "\(preset)")
      let result = try read(&test, .fixed)
      #expect(result.faults.map(\.result) == [.emulate, .fixed], "\(preset)")
      for fault in result.faults {
        // The MMU's handlers get bits 31:0 of the code; PFERR_GUEST_PAGE is bit 33.
        #expect(fault.errorCode == [.present, .write, .user], "\(preset)")
        #expect(fault.address >> 12 == 4, "\(preset)")
      }
      #expect(result.narration.contains { $0.function == "kvm_mmu_unprotect_page" }, "\(preset)")
      // The page of frame 4, and with it the one of L2's that only it led to.
      #expect(shadows(test) == [0x10, 0x11] && result.pagesZapped == 2, "\(preset)")
      #expect(!test.vm.isWriteTracked(GuestFrameNumber(rawValue: 4)), "\(preset)")
      try read(&test, nil)
      #expect(ShadowInvariants.broken(test.vm).isEmpty, "\(preset)")
    }
  }

  /// Without EPT's accessed and dirty flags the walk reads tables only, and the shadow stays.
  @Test func aWalkThatOnlyReadsTablesLeavesTheShadow() throws {
    var test = TestMachine("intel-ept") { $0.eptAD = false }
    try test.store([
      (0x1000, 0x2067), (0x2000, 0x3067), (0x3000, 0x4067), (0x4038, 0x5067), (0x5120, 0x77),
      (0x1_0000, 0x1_1007), (0x1_1000, 0x4007), (0x4320, 0x1_3007), (0x1_3000, 0x8_0337),
    ])
    try read(&test, .fixed)
    try test.run(.enterL2(paging: true, pgd: 0x1_001e), enter: true)
    try test.run(.pageFault(address: 100 << 21, errorCode: [.user, .guestFinal]))
    try test.run(.nestedExit(reason: nil), enter: true)
    try read(&test, nil)
    #expect(shadows(test) == [0x10, 0x11, 4, 0x13])
  }
}
