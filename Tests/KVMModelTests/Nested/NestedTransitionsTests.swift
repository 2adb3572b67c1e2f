@testable import KVMModel
import Testing

/// The root caches through worked sequences of entries and exits.
@Suite struct NestedTransitionsTests {
  /// Roots of L1 and L2 by the letters of their pgds, and whether they were built for L2.
  private static func text(_ mmu: MMU, _ vm: VirtualMachine, _ names: [UInt64: String]) -> String {
    ([mmu.root] + mmu.previousRoots).map { root in
      guard let page = root.hpa.flatMap({ vm.shadowPage(at: $0) }) else { return "-" }
      let name = page.role.direct ? "T" : names[root.pgd] ?? "?"
      return name + (page.role.guestMode ? "1" : "0")
    }.joined(separator: " ")
  }

  @Test func shadowPaging() throws {
    var test = TestMachine("intel-shadow")
    let names: [UInt64: String] = [0x1000: "X", 0x2000: "Y"]
    let enter = VCPUOperation.enterL2(vpid: 1, l2: RegisterValues(cr3: 0x2000))
    let invvpid = VCPUOperation.invvpid(type: 2, vpid: 0, gva: 0)
    let steps: [(operations: [VCPUOperation], slots: String)] = [
      ([.enterGuest], "X0 - - -"), ([enter], "Y1 X0 - -"), ([.nestedExit(reason: nil)], "X0 Y1 - -"),
      ([enter], "Y1 X0 - -"), ([.nestedExit(reason: nil), invvpid], "X0 - - -"), ([enter], "Y1 X0 - -"),
    ]
    for (index, step) in steps.enumerated() {
      for operation in step.operations { #expect(try test.run(operation, enter: true).outcome == .ok) }
      #expect(Self.text(test.vcpu.rootMMU, test.vm, names) == step.slots, "step \(index)")
      if index == 4 { #expect(test.vcpu.rootMMU.previousRoots[0].pgd == 0x2000) }
    }
  }

  @Test func twoDimensionalPagingWithoutNestedPaging() throws {
    for preset in ["intel-ept", "amd-npt"] {
      var test = TestMachine(preset)
      if preset == "amd-npt" { try test.run(.efer(0x1d01)) }
      let enter = VCPUOperation.enterL2(
        vpid: preset == "amd-npt" ? 0 : 1, l2: RegisterValues(cr3: 0x2000))
      let steps: [(operation: VCPUOperation, slots: String, role: UInt32)] = [
        (.enterGuest, "T0 - - -", 0x3784), (enter, "T1 T0 - -", 0x2_3784),
        (.nestedExit(reason: nil), "T0 T1 - -", 0x3784), (enter, "T1 T0 - -", 0x2_3784),
      ]
      for (index, step) in steps.enumerated() {
        #expect(try test.run(step.operation, enter: true).outcome == .ok)
        #expect(Self.text(test.vcpu.rootMMU, test.vm, [:]) == step.slots, "\(preset), step \(index)")
        #expect(test.vcpu.rootMMU.mmuRole.rawValue == step.role, "\(preset), step \(index)")
        #expect(test.vcpu.mmu == .root && test.vcpu.walkMMU == .root)
      }
    }
  }

  @Test func nestedPaging() throws {
    var test = TestMachine("intel-ept")
    let names: [UInt64: String] = [0x1_005e: "E"]
    let enter = VCPUOperation.enterL2(paging: true, pgd: 0x1_005e, vpid: 1, l2: RegisterValues(cr3: 0x2000))
    let invept = VCPUOperation.invept(type: 2, eptp: EPTPointer(rawValue: 0))
    typealias Step = (operations: [VCPUOperation], root: String, guest: String, mmu: MMUName)
    let steps: [Step] = [
      ([.enterGuest], "T0 - - -", "- - - -", .root), ([enter], "T0 - - -", "E1 - - -", .guest),
      ([.nestedExit(reason: nil)], "T0 - - -", "E1 - - -", .root),
      ([enter], "T0 - - -", "E1 - - -", .guest),
      ([.nestedExit(reason: nil), invept], "T0 - - -", "- - - -", .root),
      ([enter, .cr4(0x20_0020)], "- - - -", "E1 - - -", .guest),
      ([.nestedExit(reason: nil)], "T0 - - -", "E1 - - -", .root),
    ]
    for (index, step) in steps.enumerated() {
      for operation in step.operations { #expect(try test.run(operation, enter: true).outcome == .ok) }
      #expect(Self.text(test.vcpu.rootMMU, test.vm, names) == step.root, "step \(index)")
      #expect(Self.text(test.vcpu.guestMMU, test.vm, names) == step.guest, "step \(index)")
      #expect(test.vcpu.mmu == step.mmu)
      #expect(test.vcpu.walkMMU == (step.mmu == .guest ? .nested : .root))
      if index == 4 { #expect(test.vcpu.guestMMU.root.pgd == 0) }
    }
  }

  /// MOV CR3 in L2 with nested paging looks for L2's CR3 in guest_mmu, which rotates its cache.
  @Test func movCR3InL2RotatesTheNestedCache() throws {
    for (preset, pgd) in [("intel-ept", 0x1_005e), ("amd-npt", 0x1_0000)] as [(String, UInt64)] {
      var test = TestMachine(preset)
      if preset == "amd-npt" { try test.run(.efer(0x1d01)) }
      try test.run(.enterL2(paging: true, pgd: pgd), enter: true)
      let root = test.mmu.root
      let result = try test.run(.cr3(0x5000))
      #expect(result.lookups.last?.mmu == .guest && result.lookups.last?.hit == nil)
      #expect(test.mmu.previousRoots[0] == root && test.mmu.root.hpa == nil)
      try test.run(.enterGuest)
      #expect(test.mmu.root == root, "the same page shadows the same table")
      #expect(test.vm.shadowPages.last?.rootCount == 2)
    }
  }
}
