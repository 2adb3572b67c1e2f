@testable import KVMModel
import Testing

@Suite struct SVMTransitionsTests {
  private static let svme: VCPUOperation = .efer(0x1d01)

  private func machine(_ preset: String = "amd-npt", _ setup: [VCPUOperation] = []) throws -> TestMachine {
    var test = TestMachine(preset)
    for operation in [Self.svme] + setup { #expect(try test.run(operation, enter: true).outcome == .ok) }
    return test
  }

  /// NSVM-1: what keeps VMRUN from entering.
  @Test func vmrunsThatFail() throws {
    func l2(_ values: RegisterValues) -> VCPUOperation { .enterL2(l2: values) }
    let rows: [(name: String, entry: VCPUOperation)] = [
      ("SVME", l2(RegisterValues(efer: 0xd01))), ("NW without CD", l2(RegisterValues(cr0: 0xa005_0033))),
      ("CR0 above 31", l2(RegisterValues(cr0: 1 << 32 | 0x8005_0033))),
      ("long mode without PAE", l2(RegisterValues(cr4: 0))),
      ("long mode without PE", l2(RegisterValues(cr0: 0x8005_0032))),
      ("long mode with CR3", l2(RegisterValues(cr3: 1 << 48))),
      ("CR4", l2(RegisterValues(cr4: 0x2020))), ("EFER", l2(RegisterValues(efer: 0x20_1d01))),
      ("nCR3", .enterL2(paging: true, pgd: 1 << 48)),
    ]
    for row in rows {
      var test = try machine()
      let before = test.vm
      let outcome = try test.run(row.entry).outcome
      guard case .vmExit(.svm(let code, _, _), _) = outcome else {
        Issue.record("\(row.name): \(outcome)")
        continue
      }
      #expect(code == .max, "\(row.name)")
      #expect(test.vm == before, "\(row.name): L1 goes on as it was")
    }
    var test = try machine("amd-shadow")
    #expect(try test.run(.enterL2(paging: true, pgd: 0x1_0000)).outcome.status == "vmexit")
    #expect(try test.run(.enterL2(l2: RegisterValues(cr0: 0x8000_0010, cr4: 0, efer: 0x1000))).outcome == .ok)
    test = TestMachine("amd-npt")
    #expect(try test.run(.enterL2()).outcome.refusal?.function == "nested_svm_check_permissions")
    test = try machine("amd-npt", [.smmEnter])
    #expect(try test.run(.enterL2()).outcome.refusal?.function == "nested_svm_vmrun")
  }

  /// NSVM-2 step 7: a CR3 that can't be loaded fails after guest mode was entered, so a full #VMEXIT follows.
  @Test func aVMRUNThatFailsOnCR3ExitsAgain() throws {
    let values = RegisterValues(cr0: 0x8005_0033, cr3: 0x1_0000_0000, cr4: 0x20, efer: 0x1800)
    for preset in ["amd-npt", "amd-shadow"] {
      var test = try machine(preset)
      let registers = test.vcpu.registers
      let result = try test.run(.enterL2(l2: values))
      #expect(result.outcome.status == "vmexit" && result.outcome.refusal?.function == "load_pdptrs")
      #expect(result.narration.contains { $0.function == "nested_svm_vmexit" })
      #expect(test.vcpu.registers == registers && !test.vcpu.guestMode, "\(preset)")
      #expect(test.vcpu.requests.isSuperset(of: [.mmuSync, .tlbFlushCurrent]), "\(preset)")
    }
  }

  /// NSVM-2, NSVM-4: each switch raises MMU_SYNC and TLB_FLUSH_CURRENT.
  @Test func everySwitchSyncsAndFlushes() throws {
    for (preset, paging) in [("amd-npt", true), ("amd-npt", false), ("amd-shadow", false)] {
      var test = try machine(preset)
      try test.run(.enterL2(paging: paging, pgd: paging ? 0x1_0000 : nil))
      #expect(test.vcpu.requests.isSuperset(of: [.mmuSync, .tlbFlushCurrent]))
      try test.run(.enterGuest)
      try test.run(.nestedExit(reason: nil))
      #expect(test.vcpu.requests == [.mmuSync, .tlbFlushCurrent, .loadMMUPGD])
    }
  }

  /// ROLE-7, ROOT-13: the root that each paging mode of L1 gets for its nested tables.
  @Test func rootsOfNestedTables() throws {
    typealias Row = (
      preset: String, boot: Boot, role: UInt32, level: Int, pages: [UInt32], special: Bool
    )
    let rows: [Row] = [
      ("amd-npt", .longMode, 0x2_1704, 4, [0x2_1704], false),
      ("amd-npt-5level", .longMode, 0x6_1705, 5, [0x6_1705], false),
      ("amd-npt-5level", .longModeLA57, 0x2_1705, 5, [0x2_1705], false),
      ("amd-npt", .pae, 0x2_0704, 4, [0x2_0702, 0x2_0702], true),
      ("amd-npt-5level", .pae, 0x2_0705, 5, [0x2_0702, 0x2_0702], true),
      ("amd-npt", .thirtyTwoBit, 0x2_0714, 4, [0x2_0712, 0x2_0732, 0x2_0752, 0x2_0772], true),
      ("amd-npt-5level", .thirtyTwoBit, 0x2_0715, 5, [0x2_0712, 0x2_0732, 0x2_0752, 0x2_0772], true),
    ]
    for row in rows {
      let name = "\(row.preset), \(row.boot)"
      var test = TestMachine(row.preset, boot: row.boot)
      try test.run(.efer(test.vcpu.registers.efer.rawValue | 0x1000))
      try test.store([(0x1_0000, 0x5001), (0x1_0010, 0x6001)])
      try test.run(.enterL2(paging: true, pgd: 0x1_0000))
      #expect(try test.run(.enterGuest).outcome == .ok, "\(name)")
      let mmu = test.vcpu.guestMMU
      #expect(mmu.mmuRole.rawValue == row.role, "\(name): \(hex(mmu.mmuRole.rawValue))")
      let pages = test.vm.shadowPages.filter { !$0.isTDPMMU }
      #expect(pages.map(\.role.rawValue) == row.pages, "\(name)")
      #expect((mmu.paeRoot != nil) == row.special && (mmu.pml4Root != nil) == row.special, "\(name)")
      #expect((mmu.pml5Root != nil) == (row.special && row.level == 5), "\(name)")
      if row.special, let pae = mmu.paeRoot, let pml4 = mmu.pml4Root {
        #expect(pml4.entry == pae.hpa.rawValue | 0x27, "\(name)")
        #expect((mmu.pml5Root?.entry ?? pml4.hpa.rawValue | 0x27) == pml4.hpa.rawValue | 0x27, "\(name)")
        #expect(mmu.root.hpa == (row.level == 5 ? mmu.pml5Root?.hpa : pml4.hpa), "\(name)")
        #expect(
          (0..<4).filter { pae.entries[$0] != 0 } == (row.boot == .pae ? [0, 2] : [0, 1, 2, 3]), "\(name)")
        #expect(pae.entries[0] == pages[0].hpa.rawValue | 0x27, "\(name)")
      }
      #expect(mmu.root.pgd == 0x1_0000, "\(name)")
    }
  }

  /// Without NPT an exit whose switch toggles paging leaves L1 with L2's CR4 and PAE.
  @Test func theCR4QuirkOfSVMWithoutNPT() throws {
    let off = RegisterValues(cr0: 0x11, cr4: 0x80, efer: 0x1000)
    let rows: [(preset: String, l2: RegisterValues, cr4: UInt64)] = [
      ("amd-shadow", off, 0xa0), ("amd-shadow", RegisterValues(cr4: 0xa0), 0x20_0020),
      ("amd-npt", off, 0x20_0020),
    ]
    for row in rows {
      var test = try machine(row.preset, [.cr4(0x20_0020)])
      try test.run(.enterL2(l2: row.l2), enter: true)
      let result = try test.run(.nestedExit(reason: nil), enter: true)
      #expect(test.vcpu.registers.cr4.rawValue == row.cr4, "\(row.preset)")
      #expect(result.narration.contains { $0.effect == .quirk } == (row.cr4 == 0xa0), "\(row.preset)")
    }
  }

  /// NSVM-4: L1's CR3 is checked again; if its PDPTEs can't be loaded L1 goes on with L2's and shuts down.
  @Test func anExitToPDPTEsThatCantBeLoadedIsATripleFault() throws {
    for (preset, role) in [("amd-npt", 0x2_3784), ("amd-shadow", 0x2_3703)] as [(String, UInt32)] {
      var test = TestMachine(preset, boot: .pae)
      try test.run(.efer(0x1800))
      try test.run(.enterL2(l2: RegisterValues(cr3: 0x2000)), enter: true)
      try test.store([(0x1000, 0x2003)])
      try test.run(.nestedExit(reason: nil))
      #expect(test.vcpu.requests.contains(.tripleFault) && test.vcpu.registers.cr3 == 0x2000)
      #expect(test.vcpu.rootMMU.mmuRole.rawValue == role, "no role was computed")
      #expect(try test.run(.enterGuest).outcome.status == "shutdown")
    }
  }

  /// NSVM-9: EFER.SVME cleared in L2 ends guest mode at once; roots, roles and registers stay.
  @Test func clearingSVMEInL2LeavesGuestMode() throws {
    for operation in [.efer(0xd01), .setSregs(RegisterValues(efer: 0xd01))] as [VCPUOperation] {
      var test = try machine()
      try test.run(.enterL2(paging: true, pgd: 0x1_0000, l2: RegisterValues(cr3: 0x7000)), enter: true)
      let guest = test.vcpu.guestMMU
      try test.run(operation)
      #expect(!test.vcpu.guestMode && test.vcpu.mmu == .root && test.vcpu.walkMMU == .root)
      #expect(test.vcpu.registers.cr3 == 0x7000 && test.vcpu.requests.isEmpty)
      if case .setEFER = operation {
        #expect(test.vcpu.guestMMU == guest && test.vcpu.rootMMU.root.hpa != nil)
      } else {
        #expect(test.vcpu.guestMMU.root == .unloaded && test.vcpu.rootMMU.root == .unloaded)
      }
      #expect(try test.run(.enterGuest).outcome == .ok)
    }
  }
}
