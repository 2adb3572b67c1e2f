@testable import KVMModel
import Testing

/// Which write to a register frees which roots, computes roles anew and raises which request.
@Suite struct RegisterEventTests {
  private enum Freed { case none, all, some([UInt64]) }

  private struct Row {
    var name: String
    var preset: String
    var boot = Boot.longMode
    var setup: [VCPUOperation] = []
    var event: VCPUOperation
    var freed: Freed
    var roles: Bool
    var requests: Requests = []
  }

  private static let pcide: UInt64 = 0x2_0020
  private static let keep: UInt64 = 1 << 63
  /// Roots for 0x1000, 0x2000 and 0x3000, the last one current.
  private static let three: [VCPUOperation] = [.cr3(0x2000), .cr3(0x3000)]
  /// The same with PCIDs 0, 2 and 3.
  private static let threePCIDs: [VCPUOperation] = [.cr4(pcide), .cr3(0x2002), .cr3(0x3003)]

  private static let rows: [Row] = [
    Row(name: "CR0.WP, TDP", preset: "intel-ept", event: .cr0(0x8004_0033), freed: .none, roles: true),
    Row(
      name: "CR0.WP and AM, TDP", preset: "intel-ept", event: .cr0(0x8000_0033), freed: .all, roles: true),
    Row(
      name: "CR0.WP, shadow", preset: "intel-shadow", setup: three, event: .cr0(0x8004_0033), freed: .all,
      roles: true),
    Row(
      name: "CR0.WP with paging off, shadow", preset: "intel-shadow", boot: .protected,
      event: .cr0(0x1_0011), freed: .all, roles: true),
    Row(
      name: "CR0.TS", preset: "intel-shadow", setup: three, event: .cr0(0x8005_003b), freed: .none,
      roles: false),
    Row(
      name: "CR0.PG set", preset: "amd-shadow", boot: .protected, event: .cr0(0x8000_0011), freed: .all,
      roles: true),
    Row(
      name: "CR0.PG cleared", preset: "amd-npt", boot: .thirtyTwoBit, event: .cr0(0x11), freed: .all,
      roles: true, requests: .tlbFlushGuest),
    Row(
      name: "CR4.SMAP", preset: "intel-shadow", setup: three, event: .cr4(0x20_0020), freed: .all,
      roles: true),
    Row(
      name: "CR4.SMEP set", preset: "intel-shadow", setup: three, event: .cr4(0x10_0020), freed: .all,
      roles: true, requests: .tlbFlushCurrent),
    Row(
      name: "CR4.SMEP cleared", preset: "intel-ept", setup: [.cr4(0x10_0020)], event: .cr4(0x20),
      freed: .all, roles: true),
    Row(
      name: "CR4.SMEP set and PGE", preset: "intel-ept", event: .cr4(0x10_00a0), freed: .all, roles: true,
      requests: .tlbFlushGuest),
    Row(
      name: "CR4.PAE set", preset: "intel-shadow", boot: .thirtyTwoBit, event: .cr4(0x30), freed: .all,
      roles: true, requests: [.tlbFlushCurrent, .loadMMUPGD]),
    Row(
      name: "CR4.PGE", preset: "intel-shadow", setup: three, event: .cr4(0xa0), freed: .none, roles: false,
      requests: .tlbFlushGuest),
    Row(
      name: "CR4.PCIDE set, shadow", preset: "intel-shadow", event: .cr4(pcide), freed: .all, roles: false),
    Row(name: "CR4.PCIDE set, TDP", preset: "intel-ept", event: .cr4(pcide), freed: .none, roles: false),
    Row(
      name: "CR4.PCIDE cleared, shadow", preset: "intel-shadow", setup: threePCIDs, event: .cr4(0x20),
      freed: .none, roles: false, requests: .tlbFlushGuest),
    Row(
      name: "EFER.NX, shadow", preset: "intel-shadow", setup: three, event: .efer(0x501), freed: .all,
      roles: true),
    Row(
      name: "EFER.LME with paging off", preset: "amd-npt", boot: .protected, event: .efer(0x100),
      freed: .all, roles: true),
    Row(name: "EFER.SCE", preset: "intel-shadow", event: .efer(0xd00), freed: .none, roles: false),
    Row(
      name: "CR3 to a new value, shadow", preset: "intel-shadow", event: .cr3(0x2000), freed: .none,
      roles: false, requests: [.mmuSync, .tlbFlushCurrent]),
    Row(
      name: "CR3 to a kept root, shadow", preset: "intel-shadow", setup: three, event: .cr3(0x1000),
      freed: .none, roles: false, requests: [.mmuSync, .tlbFlushCurrent, .loadMMUPGD]),
    Row(
      name: "CR3 to a fifth value, shadow", preset: "intel-shadow", setup: three + [.cr3(0x4000)],
      event: .cr3(0x5000), freed: .some([0x1000]), roles: false, requests: [.mmuSync, .tlbFlushCurrent]),
    Row(
      name: "CR3 to its own value, shadow", preset: "intel-shadow", setup: three, event: .cr3(0x3000),
      freed: .none, roles: false, requests: [.mmuSync, .tlbFlushCurrent]),
    Row(
      name: "CR3, PCIDE, NOFLUSH, shadow", preset: "intel-shadow", setup: threePCIDs,
      event: .cr3(keep | 0x2002), freed: .none, roles: false, requests: .loadMMUPGD),
    Row(
      name: "CR3, PCIDE, new table of a known PCID, shadow", preset: "intel-shadow", setup: threePCIDs,
      event: .cr3(0x4002), freed: .some([0x2002]), roles: false, requests: [.mmuSync, .tlbFlushCurrent]),
    Row(
      name: "CR3, PCIDE, other table of the current PCID, shadow", preset: "intel-shadow",
      setup: threePCIDs, event: .cr3(0x4003), freed: .some([0x3003]), roles: false,
      requests: [.mmuSync, .tlbFlushCurrent]),
    Row(
      name: "CR3, TDP", preset: "intel-ept", event: .cr3(0x2000), freed: .none, roles: false,
      requests: [.loadMMUPGD, .tlbFlushGuest]),
    Row(
      name: "CR3, PCIDE, NOFLUSH, TDP", preset: "amd-npt", setup: [.cr4(pcide)],
      event: .cr3(keep | 0x2000), freed: .none, roles: false, requests: .loadMMUPGD),
    Row(
      name: "CR3 to its own value, TDP", preset: "amd-npt", event: .cr3(0x1000), freed: .none,
      roles: false, requests: .tlbFlushGuest),
    Row(name: "SMI", preset: "intel-shadow", setup: three, event: .smmEnter, freed: .all, roles: true),
    Row(name: "RSM", preset: "amd-npt", setup: [.smmEnter], event: .smmLeave, freed: .all, roles: true),
    Row(
      name: "SREGS with a change", preset: "intel-ept", event: .setSregs(RegisterValues(cr0: 0x8005_0013)),
      freed: .all, roles: true),
    Row(
      name: "SREGS without a change", preset: "intel-ept", event: .setSregs(RegisterValues(cr3: 0x1000)),
      freed: .none, roles: false),
    Row(
      name: "SREGS without a change, PAE", preset: "intel-ept", boot: .pae,
      event: .setSregs(RegisterValues()), freed: .all, roles: true, requests: .loadMMUPGD),
    Row(
      name: "CPUID", preset: "intel-shadow", setup: three, event: .setCPUID(CPUIDChange()), freed: .all,
      roles: true),
    Row(
      name: "INVPCID of the active PCID", preset: "intel-shadow", setup: threePCIDs,
      event: .invpcid(type: 1, pcid: 3, gva: 0), freed: .none, roles: false,
      requests: [.mmuSync, .tlbFlushCurrent]),
    Row(
      name: "INVPCID of another PCID", preset: "intel-shadow", setup: threePCIDs,
      event: .invpcid(type: 1, pcid: 2, gva: 0), freed: .some([0x2002]), roles: false),
    Row(
      name: "INVPCID of everything", preset: "intel-shadow", setup: threePCIDs,
      event: .invpcid(type: 2, pcid: 0, gva: 0), freed: .none, roles: false, requests: .tlbFlushGuest),
    Row(
      name: "INVPCID of a PCID, TDP", preset: "intel-ept", event: .invpcid(type: 1, pcid: 0, gva: 0),
      freed: .none, roles: false, requests: .tlbFlushGuest),
  ]

  @Test func whatEachEventFreesComputesAndRaises() throws {
    for row in Self.rows {
      var test = TestMachine(row.preset, boot: row.boot)
      for operation in row.setup {
        #expect(try test.run(operation, enter: true).outcome == .ok, "\(row.name)")
      }
      #expect(test.vcpu.requests.isEmpty)
      let before = Self.held(test.vcpu.rootMMU)
      let result = try test.run(row.event)
      #expect(result.outcome == .ok, "\(row.name)")
      let after = Self.held(test.vcpu.rootMMU)
      switch row.freed {
      case .none: #expect(after == before, "\(row.name)")
      case .all: #expect(after.isEmpty && !before.isEmpty, "\(row.name)")
      case .some(let pgds): #expect(after == before.subtracting(pgds), "\(row.name)")
      }
      #expect(
        result.narration.contains { $0.function == "kvm_init_mmu" } == row.roles, "\(row.name): roles")
      #expect(test.vcpu.requests == row.requests, "\(row.name): \(test.vcpu.requests.names)")
    }
  }

  /// The pgds of the valid roots.
  private static func held(_ mmu: MMU) -> Set<UInt64> {
    Set(([mmu.root] + mmu.previousRoots).filter { $0.hpa != nil }.map(\.pgd))
  }

  /// Unloading frees guest_mmu's roots as well, even while L1 runs.
  @Test func aResetContextFreesTheRootsOfBothMMUs() throws {
    var test = TestMachine("intel-ept")
    try test.run(.enterL2(paging: true, pgd: 0x1005e, vpid: 1), enter: true)
    try test.run(.nestedExit(reason: nil), enter: true)
    #expect(test.vcpu.guestMMU.root.hpa != nil)
    try test.run(.cr4(0x20_0020))
    #expect(test.vcpu.guestMMU.root == .unloaded && test.vcpu.rootMMU.root == .unloaded)
  }
}
