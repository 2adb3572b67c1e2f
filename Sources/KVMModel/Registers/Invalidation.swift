extension VirtualMachine {
  /// INVLPG (`kvm_mmu_invlpg`, `kvm_mmu_invalidate_gva`).
  mutating func invlpg(_ gva: UInt64) throws(Refused) {
    let name = vcpu.walkMMU
    enter("kvm_mmu_invlpg") { _ in "The translation of \(hex: gva) is to go from \(name.rawValue)." }
    defer { leave() }
    try invalidateGVA(name, gva, root: nil)
  }

  /// Drops what is held for an address of an MMU: in the hardware, and in shadow pages that are out of date
  /// (`kvm_mmu_invalidate_gva`).
  ///
  /// - Parameter root: the root to look below; `nil` for the current one and every previous one.
  mutating func invalidateGVA(_ name: MMUName, _ gva: UInt64, root: HostPhysicalAddress?) throws(Refused) {
    if name != .guest {
      guard isCanonical(gva) else {
        say("kvm_mmu_invalidate_gva") { _ in "The address is not canonical, so nothing happens." }
        return
      }
      flushGVA(gva)
    }
    guard vcpu[name].pageFault?.hasInvlpg == true else {
      say("kvm_mmu_invalidate_gva") { _ in "\(name.rawValue) shadows no guest tables: the flush is all." }
      return
    }
    let previous = vcpu[name].previousRoots.map(\.hpa)
    try invalidateShadow(name, root.map { [$0] } ?? [vcpu[name].root.hpa] + previous, gva)
  }

  /// INVPCID (`kvm_handle_invpcid`).
  mutating func invpcid(type: UInt64, pcid: UInt64, gva: UInt64) throws(Refused) {
    let function = "kvm_handle_invpcid"
    let enabled = vcpu.registers.cr4.contains(.pcide)
    enter("kvm_handle_invpcid") { _ in "INVPCID of type \(type) for PCID \(pcid)." }
    defer { leave() }
    let rules: [(refused: Bool, reason: String)] = [
      (pcid >> 12 != 0, "bits 63:12 of the PCID in the descriptor are not 0"),
      (type > 3, "type \(type) is none of 0 to 3"),
      (type < 2 && !enabled && pcid != 0, "the PCID is not 0 while CR4.PCIDE is 0"),
      (type == 0 && !isCanonical(gva), "the address is not canonical"),
    ]
    if let rule = rules.first(where: \.refused) { throw .generalProtection(function, rule.reason) }
    switch type {
    case 0: try invpcidGVA(gva, pcid: pcid)
    case 1: invalidatePCID(pcid)
    default: raise(.tlbFlushGuest, "all of the guest's translations are invalidated")
    }
  }

  private mutating func invpcidGVA(_ gva: UInt64, pcid: UInt64) throws(Refused) {
    let name = vcpu.mmu
    let mmu = vcpu[name]
    let enabled = vcpu.registers.cr4.contains(.pcide)
    enter("kvm_mmu_invpcid_gva") { _ in
      "In \(name.rawValue) the translation of \(hex: gva) goes from the roots of PCID \(pcid)."
    }
    defer { leave() }
    let previous = mmu.previousRoots.filter { $0.hpa != nil && (enabled ? $0.pgd & 0xfff : 0) == pcid }
    let isActive = pcid == vcpu.registers.activePCID
    if mmu.pageFault?.hasInvlpg == true {
      try invalidateShadow(name, (isActive ? [mmu.root.hpa] : []) + previous.map(\.hpa), gva)
    }
    if isActive || !previous.isEmpty { flushGVA(gva) }
  }

  /// Drops the translation of an address from the shadow pages under some roots (`kvm_mmu.invlpg`).
  mutating func invalidateShadow(
    _ name: MMUName, _ roots: [HostPhysicalAddress?], _ gva: UInt64
  ) throws(Refused) {
    for case let root? in roots {
      if vcpu[name].usesPAERoots && root != vcpu[name].root.hpa {
        say("shadow_walk_init_using_root", effect: .quirk) { _ in
          "Known quirk: PAE roots are loaded and a previous root is valid. The kernel runs into a BUG_ON here."
        }
        throw Refused(
          outcome: .internalError(
            Refusal(
              function: "shadow_walk_init_using_root",
              reason: "the kernel has a BUG_ON for a previous root while PAE roots are loaded")))
      }
      invalidate(name, root, gva)
    }
  }

  /// Drops an address's entry below one root, if it is in a page that is out of date, and makes it anew from the guest's
  /// (`FNAME(invlpg)`).
  private mutating func invalidate(_ name: MMUName, _ root: HostPhysicalAddress, _ gva: UInt64) {
    let functions = (vcpu[name].walkFormat ?? .nonpaging).functions
    forgetMMIO(gva)
    guard var walk = shadowWalk(name, from: root, gva) else { return }
    while walk.level > 1, pages[walk.table]?.unsyncChildren.isEmpty == false, pages[walk.place].isPresent {
      walk.descend(by: pages[walk.place])
    }
    guard walk.level == 1, let page = pages[walk.table], page.isUnsync,
      let table = GuestTable(page, of: vcpu[name])
    else {
      say(functions.invlpg) { _ in
        "Below the root at \(hex: root.rawValue) the address has no entry in a page that is out of date, so none is "
          + "dropped."
      }
      return
    }
    let place = walk.place
    let old = pages[place]
    enter(functions.invlpg) { _ in
      "The page at \(hex: page.hpa.rawValue) is out of date: its entry \(place.index), \(hex: old.rawValue), is dropped."
    }
    dropSPTE(place)
    if old.isPresent { raiseOnAll(.tlbFlush, "a processor may still hold the entry") }
    if let guest = entryValue(at: table.address(of: place.index), bytes: table.format.bytes) {
      let isMade = prefetch(place, guest, table)
      say(functions.prefetchGPTE) { _ in
        "The guest's entry, \(hex: guest), "
          + (isMade ? "makes a new one at once." : "can't be used yet, so the next access makes a new one.")
      }
    }
    leave()
  }

  /// INVLPGA (`invlpga_interception`): the ASID plays no part.
  mutating func invlpga(_ gva: UInt64) throws(Refused) {
    enter("invlpga_interception") { _ in "INVLPGA acts as INVLPG; KVM ignores the ASID." }
    defer { leave() }
    try checkSVMPermission("nested_svm_check_permissions")
    try invlpg(vcpu.registers.efer.contains(.lma) ? gva : gva & 0xffff_ffff)
  }
}
