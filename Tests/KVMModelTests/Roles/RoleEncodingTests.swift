import KVMModel
import Testing

struct RoleEncodingTests {
  /// SplitMix64, so that every run tries the same words.
  struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
      return z ^ z >> 31
    }
  }

  static func encode(_ assignments: [RoleAssignment], as role: RoleName, _ kernel: String) throws -> UInt64 {
    try RoleLayouts(of: KernelRelease(kernel)).encode(assignments, as: role)
  }

  static func errors(
    _ assignments: [RoleAssignment], as role: RoleName, _ kernel: String
  ) throws -> [RoleAssignmentError] {
    do {
      _ = try Self.encode(assignments, as: role, kernel)
      return []
    } catch RoleEncodingError.assignments(let errors) {
      return errors
    }
  }

  @Test func decodingWhatWasEncodedGivesTheFieldsBack() throws {
    var random = Seeded(state: 42)
    for kernels in KnownKernels.all {
      for role in RoleName.allCases {
        guard let parts = try? kernels.layouts.parts(of: role) else { continue }
        for _ in 0..<200 {
          let word = UInt64.random(in: 0...UInt64.max, using: &random) >> UInt64(64 - role.width)
          let decoded = try kernels.layouts.decode(word, as: role)
          var rendered: [RoleAssignment] = []
          var numbers: [RoleAssignment] = []
          for part in decoded.parts {
            for field in part.fields {
              rendered.append(RoleAssignment(field.name, field.rendered, in: part.part))
              numbers.append(RoleAssignment(field.name, .number(field.value), in: part.part))
            }
          }
          let named = parts.enumerated().reduce(UInt64(0)) {
            $0 | $1.element.layout.namedBits << UInt64(32 * $1.offset)
          }
          #expect(word & named | decoded.unnamedBits == word)
          #expect(try kernels.layouts.encode(rendered.shuffled(using: &random), as: role) == word & named)
          #expect(try kernels.layouts.encode(numbers, as: role) == word & named)
        }
      }
    }
  }

  @Test func encodesRolesOfTheReference() throws {
    let tdp = try Self.encode(
      [
        RoleAssignment("level", .number(4)), RoleAssignment("direct", .flag(true)),
        RoleAssignment("access", .access("wux")), RoleAssignment("efer_nx", .number(1)),
        RoleAssignment("cr0_wp", .flag(true)),
      ], as: .mmuRole, "6.1")
    #expect(tdp == 0x3784)
    let ept = try Self.encode(
      [
        RoleAssignment("level", .number(4)), RoleAssignment("access", .number(7)),
        RoleAssignment("guest_mode", .flag(true)), RoleAssignment("valid", .flag(true), in: .ext),
        RoleAssignment("execonly", .flag(true), in: .ext),
      ], as: .vcpuRole, "6.1")
    #expect(ept == 0x0000_0003_0002_0704)
    #expect(try Self.encode([], as: .vcpuRole, "6.1") == 0)
  }

  @Test func accessTakesTheKernelsOwnLetters() throws {
    let four = [RoleAssignment("access", .access("r--x"))]
    #expect(try Self.encode(four, as: .mmuRole, "7.2") == 0x900)
    #expect(try Self.errors(four, as: .mmuRole, "7.1").count == 1)
    let three = [RoleAssignment("access", .access("w-x"))]
    #expect(try Self.encode(three, as: .mmuRole, "7.1") == 0x300)
    #expect(try Self.errors(three, as: .mmuRole, "7.2").count == 1)
  }

  @Test func everyWrongAssignmentIsToldAtOnce() throws {
    let errors = try Self.errors(
      [
        RoleAssignment("level", .number(16)), RoleAssignment("cr4_pae", .flag(true)),
        RoleAssignment("cr0_wp", .number(2)), RoleAssignment("direct", .flag(true)),
        RoleAssignment("direct", .flag(false)), RoleAssignment("access", .access("xuw")),
        RoleAssignment("efer_nx", .access("wux")), RoleAssignment("smm", .number(.max)),
        RoleAssignment("quadrant", .flag(true)), RoleAssignment("valid", .flag(true), in: .ext),
        RoleAssignment("", .number(0)),
      ], as: .mmuRole, "6.1")
    #expect(errors.map(\.index) == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10])
    #expect(errors[0].reason == .outOfRange(maximum: 15))
    #expect(errors[1].description.contains("has_4_byte_gpte"))
    #expect(errors[2].reason == .outOfRange(maximum: 1))
    #expect(errors[3].reason == .assignedTwice)
    #expect(errors[4].description.contains("wux"))
    #expect(errors[6].reason == .outOfRange(maximum: 255))
    #expect(errors[8].reason == .unknownField(layout: nil, names: []))
    #expect(errors.allSatisfy { $0.description.isEmpty == false })
  }

  @Test func kernelsWithoutTheRoleAreRefused() throws {
    let release = try KernelRelease("4.19")
    #expect(throws: RoleEncodingError.layout(.noVCPURole(release))) {
      try Self.encode([], as: .vcpuRole, "4.19")
    }
  }
}
