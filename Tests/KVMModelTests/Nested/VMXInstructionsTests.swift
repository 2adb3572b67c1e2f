@testable import KVMModel
import Testing

@Suite struct VMXInstructionsTests {
  private static func text(_ outcome: Outcome) -> String {
    switch outcome {
    case .vmFail(let error, _): "vmfail \(error.map { "\($0.rawValue)" } ?? "invalid")"
    case .exception(let vector, _, _, _): vector.rawValue
    default: outcome.status
    }
  }

  private func invept(_ type: UInt64, _ eptp: UInt64 = 0) -> VCPUOperation {
    .invept(type: type, eptp: EPTPointer(rawValue: eptp))
  }

  private func invvpid(_ type: UInt64, _ vpid: UInt64, _ gva: UInt64 = 0) -> VCPUOperation {
    .invvpid(type: type, vpid: vpid, gva: gva)
  }

  @Test func outcomes() throws {
    let vmxe = VCPUOperation.cr4(0x2020)
    let rows: [(preset: String, setup: [VCPUOperation], operation: VCPUOperation, outcome: String)] = [
      ("intel-ept", [], invept(0), "vmfail 28"), ("intel-ept", [], invept(3), "vmfail 28"),
      ("intel-ept", [], invept(.max), "vmfail 28"), ("intel-ept", [], invept(1, 0x1000), "vmfail 28"),
      ("intel-ept", [], invept(1, 0x105e), "ok"), ("intel-ept", [], invept(2, .max), "ok"),
      ("intel-shadow", [], invept(2), "#UD"), ("intel-ept", [.vmxoff], invept(2), "#UD"),
      ("intel-ept", [], invvpid(4, 1), "vmfail 28"), ("intel-ept", [], invvpid(.max, 1), "vmfail 28"),
      ("intel-ept", [], invvpid(0, 0), "vmfail 28"), ("intel-ept", [], invvpid(1, 0), "vmfail 28"),
      ("intel-ept", [], invvpid(3, 0), "vmfail 28"), ("intel-ept", [], invvpid(2, 0), "ok"),
      ("intel-ept", [], invvpid(2, 0x1_0000), "vmfail 28"),
      ("intel-ept", [], invvpid(0, 1, 1 << 47), "vmfail 28"), ("intel-ept", [], invvpid(0, 1), "ok"),
      ("intel-ept", [], invvpid(1, 1, 1 << 47), "ok"), ("intel-ept", [.vmxoff], invvpid(2, 0), "#UD"),
      ("intel-ept", [], .vmxon, "#UD"), ("intel-ept", [vmxe], .vmxon, "vmfail 15"),
      ("intel-ept", [vmxe, .vmxoff, .vmxon], .vmxon, "vmfail invalid"),
      ("intel-ept", [vmxe, .vmxoff, .vmxon], invept(0), "vmfail invalid"),
      ("intel-ept", [.vmxoff], .vmxoff, "#UD"), ("intel-ept", [.vmxoff], .enterL2(), "#UD"),
      ("intel-ept", [.smmEnter], .enterL2(), "#UD"),
    ]
    for (index, row) in rows.enumerated() {
      var test = TestMachine(row.preset)
      for operation in row.setup { #expect(try test.run(operation).outcome == .ok, "row \(index)") }
      #expect(Self.text(try test.run(row.operation).outcome) == row.outcome, "row \(index)")
    }
  }

  /// NVMX-12: only bits 51:12 of the pointers are compared; a freed previous root keeps its pgd.
  @Test func inveptComparesTheTableAlone() throws {
    for (type, eptp, kept) in [
      (1, 0x1_001e, [0x2_005e, 0x3_005e]), (1, 0x3_005e, [0x1_005e, 0x2_005e]),
      (1, 0x9_005e, [0x1_005e, 0x2_005e, 0x3_005e]), (2, 0, []),
    ] as [(UInt64, UInt64, [UInt64])] {
      var test = TestMachine("intel-ept")
      for table in 1...3 as ClosedRange<UInt64> {
        try test.run(.enterL2(paging: true, pgd: table << 16 | 0x5e, vpid: 1), enter: true)
        try test.run(.nestedExit(reason: nil), enter: true)
      }
      try test.run(invept(type, eptp))
      let mmu = test.vcpu.guestMMU
      let valid = ([mmu.root] + mmu.previousRoots).filter { $0.hpa != nil }.map(\.pgd)
      #expect(valid.sorted() == kept, "INVEPT \(type) \(hex(eptp))")
      #expect(mmu.previousRoots.map(\.pgd) == [0x2_005e, 0x1_005e, invalidPage])
      #expect(mmu.root.pgd == (kept.contains(0x3_005e) ? 0x3_005e : 0))
      #expect(test.vcpu.requests.isEmpty)
    }
  }

  /// NVMX-13: without EPT the roots built for L2 go, for every type.
  @Test func invvpidFreesGuestModeRootsWithoutEPT() throws {
    for type in 0...3 as ClosedRange<UInt64> {
      var test = TestMachine("intel-shadow")
      try test.run(.cr3(0x3000), enter: true)
      try test.run(.enterL2(vpid: 1, l2: RegisterValues(cr3: 0x2000)), enter: true)
      try test.run(.nestedExit(reason: nil), enter: true)
      let result = try test.run(invvpid(type, 1))
      #expect(result.tlb == [.invvpid(type: type == 0 ? 0 : 1, vpid: 2)])
      let mmu = test.vcpu.rootMMU
      #expect(([mmu.root] + mmu.previousRoots).filter { $0.hpa != nil }.map(\.pgd) == [0x3000, 0x1000])
    }
  }

  /// NVMX-14: VMXOFF frees guest_mmu's roots; NVMX-1: what VMXON begins anew.
  @Test func vmxoffAndVmxon() throws {
    var test = TestMachine("intel-ept")
    try test.run(.cr4(0x2020), enter: true)
    try test.run(.enterL2(paging: true, pgd: 0x1_005e, vpid: 7), enter: true)
    try test.run(.nestedExit(reason: nil), enter: true)
    try test.run(.vmxoff)
    #expect(test.vcpu.guestMMU.root == .unloaded && test.vcpu.rootMMU.root.hpa != nil)
    try test.run(.vmxon)
    #expect(test.vcpu.nestedState.lastVPID == 0)
    try test.run(.enterL2(paging: true, pgd: 0x1_005e, vpid: 7))
    #expect(test.vcpu.requests == [.tlbFlush, .tlbFlushGuest], "a new VMCS for L2, and a new VPID")
  }
}
