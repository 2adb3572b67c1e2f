@testable import KVMModel
import Testing

/// Writes to control registers under shadow paging: roots are let go, pages live on, and roles decide which serve again.
@Suite struct RoleChangeTests {
  private struct Toggle {
    let name: String
    let on: VCPUOperation
    let back: VCPUOperation
    /// Another role word: the pages of the one can't serve the other.
    let takesOtherPages: Bool
    var setup: VCPUOperation?
  }

  private static func cr0(_ set: UInt64, _ clear: UInt64) -> VCPUOperation {
    .setCR(.cr0, .bits(set: set, clear: clear))
  }
  private static func cr4(_ set: UInt64, _ clear: UInt64) -> VCPUOperation {
    .setCR(.cr4, .bits(set: set, clear: clear))
  }

  private static let wp: UInt64 = 0x1_0000
  private static let smep: UInt64 = 0x10_0000
  private static let smap: UInt64 = 0x20_0000
  private static let nx: UInt64 = 0x800
  private static let toggles = [
    Toggle(name: "CR0.WP", on: cr0(0, wp), back: cr0(wp, 0), takesOtherPages: true),
    // Under shadow paging no-execute is on in every role, whatever the guest's EFER.NX.
    Toggle(
      name: "EFER.NX", on: .setEFER(.bits(set: 0, clear: nx)), back: .setEFER(.bits(set: nx, clear: 0)),
      takesOtherPages: false),
    // smep_andnot_wp and smap_andnot_wp are 0 as long as WP is set.
    Toggle(name: "CR4.SMEP", on: cr4(smep, 0), back: cr4(0, smep), takesOtherPages: false),
    Toggle(name: "CR4.SMAP", on: cr4(smap, 0), back: cr4(0, smap), takesOtherPages: false),
    Toggle(
      name: "CR4.SMEP without WP", on: cr4(smep, 0), back: cr4(0, smep), takesOtherPages: true,
      setup: cr0(0, wp)),
    Toggle(
      name: "CR4.SMAP without WP", on: cr4(smap, 0), back: cr4(0, smap), takesOtherPages: true,
      setup: cr0(0, wp)),
  ]

  private static let read = VCPUOperation.access(AccessRequest(address: 0x5000, kind: .read))

  @Test func rootsGoAndPagesAreFoundAgain() throws {
    for preset in ["intel-shadow", "amd-shadow"] {
      for toggle in Self.toggles {
        var test = TestMachine(preset)
        try test.store([
          (0x1000, 0x2063), (0x2000, 0x3063), (0x3000, 0x4063), (0x4028, 0x5063), (0x5000, 0x77),
        ])
        if let setup = toggle.setup { try test.run(setup, enter: true) }
        try test.run(Self.read)
        let place: Comment = "\(preset), \(toggle.name)"
        let (role, root) = (test.mmu.mmuRole, try #require(test.mmu.root.hpa))
        let own = test.vm.shadowPages.filter { $0.role.cr0WP == role.cr0WP }.map(\.hpa)
        #expect(own.count == 4, place)
        let first = test.vm.shadowPages.count

        let change = try test.run(toggle.on)
        #expect(change.outcome == .ok && change.rootsFreed == 1 && change.pagesZapped == 0, place)
        #expect(test.mmu.root.hpa == nil, place)
        #expect(
          test.vm.shadowPages.count == first && test.vm.shadowPages.allSatisfy { $0.rootCount == 0 }, place)
        #expect((test.mmu.mmuRole != role) == toggle.takesOtherPages, place)
        try enterAndRead(&test, makes: toggle.takesOtherPages ? 4 : 0, place)
        #expect((test.mmu.root.hpa != root) == toggle.takesOtherPages, place)

        #expect(try test.run(toggle.back).rootsFreed == 1, place)
        try enterAndRead(&test, makes: 0, place)
        #expect(test.mmu.root.hpa == root && test.mmu.mmuRole == role, place)
        #expect(test.vm.shadowPage(at: root)?.rootCount == 1, place)
        #expect(test.vm.shadowPages.count == first + (toggle.takesOtherPages ? 4 : 0), place)
      }
    }
  }

  /// Enters the guest and reads a page; what is not made is there already, with its entries.
  private func enterAndRead(_ test: inout TestMachine, makes count: Int, _ place: Comment) throws {
    let entry = try test.run(.enterGuest)
    let access = try test.run(Self.read)
    #expect(access.access?.value == 0x77, place)
    #expect(entry.pagesCreated + access.pagesCreated == count, place)
    #expect(access.faults.isEmpty == (count == 0), place)
    let lookups = entry.trace.map(\.text).filter { $0.hasPrefix("kvm_mmu_get_page") }
    #expect(lookups.count == 1 && lookups[0].hasSuffix(count == 0 ? "existing" : "new"), place)
  }

  /// WP on and off by turns: two sets of pages, each with its own idea of a read-only page.
  @Test func aGuestThatTogglesWPHasTwoSetsOfPages() throws {
    var test = TestMachine("intel-shadow")
    try test.store([(0x1000, 0x2067), (0x2000, 0x3067), (0x3000, 0x4067), (0x4028, 0x5065)])
    let write = VCPUOperation.access(AccessRequest(address: 0x5000, kind: .write, value: 9))
    for round in 0..<4 {
      try test.run(Self.read)
      #expect(try test.run(write).outcome.status == "exception", "round \(round)")
      try test.run(Self.cr0(0, Self.wp), enter: true)
      #expect(try test.run(write).outcome == .ok, "round \(round)")
      try test.run(Self.cr0(Self.wp, 0), enter: true)
      let leaves = test.vm.shadowPages.filter { $0.role.level == 1 }
      #expect(leaves.map(\.role.cr0WP) == [true, false], "round \(round)")
      #expect(leaves.map { $0[5].isWritable } == [false, true], "round \(round)")
      #expect(test.vm.shadowPages.count == 8, "round \(round)")
    }
  }
}
