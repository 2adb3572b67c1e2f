extension VirtualMachine {
  /// Drops every root of root_mmu and guest_mmu (`kvm_mmu_unload`).
  mutating func unload(_ why: String) {
    enter("kvm_mmu_unload") { _ in "Every root of root_mmu and guest_mmu is let go: \(why)." }
    freeRoots(.root, .all)
    freeRoots(.guest, .all)
    forgetMMIO()
    leave()
  }

  /// Drops some of an MMU's roots (`kvm_mmu_free_roots`).
  ///
  /// A previous root that is dropped keeps its pgd. If nothing in the set is valid, nothing changes at all.
  mutating func freeRoots(_ name: MMUName, _ slots: RootSlots) {
    let valid = slots.intersection(RootSlots(validOf: vcpu[name].root, vcpu[name].previousRoots))
    guard !valid.isEmpty else {
      say("kvm_mmu_free_roots") { _ in
        "No valid root of \(name.rawValue) is among those to free, so nothing changes."
      }
      return
    }
    enter("kvm_mmu_free_roots") { _ in
      "\(name.rawValue) frees \(valid)."
    }
    defer { leave() }
    var zapped: [HostPhysicalAddress] = []
    for index in vcpu[name].previousRoots.indices where valid.contains(previous: index) {
      if let hpa = vcpu[name].previousRoots[index].hpa {
        releaseRoot(hpa, name, .previous(index), &zapped)
      }
      vcpu[name].previousRoots[index].hpa = nil
    }
    if valid.contains(.current), let hpa = vcpu[name].root.hpa {
      if pages.role(hpa) != nil {
        releaseRoot(hpa, name, .current, &zapped)
      } else {
        releasePAERoots(name, &zapped)
      }
      vcpu[name].root = .unloaded
    }
    commitZap(zapped)
  }

  private mutating func releasePAERoots(_ name: MMUName, _ zapped: inout [HostPhysicalAddress]) {
    guard let table = vcpu[name].paeRoot else { return }
    for index in 0..<4 where table.entries[index] != 0 {
      let hpa = HostPhysicalAddress(rawValue: table.entries[index] & bits(12, 51))
      releaseRoot(hpa, name, .current, &zapped)
    }
    vcpu[name].paeRoot?.entries = SIMD4()
  }

  /// Drops one reference to a root's shadow page (`mmu_free_root_page`). A page that was zapped and has no other is freed.
  private mutating func releaseRoot(
    _ hpa: HostPhysicalAddress, _ name: MMUName, _ slot: RootSlot, _ zapped: inout [HostPhysicalAddress]
  ) {
    guard let index = pages.index(hpa) else { return }
    let left = pages.addReference(-1, to: hpa)
    let isTDPMMU = pages.inOrder[index].isTDPMMU
    let ends = left == 0 && (isTDPMMU || pages.inOrder[index].role.invalid)
    transcript.result.rootsFreed += 1
    say("mmu_free_root_page", effect: .freedRoot(name, slot: slot, hpa: hpa)) { _ in
      "The root at \(hex: hpa.rawValue) (\(slot.name)) is let go; "
        + (ends
          ? "nobody else uses it and it was zapped, so it is freed."
          : left == 0
            ? "nobody uses it now, but it was not zapped: it lives on and can be found again."
            : "\(left) reference\(left == 1 ? "" : "s") to it remain.")
    }
    if ends && isTDPMMU { pages.free([hpa]) }
    if ends && !isTDPMMU { _ = prepareZap(hpa, &zapped) }
  }

  /// Frees previous roots of root_mmu that were built for L2 (`kvm_mmu_free_guest_mode_roots`).
  mutating func freeGuestModeRoots() {
    enter("kvm_mmu_free_guest_mode_roots") { _ in "Previous roots of root_mmu that were built for L2 go." }
    let slots = vcpu.rootMMU.previousRoots.indices.filter { index in
      guard let hpa = vcpu.rootMMU.previousRoots[index].hpa else { return false }
      return pages.role(hpa)?.guestMode ?? true
    }
    freeRoots(.root, RootSlots(previous: slots))
    leave()
  }

  /// Serves MMU_FREE_OBSOLETE_ROOTS (`kvm_mmu_free_obsolete_roots`): roots that were zapped, and roots without a
  /// shadow page.
  mutating func freeObsoleteRoots() {
    enter("kvm_mmu_free_obsolete_roots") { _ in "Roots that were zapped while in use are let go." }
    for name in [MMUName.root, .guest] {
      let mmu = vcpu[name]
      var slots = RootSlots(
        previous: mmu.previousRoots.indices.filter { isObsoleteRoot(mmu.previousRoots[$0].hpa) })
      if isObsoleteRoot(mmu.root.hpa) { slots.insert(.current) }
      freeRoots(name, slots)
    }
    leave()
  }

  private func isObsoleteRoot(_ hpa: HostPhysicalAddress?) -> Bool {
    guard let hpa else { return false }
    guard let index = pages.index(hpa) else { return true }
    return isObsolete(pages.inOrder[index])
  }
}
