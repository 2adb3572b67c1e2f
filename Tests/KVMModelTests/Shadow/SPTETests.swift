@testable import KVMModel
import Testing

/// Values of entries, worked out by hand from the formats.
@Suite struct SPTETests {
  private let table = HostPhysicalAddress(rawValue: 0x123_4000)

  private func format(_ preset: String, _ change: (inout Machine) -> Void = { _ in }) -> SPTEFormat {
    TestMachine(preset, change).vm.spteFormat
  }

  @Test func linksHaveTheValuesOfTheFormat() {
    #expect(format("amd-npt").link(to: table, accessedDirtyDisabled: false).rawValue == 0x123_4827)
    #expect(format("intel-shadow").link(to: table, accessedDirtyDisabled: false).rawValue == 0x123_4827)
    #expect(
      format("intel-ept") { $0.host.eptExecuteOnly = false }.link(to: table, accessedDirtyDisabled: false)
        .rawValue
        == 0x123_4907)
    #expect(format("intel-ept").link(to: table, accessedDirtyDisabled: false).rawValue == 0x123_4907)
    #expect(format("intel-ept").link(to: table, accessedDirtyDisabled: true).rawValue == 0x10_0000_0123_4807)
  }

  @Test func mmioEntriesKeepGenerationAndRights() {
    let frame = GuestFrameNumber(rawValue: 0xfee00)
    for (preset, first, second) in [
      ("amd-npt", 0x8_0000_fee0_0007, 0x8_0000_fee0_0017), ("intel-ept", 0xfee0_0006, 0xfee0_0016),
    ] as [(String, UInt64, UInt64)] {
      let format = format(preset)
      #expect(format.mmio(frame, access: .all, generation: 0).rawValue == first, "\(preset)")
      #expect(format.mmio(frame, access: .all, generation: 2).rawValue == second, "\(preset)")
      for generation in [0, 2, 0xff, 0x100, 0x7_ffff] as [UInt64] {
        let spte = format.mmio(frame, access: .all, generation: generation)
        #expect(format.isMMIO(spte) && !spte.isPresent, "\(preset)")
        #expect(format.mmioGeneration(spte) == generation && format.mmioFrame(spte) == frame, "\(preset)")
      }
    }
    #expect(format("amd-npt-5level").mmio(frame, access: .all, generation: 0) == .none)
  }

  /// The leaf that a fault makes; the frame lies at 0x8_0000_0000.
  private func leaf(_ preset: String, _ code: UInt64, _ change: (inout Machine) -> Void = { _ in }) throws
    -> UInt64?
  {
    var test = TestMachine(preset, boot: .protected, change)
    let result = try test.run(.pageFault(address: 0, errorCode: AccessMode(rawValue: code)))
    #expect(result.faults.last?.result == .fixed)
    return test.vm.shadowPages.first { $0.role.level == 1 }.map { $0[0].rawValue }
  }

  @Test func leavesHaveTheValuesOfTheFormat() throws {
    #expect(try leaf("amd-npt", 0x1_0000_0006) == 0x8_0000_0e67)
    #expect(try leaf("intel-shadow", 6) == 0x8_0000_0e67)
    #expect(try leaf("intel-ept", 0x1_0000_0002) == 0x0600_0008_0000_0b77)
    #expect(try leaf("intel-ept", 0x1_0000_0002) { $0.eptAD = false } == 0x0610_0008_0000_0877)
  }

  @Test func anEntryIsTrackedAndRestored() {
    let format = format("intel-ept") { $0.eptAD = false }
    let spte = SPTE(rawValue: 0x0610_0008_0000_0877)
    let tracked = format.tracked(spte)
    #expect(format.isAccessTracked(tracked) && tracked.rawValue & 7 == 0)
    // Writes are given back by the fault that asks for them.
    #expect(format.restored(tracked).rawValue == spte.rawValue & ~2)
  }
}
