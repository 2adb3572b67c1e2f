@testable import KVMModel

/// What holds of every machine between operations, whatever was done to it.
enum Invariants {
  /// A sentence for each invariant that is broken.
  static func broken(_ machine: VirtualMachine) -> [String] {
    machine.vcpus.flatMap { broken($0, machine) } + brokenReferences(machine)
  }

  private static func broken(_ vcpu: VCPU, _ machine: VirtualMachine) -> [String] {
    let nestedPaging = vcpu.nested?.usesNestedPaging ?? false
    let rules: [(holds: Bool, sentence: String)] = [
      (vcpu.guestMode == (vcpu.nested != nil), "guest mode and the nested guest go together"),
      (vcpu.mmu == (nestedPaging ? .guest : .root), "mmu points to guest_mmu just with nested paging"),
      (
        vcpu.walkMMU == (nestedPaging ? .nested : .root),
        "walk_mmu points to nested_mmu just with nested paging"
      ),
      (
        vcpu.nestedMMU.root == .unloaded && vcpu.nestedMMU.mmuRole.rawValue == 0,
        "nested_mmu has no root or role"
      ),
      (vcpu[vcpu.mmu].vcpuRole.ext.contains(.valid), "the MMU in use has a valid role"),
      (vcpu[vcpu.walkMMU].vcpuRole.ext.contains(.valid), "the MMU that walks has a valid role"),
      (!nestedPaging || machine.machine.tdp, "nested paging needs two-dimensional paging"),
      (vcpu.rootMMU.mmuRole.direct || !machine.machine.tdp, "root_mmu is direct with two-dimensional paging"),
      (!vcpu.guestMMU.mmuRole.direct, "guest_mmu is never direct"),
      (vcpu.registers.efer.contains(.lme) || !vcpu.registers.efer.contains(.lma), "LMA implies LME"),
    ]
    return rules.filter { !$0.holds }.map { "vCPU \(vcpu.id): \($0.sentence)" }
      + [MMUName.root, .guest].flatMap { brokenRoots(vcpu[$0], $0, machine) }
  }

  private static func brokenRoots(_ mmu: MMU, _ name: MMUName, _ machine: VirtualMachine) -> [String] {
    var sentences: [String] = []
    for root in mmu.previousRoots {
      if let hpa = root.hpa, machine.shadowPage(at: hpa) == nil {
        sentences.append("\(name.rawValue): a previous root at \(hex(hpa.rawValue)) has no shadow page")
      }
    }
    if let hpa = mmu.root.hpa, machine.shadowPage(at: hpa) == nil, !isSpecial(hpa, mmu) {
      sentences.append(
        "\(name.rawValue): the root at \(hex(hpa.rawValue)) is neither a shadow page nor special")
    }
    if mmu.root.hpa.map({ !isSpecial($0, mmu) }) ?? true, let table = mmu.paeRoot, table.entries != SIMD4() {
      sentences.append("\(name.rawValue): pae_root holds entries while it is not in use")
    }
    return sentences
  }

  private static func isSpecial(_ hpa: HostPhysicalAddress, _ mmu: MMU) -> Bool {
    hpa == mmu.paeRoot?.hpa || hpa == mmu.pml4Root?.hpa || hpa == mmu.pml5Root?.hpa
  }

  /// root_count of every page equals the references that slots hold, plus the TDP MMU's own.
  private static func brokenReferences(_ machine: VirtualMachine) -> [String] {
    var held: [HostPhysicalAddress: Int] = [:]
    for vcpu in machine.vcpus {
      for mmu in [vcpu.rootMMU, vcpu.guestMMU] {
        for root in [mmu.root] + mmu.previousRoots { if let hpa = root.hpa { held[hpa, default: 0] += 1 } }
        for index in 0..<4 {
          guard let entry = mmu.paeRoot?.entries[index], entry != 0 else { continue }
          held[HostPhysicalAddress(rawValue: entry & ~0xfff), default: 0] += 1
        }
      }
    }
    return machine.shadowPages.compactMap { page in
      let own = page.isTDPMMU && page.parents.isEmpty && !page.role.invalid ? 1 : 0
      let expected = held[page.hpa, default: 0] + own
      if page.role.invalid && expected == 0 {
        return "\(hex(page.hpa.rawValue)) is invalid and unused, yet lives"
      }
      return page.rootCount == expected
        ? nil : "\(hex(page.hpa.rawValue)) has root_count \(page.rootCount), slots hold \(expected)"
    }
  }
}
