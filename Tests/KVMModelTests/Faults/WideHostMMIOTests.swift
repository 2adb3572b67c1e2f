@testable import KVMModel
import Testing

/// Devices under shadow paging, on hosts with and without a physical-address bit to spare for MMIO entries.
@Suite struct WideHostMMIOTests {
  private func guest(_ preset: String, width: Int) throws -> TestMachine {
    var test = TestMachine(preset) { $0.host.maxPhyAddr = width }
    // 0x7000 is mapped to 4 GiB, where the memory slot ends.
    try test.store([(0x1000, 0x2067), (0x2000, 0x3067), (0x3000, 0x4067), (0x4038, 0x1_0000_0067)])
    return test
  }

  private func accessDevice(_ test: inout TestMachine) throws -> OperationResult {
    let result = try test.run(.access(AccessRequest(address: 0x7008, kind: .read)))
    let report = try #require(result.access)
    #expect(result.outcome == .ok && report.isMMIO && report.isEmulated && report.value == nil)
    #expect(result.faults.map(\.result) == [.emulate] && report.tries == 1)
    return result
  }

  /// `kvm_mmu_reset_all_pte_masks` with 52 bits: every bit of an address can be real, so none marks MMIO.
  @Test func a52BitHostMakesNoEntryAndEmulatesEachTime() throws {
    for preset in ["intel-shadow", "amd-shadow"] {
      var test = try guest(preset, width: 52)
      let before = test.vm.shadowPages
      for round in 1...3 {
        let result = try accessDevice(&test)
        #expect(result.faults.first?.errorCode.contains(.reserved) == false, "\(preset), access \(round)")
        #expect(
          result.narration.contains { $0.function == "handle_abnormal_pfn" }, "\(preset), access \(round)")
        #expect(!result.trace.contains { $0.text.contains("mmio") }, "\(preset), access \(round)")
        #expect(test.vm.shadowPages == before && result.pagesCreated == 0, "\(preset), access \(round)")
      }
    }
  }

  @Test func anyOtherHostMarksTheAddressOnce() throws {
    for preset in ["intel-shadow", "amd-shadow"] {
      var test = try guest(preset, width: 51)
      #expect(try accessDevice(&test).trace.contains { $0.text.hasPrefix("mark_mmio_spte") }, "\(preset)")
      let table = try #require(test.vm.shadowPages.first { $0.role.level == 1 })
      #expect(test.vm.spteFormat.isMMIO(table[7]), "\(preset)")
      for _ in 2...3 {
        let result = try accessDevice(&test)
        #expect(result.faults.first?.errorCode.contains(.reserved) == true, "\(preset)")
        #expect(result.narration.contains { $0.function == "handle_mmio_page_fault" }, "\(preset)")
      }
    }
  }
}
