@testable import KVMModel
import Testing

@Suite struct ChangePathTests {
  @Test func stepsStandBetweenDots() {
    let role = ChangePath().then(.element(.vcpus, 63)).then(.name(.rootMMU)).then(.name(.vcpuRole))
    #expect(role.description == "vcpus[63].root_mmu.vcpu_role")
    for (index, field) in RoleLayout.pageRole6_1.fields.enumerated() {
      let path = role.then(.name(.base)).then(.field(.pageRole, UInt8(index)))
      #expect(path.description == "vcpus[63].root_mmu.vcpu_role.base.\(field.name)")
    }
    for (index, field) in RoleLayout.extendedRole6_1.fields.enumerated() {
      let path = ChangePath().then(.field(.extendedRole, UInt8(index)))
      #expect(path.description == field.name)
    }
  }

  /// Documents give a path this room and take its bytes as they are.
  @Test func theLongestPathFits() {
    let path = ChangePath().then(.element(.vcpus, .max)).then(.name(.nestedMMU)).then(.name(.shadowZeroBits))
      .then(.element(.smallPageMasks, .max))
    #expect(path.description == "vcpus[255].nested_mmu.shadow_zero_check.rsvd_bits_mask[0][255]")
    #expect(path.description.utf8.count <= ChangePath.maximumLength)
  }

  /// The deepest change there is, on a vCPU that the operation is not on, and a list in it.
  @Test func changesOfAnotherVCPUBeginWithItsPlace() throws {
    var machine = try #require(Preset.named("intel-shadow")).machine
    machine.vcpus = 2
    var vm = VirtualMachine(machine: machine)
    let zap = try vm.apply(.machine(.zapAll))
    #expect(zap.changes.map(\.path.description) == ["vcpus[0].requests", "vcpus[1].requests"])
    let write = try vm.apply(.vcpu(1, .setCR(.cr0, .bits(set: 0, clear: CR0.wp.rawValue)), enterGuest: false))
    let paths = write.changes.map(\.path.description)
    #expect(paths.first == "registers.cr0" && paths.contains("root_mmu.vcpu_role.base.cr0_wp"), "\(paths)")
  }
}
