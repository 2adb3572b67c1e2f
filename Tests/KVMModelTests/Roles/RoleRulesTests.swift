@testable import KVMModel
import Testing

/// Roles computed by the kernel's own functions for registers that matter.
@Suite struct RoleRulesTests {
  private typealias Row = (
    name: String, cr0: UInt64, cr4: UInt64, efer: UInt64, smm: Bool, guestMode: Bool, role: UInt64
  )

  @Test func vcpuRoleOfRegisters() {
    let rows: [Row] = [
      ("reset, paging off", 0x6000_0010, 0, 0, false, false, 0x1_0000_0780),
      ("32-bit, PSE, WP", 0x8001_0001, 0x10, 0, false, false, 0x5_0000_2712),
      ("32-bit, no PSE, WP", 0x8001_0001, 0, 0, false, false, 0x1_0000_2712),
      ("PAE, NX, WP", 0x8001_0001, 0x20, 0x800, false, false, 0x1_0000_3703),
      ("4-level, NX, WP", 0x8001_0001, 0x20, 0xd01, false, false, 0x81_0000_3704),
      ("4-level, SMEP, SMAP", 0x8001_0001, 0x30_0020, 0xd01, false, false, 0xb1_0000_3704),
      ("4-level, !WP, SMEP, SMAP", 0x8000_0001, 0x30_0020, 0xd01, false, false, 0xb1_0000_d704),
      ("4-level, PSE, SMEP, SMAP, PKE", 0x8001_0001, 0x70_0030, 0xd01, false, false, 0xbd_0000_3704),
      ("5-level, NX, WP", 0x8001_0001, 0x1020, 0xd01, false, false, 0xc1_0000_3705),
      ("4-level in L2", 0x8001_0001, 0x20, 0xd01, false, true, 0x81_0002_3704),
      ("4-level in SMM", 0x8001_0001, 0x20, 0xd01, true, false, 0x81_0100_3704),
      ("paging off drops every other bit", 0x1_0001, 0x70_1030, 0xd01, true, true, 0x1_0102_0780),
    ]
    for row in rows {
      let role = VCPURole(
        cr0: CR0(rawValue: row.cr0), cr4: CR4(rawValue: row.cr4), efer: EFER(rawValue: row.efer),
        smm: row.smm, guestMode: row.guestMode)
      #expect(role.rawValue == row.role, "\(row.name)")
    }
  }

  @Test func vcpuRoleOfNestedTables() {
    let npt: [(cr4: UInt64, efer: UInt64, role: UInt64)] = [
      (0x30_0020, 0x1d01, 0xb1_0002_d704), (0x20, 0x1d01, 0x81_0002_1704), (0x20, 0x1800, 0x1_0002_1703),
      (0x10, 0x1800, 0x5_0002_1712), (0x1020, 0x1d01, 0xc1_0002_1705),
      (0x40_0020, 0x1d01, 0x81_0002_1704),
    ]
    for row in npt {
      let role = VCPURole(
        nestedNPTOfCR4: CR4(rawValue: row.cr4), efer: EFER(rawValue: row.efer), smm: false)
      #expect(role.rawValue == row.role, "nNPT, CR4 \(hex(row.cr4)), EFER \(hex(row.efer))")
    }
    for (eptp, executeOnly, role) in [
      (0x105e, true, 0x3_0002_0704), (0x1026, false, 0x1_0003_0705),
    ] as [(UInt64, Bool, UInt64)] {
      #expect(VCPURole(eptp: EPTPointer(rawValue: eptp), executeOnly: executeOnly).rawValue == role)
    }
  }

  @Test func mmuRoleOfTwoDimensionalPaging() {
    let rows: [(smm: Bool, guestMode: Bool, level: Int, accessedDirty: Bool, role: UInt32)] = [
      (false, false, 4, true, 0x3784), (false, false, 5, true, 0x3785), (false, false, 4, false, 0x1_3784),
      (false, true, 4, true, 0x2_3784), (true, false, 4, true, 0x100_3784),
    ]
    for row in rows {
      for cr0 in [0x6000_0010, 0x8001_0001, 0x8000_0001] as [UInt64] {
        let guest = VCPURole(
          cr0: CR0(rawValue: cr0), cr4: [.pae, .smep], efer: [.lma], smm: row.smm, guestMode: row.guestMode)
        let role = PageRole(tdpFor: guest, level: row.level, accessedDirty: row.accessedDirty)
        #expect(role.rawValue == row.role, "\(row), CR0 \(hex(cr0))")
      }
    }
  }

  @Test func mmuRoleOfShadowPaging() {
    let rows: [(name: String, guest: UInt64, role: UInt32)] = [
      ("paging off", 0x1_0000_0780, 0x1783), ("32-bit", 0x5_0000_2712, 0x3713),
      ("PAE without NX", 0x1_0000_2703, 0x3703), ("4-level with NX", 0x81_0000_3704, 0x3704),
      ("4-level without NX", 0x81_0000_2704, 0x3704), ("!WP, SMEP, SMAP", 0xb1_0000_d704, 0xd704),
      ("L2", 0x81_0002_3704, 0x2_3704),
    ]
    for row in rows {
      #expect(PageRole(shadowOf: VCPURole(rawValue: row.guest)).rawValue == row.role, "\(row.name)")
    }
  }

  /// A 4-level L1 on a 5-level host gets a passthrough root; no-execute is not forced.
  @Test func mmuRoleOfNestedNPT() {
    let rows: [(name: String, guest: UInt64, level: Int, role: UInt32)] = [
      ("4-level, host 4", 0x81_0002_1704, 4, 0x2_1704), ("4-level, host 5", 0x81_0002_1704, 5, 0x6_1705),
      ("PAE, host 4", 0x1_0002_1703, 4, 0x2_1704), ("PAE, host 5", 0x1_0002_1703, 5, 0x2_1705),
      ("5-level, host 5", 0xc1_0002_1705, 5, 0x2_1705), ("no NX", 0x81_0002_0704, 4, 0x2_0704),
    ]
    for row in rows {
      let role = PageRole(nestedNPTOf: VCPURole(rawValue: row.guest), level: row.level)
      #expect(role.rawValue == row.role, "\(row.name)")
    }
  }

  @Test func eptPointersThatKVMAccepts() {
    var plain = NestedCapabilities()
    plain.ept5Level = false
    plain.eptAD = false
    var full = plain
    full.ept5Level = true
    full.eptAD = true
    let reserved = bits(40, 63)
    let rows: [(eptp: UInt64, capabilities: NestedCapabilities, valid: Bool)] = [
      (0x101e, plain, true), (0x1018, plain, false), (0x1019, plain, false), (0x101f, plain, false),
      (0x1026, plain, false), (0x1026, full, true), (0x1016, full, false), (0x102e, full, false),
      (0x103e, full, false), (0x1006, full, false), (0x109e, full, false), (0x181e, full, false),
      (0x105e, plain, false), (0x105e, full, true), (0x1066, full, true),
      (0xff_ffff_f01e, plain, true), (0x100_0000_001e, plain, false), (1 << 63 | 0x101e, plain, false),
    ]
    for row in rows {
      let problem = EPTPointer(rawValue: row.eptp).problem(
        capabilities: row.capabilities, reservedAddressBits: reserved)
      #expect((problem == nil) == row.valid, "\(hex(row.eptp)): \(problem ?? "accepted")")
    }
  }
}
