import KVMModel
import Testing

struct DecodedRoleTests {
  static func decode(_ value: UInt64, as role: RoleName, _ kernel: String) throws -> DecodedRole {
    try RoleLayouts(of: KernelRelease(kernel)).decode(value, as: role)
  }

  static func field(_ name: String, _ part: RolePart = .base, of role: DecodedRole) throws
    -> DecodedRole.Field
  {
    let part = try #require(role.parts.first { $0.part == part })
    return try #require(part.fields.first { $0.name == name }, "\(name)")
  }

  /// The fields that are not zero, as `name` for 1 and `name=number` else.
  static func nonzero(_ part: DecodedRole.Part?) -> String {
    (part?.fields ?? []).filter { $0.value != 0 }
      .map { field in
        if case .access(let text) = field.rendered { return "access=\(text)" }
        return field.value == 1 ? field.name : "\(field.name)=\(field.value)"
      }
      .joined(separator: " ")
  }

  @Test func vcpuRolesOfTheReference() throws {
    let expected: [(UInt64, base: String, ext: String)] = [
      (0x0000_0001_0000_0780, "direct access=wux", "valid"),
      (0x0000_0005_0000_2712, "level=2 has_4_byte_gpte access=wux cr0_wp", "valid cr4_pse"),
      (0x0000_0001_0000_2712, "level=2 has_4_byte_gpte access=wux cr0_wp", "valid"),
      (0x0000_0001_0000_3703, "level=3 access=wux efer_nx cr0_wp", "valid"),
      (0x0000_0081_0000_3704, "level=4 access=wux efer_nx cr0_wp", "valid efer_lma"),
      (0x0000_00b1_0000_3704, "level=4 access=wux efer_nx cr0_wp", "valid cr4_smap cr4_smep efer_lma"),
      (
        0x0000_00b1_0000_d704, "level=4 access=wux efer_nx smep_andnot_wp smap_andnot_wp",
        "valid cr4_smap cr4_smep efer_lma"
      ),
      (
        0x0000_00bd_0000_3704, "level=4 access=wux efer_nx cr0_wp",
        "valid cr4_pse cr4_pke cr4_smap cr4_smep efer_lma"
      ),
      (0x0000_00c1_0000_3705, "level=5 access=wux efer_nx cr0_wp", "valid cr4_la57 efer_lma"),
      (0x0000_0081_0002_3704, "level=4 access=wux efer_nx cr0_wp guest_mode", "valid efer_lma"),
      (0x0000_0081_0100_3704, "level=4 access=wux efer_nx cr0_wp smm", "valid efer_lma"),
      (
        0x0000_00b1_0002_d704, "level=4 access=wux efer_nx smep_andnot_wp smap_andnot_wp guest_mode",
        "valid cr4_smap cr4_smep efer_lma"
      ),
      (0x0000_0081_0002_1704, "level=4 access=wux efer_nx guest_mode", "valid efer_lma"),
      (0x0000_0001_0002_1703, "level=3 access=wux efer_nx guest_mode", "valid"),
      (0x0000_0005_0002_1712, "level=2 has_4_byte_gpte access=wux efer_nx guest_mode", "valid cr4_pse"),
      (0x0000_00c1_0002_1705, "level=5 access=wux efer_nx guest_mode", "valid cr4_la57 efer_lma"),
      (0x0000_0003_0002_0704, "level=4 access=wux guest_mode", "valid execonly"),
      (0x0000_0001_0003_0705, "level=5 access=wux ad_disabled guest_mode", "valid"),
    ]
    for (value, base, ext) in expected {
      let role = try Self.decode(value, as: .vcpuRole, "6.1")
      let shown = String(value, radix: 16)
      #expect(
        role.parts.map(\.part) == [.base, .ext] && role.parts.map(\.layout.id) == ["P9", "E6"], "\(shown)")
      #expect(Self.nonzero(role.parts.first) == base, "\(shown)")
      #expect(Self.nonzero(role.parts.last) == ext, "\(shown)")
      #expect(role.unnamedBits == 0 && role.value == value, "\(shown)")
      #expect(role.union == .cpuRole && role.member == "cpu_role" && role.confidence == .high, "\(shown)")
    }
  }

  @Test func mmuRolesOfTheReference() throws {
    let expected: [(UInt64, String)] = [
      (0x3784, "level=4 direct access=wux efer_nx cr0_wp"),
      (0x3785, "level=5 direct access=wux efer_nx cr0_wp"),
      (0x13784, "level=4 direct access=wux efer_nx cr0_wp ad_disabled"),
      (0x23784, "level=4 direct access=wux efer_nx cr0_wp guest_mode"),
      (0x100_3784, "level=4 direct access=wux efer_nx cr0_wp smm"),
      (0x1783, "level=3 direct access=wux efer_nx"),
      (0x3713, "level=3 has_4_byte_gpte access=wux efer_nx cr0_wp"),
      (0x3703, "level=3 access=wux efer_nx cr0_wp"), (0x3704, "level=4 access=wux efer_nx cr0_wp"),
      (0xd704, "level=4 access=wux efer_nx smep_andnot_wp smap_andnot_wp"),
      (0x23704, "level=4 access=wux efer_nx cr0_wp guest_mode"),
      (0x21704, "level=4 access=wux efer_nx guest_mode"),
      (0x61705, "level=5 access=wux efer_nx guest_mode passthrough"),
      (0x21705, "level=5 access=wux efer_nx guest_mode"),
    ]
    for (value, fields) in expected {
      let role = try Self.decode(value, as: .mmuRole, "6.1")
      #expect(
        role.parts.count == 1 && Self.nonzero(role.parts.first) == fields, "\(String(value, radix: 16))")
      #expect(role.union == .pageRole && role.member == "root_role")
    }
  }

  @Test func fieldTellsItsBitsAndForm() throws {
    let role = try Self.decode(0x0000_0081_0100_3364, as: .vcpuRole, "6.1")
    let access = try Self.field("access", of: role)
    #expect(access.bits == 8...10 && access.value == 3 && access.rendered == .access("w-x"))
    let quadrant = try Self.field("quadrant", of: role)
    #expect(quadrant.bits == 5...6 && quadrant.rendered == .number(3))
    #expect(try Self.field("cr0_wp", of: role).rendered == .flag(true))
    #expect(try Self.field("smm", of: role).rendered == .number(1))
    let longMode = try Self.field("efer_lma", .ext, of: role)
    #expect(longMode.bits == 39...39 && longMode.rendered == .flag(true))
  }

  @Test func unnamedBitsAreTold() throws {
    let role = try Self.decode(0x0000_0181_00f8_3704, as: .vcpuRole, "6.1")
    #expect(role.parts.map(\.unnamedBits) == [0x00f8_0000, 0x100])
    #expect(role.unnamedBits == 0x0000_0100_00f8_0000)
  }

  @Test func refusesWhatIsNoRole() throws {
    #expect(throws: RoleLayoutError.tooWide(.mmuRole)) { try Self.decode(0x1_0000_0000, as: .mmuRole, "6.1") }
    #expect(throws: Never.self) { try Self.decode(0xffff_ffff, as: .mmuRole, "6.1") }
    #expect(throws: Never.self) { try Self.decode(.max, as: .vcpuRole, "6.1") }
    for kernel in ["3.1", "4.19", "4.19.300"] {
      #expect(throws: RoleLayoutError.noVCPURole(try KernelRelease(kernel))) {
        try Self.decode(0, as: .vcpuRole, kernel)
      }
      #expect(throws: Never.self) { try Self.decode(0, as: .mmuRole, kernel) }
    }
    #expect(RoleLayoutError.noVCPURole(try KernelRelease("4.19")).description.contains("4.20"))
  }

  @Test func bit4HasThreeMeanings() throws {
    for (kernel, name, eightBytes) in [
      ("5.0", "cr4_pae", true), ("5.1", "gpte_is_8_bytes", true), ("5.16", "gpte_is_8_bytes", true),
      ("5.17", "has_4_byte_gpte", false), ("7.2", "has_4_byte_gpte", false),
    ] {
      let field = try Self.field(name, of: Self.decode(0x10, as: .mmuRole, kernel))
      #expect(field.bits == 4...4 && field.rendered == .flag(true), "\(kernel)")
      #expect(field.meaning.contains(eightBytes ? "8 bytes" : "4 bytes"), "\(kernel)")
      let clear = try Self.field(name, of: Self.decode(0, as: .mmuRole, kernel))
      #expect(clear.meaning.contains(eightBytes ? "4 bytes" : "8 bytes"), "\(kernel)")
    }
  }

  @Test func accessIsWidenedAndRecodedIn7_2() throws {
    let word: UInt64 = 0x700
    #expect(try Self.field("access", of: Self.decode(word, as: .mmuRole, "7.1")).rendered == .access("wux"))
    for kernel in ["7.2", "7.0.14-pve"] {
      let access = try Self.field("access", of: Self.decode(word, as: .mmuRole, kernel))
      #expect(access.rendered == .access("rwu-") && access.bits == 8...11, "\(kernel)")
    }
    for (name, before, after) in [
      ("invalid", 11, 12), ("efer_nx", 12, 13), ("cr0_wp", 13, 14), ("ad_disabled", 16, 16),
    ] {
      #expect(try Self.field(name, of: Self.decode(0, as: .mmuRole, "7.1")).bits == before...before)
      #expect(try Self.field(name, of: Self.decode(0, as: .mmuRole, "7.2")).bits == after...after)
    }
  }

  @Test func directAndAccessMovedIn4_2() throws {
    for (kernel, direct, access) in [("3.1", 13, 14), ("4.1", 13, 14), ("4.2", 7, 8), ("6.1", 7, 8)] {
      let role = try Self.decode(0, as: .mmuRole, kernel)
      #expect(try Self.field("direct", of: role).bits == direct...direct, "\(kernel)")
      #expect(try Self.field("access", of: role).bits.lowerBound == access, "\(kernel)")
    }
  }

  @Test func stableBranchesReadTheSameWordOtherwise() throws {
    let word: UInt64 = 1 << 40
    for (before, after) in [("5.10.47", "5.10.48"), ("5.12.14", "5.12.15"), ("5.13.0", "5.13.1")] {
      #expect(
        Self.nonzero(try Self.decode(word, as: .vcpuRole, before).parts.last) == "maxphyaddr", "\(before)")
      #expect(Self.nonzero(try Self.decode(word, as: .vcpuRole, after).parts.last) == "cr4_la57", "\(after)")
    }
  }

  @Test func confidenceIsTheLeastOfAll() throws {
    #expect(try Self.decode(0, as: .mmuRole, "4.1").confidence == .low)
    #expect(try Self.decode(0, as: .mmuRole, "5.2").confidence == .high)
    #expect(try Self.decode(0, as: .vcpuRole, "5.2").confidence == .medium)
    #expect(try Self.decode(0, as: .mmuRole, "7.2").confidence == .mediumHigh)
    #expect(try Self.decode(0, as: .mmuRole, "99.0").confidence == .low)
  }

  @Test func differenceNamesFieldsAndUnnamedBits() throws {
    let one = try Self.decode(0x0000_00b1_0000_3704, as: .vcpuRole, "6.1")
    let other = try Self.decode(0x0000_0091_0008_d504, as: .vcpuRole, "6.1")
    let difference = RoleDifference(from: one, to: other)
    #expect(
      difference.fields.map { "\($0.part).\($0.from.name) \($0.from.value) \($0.to.value)" } == [
        "base.access 7 5", "base.cr0_wp 1 0", "base.smep_andnot_wp 0 1", "base.smap_andnot_wp 0 1",
        "ext.cr4_smep 1 0",
      ])
    #expect(difference.unnamedBits == 0x8_0000)
    let none = RoleDifference(from: one, to: one)
    #expect(none.fields.isEmpty && none.unnamedBits == 0)
  }
}
