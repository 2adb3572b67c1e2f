@testable import KVMModel
import Testing

@Suite struct EnterGuestTests {
  private static let all: Requests = [
    .freeObsoleteRoots, .mmuSync, .loadMMUPGD, .tlbFlush, .tlbFlushCurrent, .tlbFlushGuest,
  ]

  /// REQ-1: the order of service; TLB_FLUSH swallows TLB_FLUSH_CURRENT.
  @Test func requestsAreServedInOrder() throws {
    let orders: [(pending: Requests, served: [String])] = [
      (
        Self.all,
        [
          "kvm_mmu_free_obsolete_roots", "kvm_mmu_sync_roots", "kvm_mmu_load_pgd", "kvm_vcpu_flush_tlb_all",
          "kvm_vcpu_flush_tlb_guest",
        ]
      ),
      (
        Self.all.subtracting(.tlbFlush),
        [
          "kvm_mmu_free_obsolete_roots", "kvm_mmu_sync_roots", "kvm_mmu_load_pgd",
          "kvm_vcpu_flush_tlb_current", "kvm_vcpu_flush_tlb_guest",
        ]
      ),
      ([.tlbFlushGuest, .mmuSync], ["kvm_mmu_sync_roots", "kvm_vcpu_flush_tlb_guest"]),
    ]
    for preset in ["intel-ept", "amd-npt", "intel-shadow", "amd-shadow"] {
      for order in orders {
        var test = TestMachine(preset)
        test.vm.vcpus[0].requests = order.pending
        let result = try test.run(.enterGuest)
        let served = result.narration.filter { $0.depth == 1 && order.served.contains($0.function) }
        #expect(served.map(\.function) == order.served, "\(preset), \(order.pending.names)")
        #expect(test.vcpu.requests.isEmpty)
      }
    }
  }

  /// ROOT-11: a load syncs, loads and flushes by itself; only what was pending is said to be served.
  @Test func whatIsServedWasPending() throws {
    var test = TestMachine("intel-shadow")
    try test.run(.cr4(0x20_0020))
    test.vm.vcpus[0].requests = .tlbFlushGuest
    let result = try test.run(.enterGuest)
    #expect(result.tlb.contains(.flushCurrent) && test.mmu.root.hpa != nil)
    let served = result.narration.compactMap { step in
      if case .served(let request)? = step.effect { request } else { nil }
    }
    #expect(served == [.tlbFlushGuest])
  }

  /// REQ-3, REQ-4, REQ-7: the vendor's callbacks for each request.
  @Test func callbacksOfEachRequest() throws {
    let root = HostPhysicalAddress.firstShadowPage
    let load = TLBCall.loadMMUPGD(root: root, level: 4)
    let eptp = root.rawValue | 0x5e
    let rows: [(preset: String, request: Requests, calls: [TLBCall])] = [
      ("intel-ept", .tlbFlush, [.flushAll, .invept(type: 2, eptp: 0)]),
      ("intel-ept", .tlbFlushCurrent, [.flushCurrent, .invept(type: 1, eptp: eptp)]),
      ("intel-ept", .tlbFlushGuest, [.flushGuest, .invvpid(type: 1, vpid: 1)]),
      ("intel-ept", .loadMMUPGD, [load]), ("intel-ept", .mmuSync, []),
      ("intel-shadow", .tlbFlush, [.flushAll, .invvpid(type: 2, vpid: 0)]),
      ("intel-shadow", .tlbFlushCurrent, [.flushCurrent, .invvpid(type: 1, vpid: 1)]),
      ("intel-shadow", .tlbFlushGuest, [.flushGuest, .invvpid(type: 1, vpid: 1)]),
      ("amd-npt", .tlbFlush, [.flushAll]), ("amd-npt", .tlbFlushCurrent, [.flushCurrent]),
      ("amd-npt", .tlbFlushGuest, [.flushGuest]), ("amd-shadow", .loadMMUPGD, [load]),
    ]
    for row in rows {
      var test = TestMachine(row.preset)
      test.vm.vcpus[0].requests = row.request
      #expect(try test.run(.enterGuest).tlb == row.calls, "\(row.preset), \(row.request.names)")
    }
  }

  /// REQ-3: with no valid root the current context has nothing to flush, and there is no root to load.
  @Test func withoutARootOnlyTheReloadFlushes() throws {
    var test = TestMachine("intel-ept")
    try test.run(.cr4(0x20_0020))
    test.vm.vcpus[0].requests = [.loadMMUPGD, .tlbFlushCurrent]
    let root = HostPhysicalAddress.firstShadowPage
    #expect(
      try test.run(.enterGuest).tlb == [
        .flushCurrent, .loadMMUPGD(root: root, level: 4), .flushCurrent,
        .invept(type: 1, eptp: root.rawValue | 0x5e),
      ])
  }

  /// REQ-3, REQ-7: the VPID and the EPT pointer that L2 runs with.
  @Test func tagsOfL2() throws {
    let rows: [(vpid: UInt16, eptp: UInt64, eptAD: Bool, tag: UInt16, low: UInt64)] = [
      (0, 0x1_005e, true, 1, 0x5e), (5, 0x1_005e, true, 2, 0x5e), (5, 0x1_001e, true, 2, 0x1e),
      (5, 0x1_001e, false, 2, 0x1e),
    ]
    for row in rows {
      var test = TestMachine("intel-ept") { $0.eptAD = row.eptAD }
      try test.run(.enterL2(paging: true, pgd: row.eptp, vpid: row.vpid), enter: true)
      test.vm.vcpus[0].requests = [.tlbFlushCurrent, .tlbFlushGuest]
      let root = test.mmu.root.hpa?.rawValue ?? 0
      #expect(
        try test.run(.enterGuest).tlb == [
          .flushCurrent, .invept(type: 1, eptp: root | row.low), .flushGuest,
          .invvpid(type: 1, vpid: row.tag),
        ], "VPID \(row.vpid), EPTP \(hex(row.eptp))")
    }
  }

  /// ROOT-14: a root outside memory stops the machine; in L2 on Intel L1 sees an exit and goes on.
  @Test func aRootOutsideMemoryIsATripleFault() throws {
    var test = TestMachine("intel-shadow")
    #expect(try test.run(.cr3(0x1_0000_0000), enter: true).outcome.status == "shutdown")
    #expect(test.mmu.root.hpa == nil && test.vcpu.requests.isEmpty)
    #expect(try test.run(.cr3(0x1000), enter: true).outcome == .ok)
    test = TestMachine("intel-ept")
    #expect(try test.run(.cr3(0x1_0000_0000), enter: true).outcome == .ok, "a direct root is not checked")
    let result = try test.run(.enterL2(paging: true, pgd: 0x1_0000_005e, vpid: 1), enter: true)
    #expect(result.outcome == .ok && !test.vcpu.guestMode && test.vcpu.mmu == .root)
    #expect(result.narration.contains { $0.function == "nested_vmx_vmexit" })
  }
}
