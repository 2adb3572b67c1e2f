@testable import KVMModel
import Testing

@Suite struct ZapTests {
  /// A machine that may have 64 shadow pages.
  private func small(_ preset: String, boot: Boot = .longMode, vcpus: Int = 1) -> TestMachine {
    TestMachine(preset, boot: boot) {
      $0.memory.slots = [MemorySlot(base: 0, bytes: 0x10_0000)]
      $0.vcpus = vcpus
    }
  }

  /// `make_mmu_pages_available`: fewer than 5 of 64 left make the 25 oldest go that are no roots.
  @Test func pagesAreMadeAvailableFromTheOldest() throws {
    var test = small("intel-shadow")
    #expect(test.vm.machine.maxShadowPages == 64)
    for frame in 2...60 as ClosedRange<UInt64> { try test.run(.cr3(frame << 12), enter: true) }
    #expect(test.vm.shadowPages.count == 60)
    let result = try test.run(.cr3(61 << 12), enter: true)
    // 4 are available, so 25 - 4 go, then one comes.
    #expect(test.vm.shadowPages.count == 60 - 21 + 1)
    #expect(test.vm.shadowPages.first?.frame.rawValue == 22)
    #expect(result.narration.contains { $0.effect == .raised(.tlbFlush) })
  }

  /// A PAE guest takes four pages at once, which can pass the bound; what is available is then 0, never less.
  @Test func pagesBeyondTheBoundDoNotCount() throws {
    var test = small("intel-shadow", boot: .pae, vcpus: 17)
    for vcpu in 1...16 as ClosedRange<UInt64> {
      for index in 0...3 as ClosedRange<UInt64> {
        try test.store([(0x8_0000 + vcpu * 32 + index * 8, (vcpu * 4 + index) << 12 | 1)])
      }
    }
    let longMode = RegisterValues(cr3: 0x1000, efer: 0xd01, codeSegmentLong: true)
    try test.run(.setSregs(longMode), enter: true)
    for frame in 2...3 as ClosedRange<UInt64> { try test.run(.cr3(frame << 12), enter: true) }
    for vcpu in 1...16 {
      #expect(try test.run(.cr3(0x8_0000 + UInt64(vcpu) * 32), vcpu: vcpu, enter: true).outcome == .ok)
    }
    #expect(test.vm.shadowPages.count == 67)
    for vcpu in 1...16 { try test.run(.setSregs(RegisterValues(cr3: 0x1000)), vcpu: vcpu) }
    #expect(try test.run(.enterGuest, vcpu: 1).outcome == .ok)
    #expect(test.vm.shadowPages.count == 67 - 25)
  }

  /// When every page is a root none can go: KVM_RUN fails with -ENOSPC.
  @Test func aLoadFailsWhenEveryPageIsARoot() throws {
    var test = small("intel-shadow", vcpus: 17)
    var statuses: [String] = []
    for vcpu in 0..<17 {
      for slot in 0..<4 {
        let frame = UInt64(vcpu * 4 + slot + 2)
        statuses.append(try test.run(.cr3(frame << 12), vcpu: vcpu, enter: true).outcome.status)
      }
    }
    #expect(statuses.filter { $0 == "internal-error" }.count > 0)
    #expect(test.vm.shadowPages.count == 64)
  }

  /// ROOT-9: what is freed at once, and what lives on as invalid until its last vCPU lets go.
  @Test func zapAllMakesEveryPageObsoleteAndTellsEveryVCPU() throws {
    var test = TestMachine("intel-shadow") { $0.vcpus = 2 }
    try test.run(.cr3(0x2000), enter: true)
    for frame in 3...5 as ClosedRange<UInt64> { try test.run(.cr3(frame << 12), enter: true) }
    // vCPU 0 holds 5, 4, 3, 2; vCPU 1 holds frame 1.
    let before = test.vm.shadowPages.map(\.hpa)
    try test.run(.cr3(0x6000), enter: true)
    _ = try test.vm.apply(.machine(.zapAll))
    #expect(test.vm.validGeneration == 1)
    #expect(test.vm.vcpus.allSatisfy { $0.requests == [.freeObsoleteRoots, .tlbFlush] })
    // Frame 2 was no root any more, so it is gone; the others are invalid.
    #expect(test.vm.shadowPages.map(\.frame.rawValue) == [1, 3, 4, 5, 6])
    #expect(test.vm.shadowPages.allSatisfy { $0.role.invalid })
    try test.run(.enterGuest)
    #expect(test.vm.shadowPages.map(\.frame.rawValue) == [1, 6])
    #expect(test.vm.shadowPages.last?.validGeneration == 1)
    try test.run(.enterGuest, vcpu: 1)
    #expect(test.vm.shadowPages.allSatisfy { !$0.role.invalid && $0.rootCount == 1 })
    #expect(test.vm.shadowPages.allSatisfy { !before.contains($0.hpa) })
    #expect(test.vcpu.rootMMU.previousRoots.allSatisfy { $0.hpa == nil })
  }

  /// ROOT-9 with the TDP MMU (5.6): its own reference goes at once, the vCPUs' when they serve the request.
  @Test func aTDPRootIsSharedAndLivesUntilItsLastVCPULetsGo() throws {
    var test = TestMachine("intel-ept") { $0.vcpus = 3 }
    #expect(test.vm.shadowPages.map(\.rootCount) == [4])
    _ = try test.vm.apply(.machine(.zapAll))
    #expect(test.vm.shadowPages.map(\.rootCount) == [3])
    for (vcpu, counts) in [(0, [2, 2]), (1, [1, 3]), (2, [4])] {
      try test.run(.enterGuest, vcpu: vcpu)
      #expect(test.vm.shadowPages.map(\.rootCount) == counts, "after vCPU \(vcpu)")
    }
  }

  /// ROOT-9 in L2: the roots of both MMUs are obsolete, and L1's is built anew at the exit.
  @Test func zapAllInL2FreesTheRootsOfBothMMUs() throws {
    for preset in ["intel-ept", "amd-npt"] {
      var test = TestMachine(preset)
      if preset == "amd-npt" { try test.run(.efer(0x1d01)) }
      try test.run(.enterL2(paging: true, pgd: preset == "amd-npt" ? 0x10000 : 0x1005e), enter: true)
      _ = try test.vm.apply(.machine(.zapAll))
      try test.run(.enterGuest)
      #expect(test.vcpu.rootMMU.root.hpa == nil && test.vcpu.guestMMU.root.hpa != nil, "\(preset)")
      try test.run(.nestedExit(reason: nil), enter: true)
      #expect(test.vcpu.rootMMU.root.hpa != nil && test.vcpu.requests.isEmpty, "\(preset)")
      #expect(test.vm.shadowPages.allSatisfy { !$0.role.invalid }, "\(preset)")
    }
  }
}
