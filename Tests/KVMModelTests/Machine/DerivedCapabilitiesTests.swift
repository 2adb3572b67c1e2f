@testable import KVMModel
import Testing

@Suite struct DerivedCapabilitiesTests {
  /// ROLE-3: AMD's level is the host's; Intel's depends on the capability and the guest's MAXPHYADDR.
  @Test func levelsOfTwoDimensionalPaging() {
    typealias Row = (vendor: Vendor, la57: Bool, ept5Level: Bool, width: Int, level: Int)
    let rows: [Row] = [
      (.amd, false, true, 52, 4), (.amd, true, false, 40, 5), (.intel, true, false, 52, 4),
      (.intel, false, true, 48, 4), (.intel, false, true, 49, 5), (.intel, false, true, 52, 5),
    ]
    for row in rows {
      var machine = Machine()
      machine.vendor = row.vendor
      machine.host.la57 = row.la57
      machine.host.ept5Level = row.ept5Level
      #expect(machine.tdpLevel(guestMaxPhyAddr: row.width) == row.level, "\(row)")
    }
  }

  /// ROLE-10: a CPUID that changes the level builds another root; the old one stays with the TDP MMU.
  @Test func aCPUIDCanChangeTheLevel() throws {
    for (tdpMMU, counts) in [(true, [1, 2]), (false, [0, 1])] {
      var test = TestMachine("intel-ept-5level") { $0.tdpMMU = tdpMMU }
      #expect(test.mmu.mmuRole.level == 5)
      try test.run(.setCPUID(CPUIDChange(maxPhyAddr: 48)), enter: true)
      #expect(test.mmu.mmuRole.level == 4)
      #expect(test.vm.shadowPages.map(\.role.level) == [5, 4])
      #expect(test.vm.shadowPages.map(\.rootCount) == counts)
      try test.run(.setCPUID(CPUIDChange(maxPhyAddr: 52)), enter: true)
      #expect(test.mmu.root.hpa == test.vm.shadowPages[0].hpa, "the old root serves again")
    }
  }
}
