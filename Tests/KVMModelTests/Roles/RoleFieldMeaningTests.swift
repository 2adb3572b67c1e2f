import Testing

@testable import KVMModel

struct RoleFieldMeaningTests {
  @Test func everyFieldOfEveryKernelHasAMeaning() throws {
    for kernels in KnownKernels.all {
      for role in RoleName.allCases {
        for value in [0, 0x5555_5555, UInt64(UInt32.max)] {
          let wide = role == .vcpuRole ? value << 32 | value : value
          guard let decoded = try? kernels.layouts.decode(wide, as: role) else { continue }
          for field in decoded.parts.flatMap(\.fields) {
            #expect(field.meaning != "\(field.name) is \(field.value)", "\(kernels.since) \(field.name)")
            #expect(!field.meaning.isEmpty)
          }
        }
      }
    }
  }

  @Test func everyRowIsUsedByALayout() {
    let fields = Set(RoleLayout.all.flatMap { $0.fields.map(\.name) })
    #expect(RoleFieldMeaning.knownNames.isSubset(of: fields))
  }

  @Test func flagsMeanTwoThings() throws {
    for kernels in KnownKernels.all {
      let off = try kernels.layouts.decode(0, as: .mmuRole)
      let on = try kernels.layouts.decode(UInt64(UInt32.max), as: .mmuRole)
      for (off, on) in zip(off.parts[0].fields, on.parts[0].fields) {
        #expect(off.meaning != on.meaning, "\(kernels.since) \(off.name)")
      }
    }
  }

  @Test func userBitMeansReadableInEPT() throws {
    let old = try meaning("access", 0x400, .mmuRole, "7.1")
    #expect(old == "user; in EPT tables: readable")
    let new = try meaning("access", 0x400, .mmuRole, "7.2")
    #expect(new == "user; in EPT tables: executable in user mode")
    #expect(try meaning("access", 0x100, .mmuRole, "7.2") == "readable; in EPT tables: readable")
    #expect(try meaning("access", 0, .mmuRole, "6.1") == "nothing is allowed")
  }

  @Test func tdpRootsFollowTheGuestUntil5_18() throws {
    for name in ["efer_nx", "cr0_wp"] {
      #expect(try meaning(name, 0x3000, .mmuRole, "5.18").contains("follows the guest"))
      #expect(try meaning(name, 0x3000, .mmuRole, "5.19").contains("always"))
      #expect(try meaning(name, 0x3000, .vcpuRole, "5.19").contains("the guest's"))
    }
    #expect(try meaning("nxe", 0x1000, .mmuRole, "5.13").contains("follows the guest"))
  }

  @Test func levelDependsOnWhatTheWordDescribes() throws {
    #expect(try meaning("level", 2, .mmuRole, "6.1").contains("PD"))
    #expect(try meaning("level", 2, .vcpuRole, "6.1").contains("32-bit paging"))
    #expect(try meaning("level", 2, .vcpuRole, "5.18").contains("PD"))
    #expect(try meaning("level", 0, .vcpuRole, "feb2022-v1").contains("paging is off"))
    #expect(try meaning("level", 9, .mmuRole, "6.1") == "no table has such a level")
    #expect(try meaning("direct", 0x780, .vcpuRole, "6.1").contains("paging is off"))
    #expect(try meaning("direct", 0x780, .mmuRole, "6.1").contains("linear range"))
    #expect(try meaning("smm", 0x200_0000, .mmuRole, "6.1").contains("no such address space"))
  }

  private func meaning(_ name: String, _ value: UInt64, _ role: RoleName, _ kernel: String) throws -> String {
    let decoded = try RoleLayouts(of: KernelRelease(kernel)).decode(value, as: role)
    return try #require(decoded.parts[0].fields.first { $0.name == name }).meaning
  }
}
