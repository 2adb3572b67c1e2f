import Testing

@testable import KVMModel

@Suite struct MapReportTests {
  @Test func eachEntryIsToldAndReported() throws {
    var test = TestMachine("intel-ept", boot: .thirtyTwoBit)
    try test.store([(0x1000, 0xdead_0000_0000)])
    let before = test.vcpu
    let mapping = Mapping(format: .thirtyTwoBit, root: 0x1000, address: 0x3000, target: 0x5000)
    let result = try test.vm.apply(.machine(.map(mapping)))
    #expect(
      result.narration.map { "\($0.function): \($0.text)" } == [
        "kvm_vm_ioctl: The level-2 entry 0 of the table at 0x1000 becomes 0x2007: it points to a new table at 0x2000.",
        "kvm_vm_ioctl: The level-1 entry 3 of the table at 0x2000 becomes 0x5007: it maps the 4k page at 0x5000.",
      ])
    #expect(result.map?.tables.map(\.rawValue) == [0x2000])
    #expect(result.map?.entries.map(\.address.rawValue) == [0x1000, 0x200c])
    #expect(
      result.memoryChanges.map(\.bytes) == [4, 4] && result.memoryChanges.map(\.to) == [0x2007, 0x5007])
    #expect(test.word(0x1000) == 0xdead_0000_2007 && test.word(0x2008) == 0x5007_0000_0000)
    #expect(result.outcome == .ok && result.changes.isEmpty && test.vcpu == before)
    let again = try test.vm.apply(.machine(.map(mapping)))
    #expect(again.map == MapReport(entries: [], tables: []))
    #expect(again.narration.map(\.text) == ["Nothing is written: the tables map 0x3000 so already."])
  }

  @Test func aRefusalChangesNothing() throws {
    var test = TestMachine("intel-ept")
    try test.store([(0x1000, 0x2007), (0x2000, 0x3007), (0x3000, 0x87), (0x4000, 0x7_0000_0007)])
    let before = test.vm
    for mapping in [
      Mapping(format: .fourLevel, root: 0x1000, address: 0, target: 0x5000),
      Mapping(format: .fourLevel, root: 0x1000, address: 0, target: 0x5001),
      Mapping(format: .fourLevel, root: 0x4000, address: 0, target: 0x5000),
      Mapping(format: .fourLevel, root: 1 << 40, address: 0, target: 0x5000),
      Mapping(format: .fiveLevel, root: 0x1000, address: 1 << 57, target: 0x5000, tables: 1 << 40),
      Mapping(format: .fiveLevel, root: 0x5000, address: 0, target: 0x5000, tables: 1 << 40),
    ] {
      #expect(throws: OperationError.self, "\(mapping)") { try test.vm.apply(.machine(.map(mapping))) }
      #expect(test.vm == before, "\(mapping)")
    }
  }
}
