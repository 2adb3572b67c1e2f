@testable import KVMModel

/// A state as lines of text, the same from a vector and from the model, so that a difference shows where it is.
enum StateText {
  static func lines(_ machine: VirtualMachine) -> [String] {
    let vcpu = machine.vcpus[0]
    var lines = [
      "cr0 \(hex(vcpu.registers.cr0.rawValue))", "cr3 \(hex(vcpu.registers.cr3))",
      "cr4 \(hex(vcpu.registers.cr4.rawValue))", "efer \(hex(vcpu.registers.efer.rawValue))",
      "cs_l \(vcpu.registers.codeSegmentLong)", "smm \(vcpu.smm)", "guest_mode \(vcpu.guestMode)",
      "mmu \(vcpu.mmu.rawValue)", "walk_mmu \(vcpu.walkMMU.rawValue)", "gen \(machine.validGeneration)",
      "requests \(vcpu.requests.names)",
    ]
    for name in MMUName.allCases { lines += mmu(name, vcpu[name]) }
    for page in machine.shadowPages {
      lines.append(
        "page \(hex(page.hpa.rawValue)) gfn \(hex(page.frame.rawValue)) role \(hex(page.role.rawValue)) root_count "
          + "\(page.rootCount) invalid \(page.role.invalid) tdp \(page.isTDPMMU) gen \(page.validGeneration)")
    }
    return lines
  }

  static func lines(_ state: Vector) -> [String] {
    var lines = ["cr0", "cr3", "cr4", "efer"].map { "\($0) \(hex(state[$0].number))" }
    lines += ["cs_l", "smm", "guest_mode"].map { "\($0) \(state[$0].flag)" }
    lines += ["mmu", "walk_mmu"].map { "\($0) \(state[$0].text)" }
    lines += ["gen \(state["gen"].number)", "requests \(state["requests"].array.map(\.text))"]
    for name in MMUName.allCases { lines += mmu(name, state[name.rawValue]) }
    for page in state["pages"].array {
      lines.append(
        "page \(hex(page["hpa"].number)) gfn \(hex(page["gfn"].number)) role \(hex(page["role"].number)) root_count "
          + "\(page["root_count"].number) invalid \(page["invalid"].flag) tdp \(page["tdp_mmu"].flag) gen "
          + "\(page["gen"].number)")
    }
    return lines
  }

  private static func mmu(_ name: MMUName, _ mmu: MMU) -> [String] {
    let level = mmu.vcpuRole.base.level
    var lines = [
      "vcpu_role \(hex(mmu.vcpuRole.rawValue))", "mmu_role \(hex(mmu.mmuRole.rawValue))",
      "permissions \(mmu.permissions.text)", "pkru_mask \(hex(mmu.pkruMask))",
      "pdptrs \((0..<4).map { hex(mmu.pdptrs[$0]) })",
      "rsvd \(consulted(level) { $1 ? mmu.guestReservedBits.largePage[$0] : mmu.guestReservedBits.smallPage[$0] })",
      "bad_mt_xwr \(hex(mmu.guestReservedBits.badMemoryTypeXWR))",
    ]
    if name != .nested {
      lines += ([mmu.root] + mmu.previousRoots).map {
        "root \(hex($0.hpa?.rawValue ?? invalidPage)) pgd \(hex($0.pgd))"
      }
      let zero = mmu.shadowZeroBits
      lines.append(
        "shadow_zero \(consulted(mmu.mmuRole.level) { $1 ? zero.largePage[$0] : zero.smallPage[$0] }) "
          + hex(zero.badMemoryTypeXWR))
      let pae = mmu.paeRoot.map { table in
        "\(hex(table.hpa.rawValue)) \((0..<4).map { hex(table.entries[$0]) })"
      }
      lines.append("pae_root \(pae ?? "-")")
      for special in [mmu.pml4Root, mmu.pml5Root] {
        lines.append("special \(special.map { "\(hex($0.hpa.rawValue)) \(hex($0.entry))" } ?? "-")")
      }
    }
    return lines.map { "\(name.rawValue) \($0)" }
  }

  private static func mmu(_ name: MMUName, _ mmu: Vector) -> [String] {
    let role = VCPURole(rawValue: mmu["cpu_role"].number)
    var lines = [
      "vcpu_role \(hex(role.rawValue))", "mmu_role \(hex(mmu["root_role"].number))",
      "permissions \(permissionsText(mmu))", "pkru_mask \(hex(mmu["pkru_mask"].number))",
      "pdptrs \(mmu["pdptrs"].array.map { hex($0.number) })",
      "rsvd \(consulted(role.base.level) { mmu["rsvd"][$1 ? 1 : 0][$0 - 1].number })",
      "bad_mt_xwr \(hex(mmu["bad_mt_xwr"].number))",
    ]
    if name != .nested {
      lines += ([mmu["root"]] + mmu["prev_roots"].array).map {
        "root \(hex($0["hpa"].number)) pgd \(hex($0["pgd"].number))"
      }
      let level = PageRole(rawValue: UInt32(mmu["root_role"].number)).level
      lines.append(
        "shadow_zero \(consulted(level) { mmu["shadow_zero"][$1 ? 1 : 0][$0 - 1].number }) "
          + hex(mmu["shadow_bad_mt_xwr"].number))
      let pae = mmu["pae_root"]
      lines.append(
        "pae_root \(pae.exists ? "\(hex(pae["hpa"].number)) \(pae["e"].array.map { hex($0.number) })" : "-")")
      for key in ["pml4_root", "pml5_root"] {
        let special = mmu[key]
        lines.append(
          "special \(special.exists ? "\(hex(special["hpa"].number)) \(hex(special["e0"].number))" : "-")")
      }
    }
    return lines.map { "\(name.rawValue) \($0)" }
  }

  static func permissionsText(_ mmu: Vector) -> String {
    mmu["permissions"].array.map { ($0.number < 16 ? "0" : "") + String($0.number, radix: 16) }.joined()
  }

  /// The masks that KVM consults: those of the levels in use.
  static func consulted(_ top: Int, _ mask: (_ level: Int, _ large: Bool) -> UInt64) -> [String] {
    guard top > 0 else { return [] }
    return [false, true].flatMap { large in
      (1...top).filter { !(large && top == 3 && $0 == 3) }.map { hex(mask($0, large)) }
    }
  }
}
