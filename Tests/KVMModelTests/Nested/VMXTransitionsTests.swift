@testable import KVMModel
import Testing

@Suite struct VMXTransitionsTests {
  private struct Row {
    var name: String
    var entry: VCPUOperation
    var boot = Boot.longMode
    var preset = "intel-ept"
    var expected: String
  }

  private static func text(_ outcome: Outcome) -> String {
    switch outcome {
    case .vmFail(let error, _): "vmfail \(error?.rawValue ?? 0)"
    case .entryFailed(let reason, let qualification, _): "entry \(hex(reason)) \(qualification)"
    default: outcome.status
    }
  }

  private static func l2(_ values: RegisterValues) -> VCPUOperation { .enterL2(vpid: 1, l2: values) }
  private static func host(_ values: RegisterValues) -> VCPUOperation { .enterL2(vpid: 1, host: values) }

  private static let controls: [Row] = [
    Row(name: "EPT pointer", entry: .enterL2(paging: true, pgd: 0x1000, vpid: 1), expected: "vmfail 7"),
    Row(
      name: "EPT without EPT", entry: .enterL2(paging: true, pgd: 0x1_005e, vpid: 1),
      preset: "intel-shadow", expected: "vmfail 7"),
  ]
  private static let hostState: [Row] = [
    Row(name: "host size", entry: host(RegisterValues(efer: 0)), expected: "vmfail 8"),
    Row(
      name: "host size from 32-bit", entry: host(RegisterValues(cr4: 0x20, efer: 0xd01)), boot: .pae,
      expected: "vmfail 8"),
    Row(name: "host CR0", entry: host(RegisterValues(cr0: 1 << 40)), expected: "vmfail 8"),
    Row(name: "host CR4", entry: host(RegisterValues(cr4: 0x4020)), expected: "vmfail 8"),
    Row(name: "host CR3", entry: host(RegisterValues(cr3: 1 << 46)), expected: "vmfail 8"),
    Row(name: "host PAE", entry: host(RegisterValues(cr4: 0)), expected: "vmfail 8"),
    Row(
      name: "64-bit guest of a 32-bit host", entry: l2(RegisterValues(cr4: 0x20, efer: 0xd01)),
      boot: .pae, expected: "vmfail 8"),
    Row(
      name: "PCIDE in a 32-bit host", entry: host(RegisterValues(cr4: 0x2_0020)), boot: .pae,
      expected: "vmfail 8"),
    Row(name: "host EFER", entry: host(RegisterValues(efer: 0x1d01)), expected: "vmfail 8"),
    Row(name: "host LME", entry: host(RegisterValues(efer: 0x401)), expected: "vmfail 8"),
  ]
  private static let guestState: [Row] = [
    Row(
      name: "guest CR0", entry: l2(RegisterValues(cr0: 1 << 40 | 0x8005_0033)), expected: "entry 0x80000021 0"
    ),
    Row(name: "guest CR4", entry: l2(RegisterValues(cr4: 0x4020)), expected: "entry 0x80000021 0"),
    Row(name: "guest PG, PE", entry: l2(RegisterValues(cr0: 0x8000_0000)), expected: "entry 0x80000021 0"),
    Row(name: "guest PAE", entry: l2(RegisterValues(cr4: 0)), expected: "entry 0x80000021 0"),
    Row(name: "guest PG", entry: l2(RegisterValues(cr0: 0x11)), expected: "entry 0x80000021 0"),
    Row(name: "guest EFER", entry: l2(RegisterValues(efer: 0x1d01)), expected: "entry 0x80000021 0"),
    Row(name: "guest LME", entry: l2(RegisterValues(efer: 0x901)), expected: "entry 0x80000021 0"),
    Row(name: "guest CR3", entry: l2(RegisterValues(cr3: 1 << 46)), expected: "entry 0x80000021 0"),
    Row(
      name: "guest PDPTEs", entry: l2(RegisterValues(cr3: 0x1_0000_0000, cr4: 0x20, efer: 0)),
      expected: "entry 0x80000021 2"),
  ]

  /// NVMX 7.4: VMfail leaves L1 as it is but for the VMCS; an entry failure loads L1's host state.
  @Test func entriesThatFail() throws {
    for (fails, rows) in [(true, Self.controls + Self.hostState), (false, Self.guestState)] {
      for row in rows {
        var test = TestMachine(row.preset, boot: row.boot)
        let before = test.vcpu
        let outcome = try test.run(row.entry).outcome
        #expect(Self.text(outcome) == row.expected, "\(row.name)")
        #expect(!test.vcpu.guestMode && test.vcpu.nested == nil && test.vcpu.mmu == .root, "\(row.name)")
        if fails { #expect(test.vcpu == before, "\(row.name)") }
        #expect(test.vcpu.registers == before.registers, "\(row.name)")
        #expect(try test.run(.enterGuest).outcome == .ok, "\(row.name)")
      }
    }
  }

  /// NVMX-4: where an entry fails decides what it leaves.
  @Test func whatAFailedEntryLeaves() throws {
    // Before guest mode: vmcs02's first load asks for a flush, and the exit's switch finds L1's root.
    var test = TestMachine("intel-ept")
    var result = try test.run(Self.l2(RegisterValues(cr4: 0x4020)))
    #expect(test.vcpu.requests == [.tlbFlush, .loadMMUPGD])
    #expect(!result.narration.contains { $0.function == "kvm_init_shadow_ept_mmu" })
    // After it: VPID 1 is new, so that a flush was raised and served in L2's context; guest_mmu searched for E.
    test = TestMachine("intel-ept")
    result = try test.run(
      .enterL2(paging: true, pgd: 0x1_005e, vpid: 1, l2: RegisterValues(cr3: 1 << 46)))
    #expect(result.tlb == [.flushGuest, .invvpid(type: 1, vpid: 2)])
    #expect(result.lookups.map(\.mmu) == [.guest, .root])
    #expect(test.vcpu.nestedState.lastVPID == 1)
    #expect(test.vcpu.guestMMU.mmuRole.rawValue == 0x2_0704)
    // The host state of an entry that fails is loaded, CR3 and all.
    test = TestMachine("intel-ept")
    _ = try test.run(
      .enterL2(vpid: 1, l2: RegisterValues(cr3: 1 << 46), host: RegisterValues(cr0: 0x8004_0033, cr3: 0x7000))
    )
    #expect(test.vcpu.registers.cr3 == 0x7000 && !test.vcpu.registers.cr0.contains(.wp))
  }

  /// NVMX-6: which flush a switch asks for. Requests raised before the entry's switch are served in L1's context.
  @Test func flushesAtTransitions() throws {
    let rows: [(vpids: [UInt16], entry: Requests, exit: Requests)] = [
      ([0], .tlbFlushGuest, .tlbFlushGuest), ([1], .tlbFlushGuest, []), ([1, 1], [], []),
      ([1, 2], .tlbFlushGuest, []), ([1, 0], .tlbFlushGuest, .tlbFlushGuest), ([1, 0, 1], [], []),
    ]
    for preset in ["intel-ept", "intel-shadow"] {
      for row in rows {
        var test = TestMachine(preset)
        for vpid in row.vpids.dropLast() {
          try test.run(.enterL2(vpid: vpid), enter: true)
          try test.run(.nestedExit(reason: nil), enter: true)
        }
        let last = row.vpids[row.vpids.count - 1]
        try test.run(.enterL2(vpid: last))
        let flushes: Requests = [.tlbFlushGuest, .tlbFlushCurrent]
        #expect(test.vcpu.requests.intersection(flushes) == row.entry, "\(preset) \(row.vpids)")
        try test.run(.enterGuest)
        try test.run(.nestedExit(reason: nil))
        #expect(test.vcpu.requests.intersection(flushes) == row.exit, "\(preset) \(row.vpids)")
      }
    }
  }

  /// NVMX-8: PDPTEs of the host state that can't be loaded are a VMX abort.
  @Test func aVMXAbortIsATripleFault() throws {
    var test = TestMachine("intel-ept", boot: .pae)
    try test.run(.enterL2(paging: true, pgd: 0x1_005e, vpid: 1), enter: true)
    try test.store([(0x1000, 0x2003)])
    let cr3 = test.vcpu.registers.cr3
    try test.run(.nestedExit(reason: nil))
    #expect(test.vcpu.requests.contains(.tripleFault) && !test.vcpu.guestMode)
    #expect(test.vcpu.registers.cr3 == cr3 && test.vcpu.walkMMU == .root)
    #expect(try test.run(.enterGuest).outcome.status == "shutdown")
  }

  /// NVMX-4 step 4: an L1 in PAE paging needs its own PDPTEs before it enters L2 without EPT.
  @Test func anL1InPAEPagingWithoutItsPDPTEsCantEnter() throws {
    for (paging, status) in [(false, "internal-error"), (true, "ok")] {
      var test = TestMachine("intel-ept", boot: .pae)
      try test.store([(0x1000, 0x2003)])
      let entry = VCPUOperation.enterL2(paging: paging, pgd: 0x1_005e, vpid: 1)
      #expect(try test.run(entry).outcome.status == status)
      #expect(test.vcpu.guestMode == paging)
    }
  }

  /// NVMX-11: EPTP switching.
  @Test func vmfuncSwitchesTheEPTPointer() throws {
    let rows: [(name: String, vpid: UInt16, paging: Bool, eptp: UInt64, status: String, requests: Requests)] =
      [
        ("the same", 1, true, 0x1_005e, "ok", []), ("another", 1, true, 0x2_005e, "ok", []),
        ("another without VPID", 0, true, 0x2_005e, "ok", .tlbFlushGuest),
        ("not valid", 1, true, 0x2_0000, "vmexit", .loadMMUPGD),
        ("without EPT", 1, false, 0x2_005e, "vmexit", .loadMMUPGD),
      ]
    for row in rows {
      var test = TestMachine("intel-ept")
      try test.run(.enterL2(paging: row.paging, pgd: 0x1_005e, vpid: row.vpid), enter: true)
      let nested = test.vcpu.nestedMMU
      let outcome = try test.run(.eptLoad(EPTPointer(rawValue: row.eptp))).outcome
      #expect(outcome.status == row.status && test.vcpu.requests == row.requests, "\(row.name)")
      #expect(test.vcpu.nestedMMU == nested && test.vcpu.guestMode == (row.status == "ok"), "\(row.name)")
      if case .vmExit(.vmx(let reason, _, _), _) = outcome { #expect(reason == 59) }
    }
  }

  /// L1's registers and L2's: the host fields at the exit, CS.L after the host's size.
  @Test func anExitLoadsTheHostFields() throws {
    var test = TestMachine("intel-ept")
    let host = RegisterValues(cr0: 0x8004_0033, cr3: 0x5000, cr4: 0x20_0020, efer: 0x501)
    let l2 = RegisterValues(cr0: 0x11, cr3: 0x6000, cr4: 0, efer: 0, codeSegmentLong: false)
    try test.run(.enterL2(paging: true, pgd: 0x1_005e, vpid: 1, l2: l2, host: host), enter: true)
    #expect(test.vcpu.nestedMMU.vcpuRole.rawValue == 0x1_0002_0780)
    try test.run(.nestedExit(reason: nil), enter: true)
    let registers = test.vcpu.registers
    #expect(registers.cr0.rawValue == 0x8004_0033 && registers.cr3 == 0x5000)
    #expect(registers.cr4.rawValue == 0x20_0020 && registers.efer.rawValue == 0x501)
    #expect(registers.codeSegmentLong)
  }
}
