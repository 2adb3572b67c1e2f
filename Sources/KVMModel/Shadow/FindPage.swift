extension VirtualMachine {
  /// Finds or makes the shadow page of a root and counts the reference (`mmu_alloc_root`).
  mutating func allocateRoot(
    _ name: MMUName, frame: GuestFrameNumber, quadrant: Int, level: Int
  ) -> HostPhysicalAddress {
    var role = vcpu[name].mmuRole
    role.level = level
    role.quadrant = quadrant
    let hpa = shadowPage(frame, role)
    pages.addReference(1, to: hpa)
    return hpa
  }

  /// Finds or makes a shadow page (`kvm_mmu_get_shadow_page`).
  private mutating func shadowPage(_ frame: GuestFrameNumber, _ role: PageRole) -> HostPhysicalAddress {
    if let page = pages.candidates(frame).first(where: { $0.role == role && !isObsolete($0) }) {
      say("kvm_mmu_find_shadow_page", effect: .foundPage(hpa: page.hpa, frame: frame, role: role)) { _ in
        "A shadow page for frame \(hex: frame.rawValue) with role \(hex: role.rawValue) exists at "
          + "\(hex: page.hpa.rawValue) and serves again."
      }
      return page.hpa
    }
    let page = pages.allocate(frame: frame, role: role, isTDPMMU: false, validGeneration: validGeneration)
    say("kvm_mmu_alloc_shadow_page", effect: .createdPage(hpa: page.hpa, frame: frame, role: role)) { _ in
      "No shadow page for frame \(hex: frame.rawValue) has role \(hex: role.rawValue), so one is made at "
        + "\(hex: page.hpa.rawValue)."
    }
    return page.hpa
  }
}
