import KVMModel
import Testing

/// Roles and metadata against what the kernel's own functions computed.
@Suite struct RoleVectorTests {
  @Test func everyRoleAgrees() throws {
    let records = try Vector.records("roles")
    for (index, record) in records.enumerated() {
      let machine = record["config"].machine()
      let registers = record.registerValues()
      let role = VCPURole(
        cr0: CR0(rawValue: registers.cr0 ?? 0), cr4: CR4(rawValue: registers.cr4 ?? 0),
        efer: EFER(rawValue: registers.efer ?? 0), smm: record["smm"].flag,
        guestMode: record["guest_mode"].flag)
      #expect(role.rawValue == record["cpu_role"].number, "record \(index)")
      let tdp = MMU.forRootTDP(machine: machine, cpuid: machine.cpuid, role: role)
      if machine.tdp {
        #expect(UInt64(tdp.mmuRole.rawValue) == record["tdp_root_role"].number, "record \(index)")
      }
      let shadow = MMU.forRootShadow(machine: machine, cpuid: machine.cpuid, role: role)
      expectGuestPart(shadow, record, index)
      expectShadowPart(shadow, record["shadow"], index)
      if machine.vendor == .amd && machine.tdp && role.base.level > 0 {
        let npt = MMU.forNestedNPT(
          machine: machine, cpuid: machine.cpuid,
          role: VCPURole(
            nestedNPTOfCR4: CR4(rawValue: registers.cr4 ?? 0), efer: EFER(rawValue: registers.efer ?? 0),
            smm: record["smm"].flag))
        expectGuestPart(npt, record["npt"], index)
        expectShadowPart(npt, record["npt"], index)
      }
    }
    #expect(records.count == 2000)
  }

  @Test func everyEPTPointerAgrees() throws {
    let records = try Vector.records("ept_roles")
    var valid = 0
    for (index, record) in records.enumerated() {
      let machine = record["config"].machine()
      let eptp = EPTPointer(rawValue: record["eptp"].number)
      let capabilities = machine.nestedCapabilities
      let problem = eptp.problem(
        capabilities: capabilities, reservedAddressBits: machine.cpuid.reservedAddressBits)
      #expect((problem == nil) == record["valid"].flag, "record \(index): \(problem ?? "accepted")")
      guard problem == nil else { continue }
      valid += 1
      #expect(capabilities.eptExecuteOnly == record["execonly"].flag, "record \(index)")
      #expect(capabilities.hugePageLevel == record["huge_page_level"].int, "record \(index)")
      #expect(eptp.accessedDirty == record["ad"].flag, "record \(index)")
      let mmu = MMU.forNestedEPT(machine: machine, cpuid: machine.cpuid, eptp: eptp)
      expectGuestPart(mmu, record, index)
      expectShadowPart(mmu, record, index)
    }
    #expect(records.count == 200)
    #expect(valid > 50)
  }

  private func expectGuestPart(_ mmu: MMU, _ want: Vector, _ index: Int) {
    #expect(mmu.vcpuRole.rawValue == want["cpu_role"].number, "record \(index)")
    let level = mmu.vcpuRole.base.level
    guard level > 0 else { return }
    #expect(mmu.permissions.text == StateText.permissionsText(want), "record \(index)")
    #expect(UInt64(mmu.pkruMask) == want["pkru_mask"].number, "record \(index)")
    let check = mmu.guestReservedBits
    #expect(
      StateText.consulted(level) { $1 ? check.largePage[$0] : check.smallPage[$0] }
        == StateText.consulted(level) { want["rsvd"][$1 ? 1 : 0][$0 - 1].number }, "record \(index)")
    #expect(check.badMemoryTypeXWR == want["bad_mt_xwr"].number, "record \(index)")
  }

  private func expectShadowPart(_ mmu: MMU, _ want: Vector, _ index: Int) {
    #expect(UInt64(mmu.mmuRole.rawValue) == want["root_role"].number, "record \(index)")
    let check = mmu.shadowZeroBits
    #expect(
      StateText.consulted(mmu.mmuRole.level) { $1 ? check.largePage[$0] : check.smallPage[$0] }
        == StateText.consulted(mmu.mmuRole.level) { want["shadow_zero"][$1 ? 1 : 0][$0 - 1].number },
      "record \(index)")
    #expect(check.badMemoryTypeXWR == want["shadow_bad_mt_xwr"].number, "record \(index)")
  }
}
