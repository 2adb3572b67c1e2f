/// Why no root could be loaded.
enum LoadFailure: Error {
  /// A table lies outside memory; TRIPLE_FAULT was raised, and the vCPU tries again (`kvm_mmu_load` returns 1).
  case outsideMemory
  /// The bound on shadow pages is reached and every page is a root (-ENOSPC).
  case noPages
}

extension VirtualMachine {
  /// Makes sure that the MMU in use has a root (`kvm_mmu_reload`).
  mutating func reload() throws(LoadFailure) {
    if activeMMU.root.hpa != nil { return }
    let name = vcpu.mmu
    enter("kvm_mmu_load") { machine in
      "\(name.rawValue) has no valid root, so one is found or built for mmu_role "
        + "\(hex: machine.activeMMU.mmuRole.rawValue)."
    }
    defer { leave() }
    allocateSpecialRoots(name)
    if vcpu[name].mmuRole.direct {
      try allocateDirectRoots(name)
    } else {
      try allocateShadowRoots(name)
    }
    syncRoots()
    loadPGD()
    flushCurrent()
  }

  /// Makes the pages in front of PAE roots for a nested guest of fewer levels (`mmu_alloc_special_roots`).
  private mutating func allocateSpecialRoots(_ name: MMUName) {
    let role = vcpu[name].mmuRole
    guard !role.direct, vcpu[name].vcpuRole.base.level < 4, role.level >= 4 else { return }
    guard vcpu[name].pml4Root == nil else { return }
    vcpu[name].paeRoot = PAERootTable(hpa: takeSpecialRoot())
    vcpu[name].pml4Root = SpecialRoot(hpa: takeSpecialRoot())
    if role.level == 5 { vcpu[name].pml5Root = SpecialRoot(hpa: takeSpecialRoot()) }
    say("mmu_alloc_special_roots") { _ in
      "L1's nested tables have fewer levels than the hardware walks, so pages are made that lead to its PAE roots."
    }
  }

  private mutating func takeSpecialRoot() -> HostPhysicalAddress {
    defer { nextSpecialRoot.rawValue += 0x1000 }
    return nextSpecialRoot
  }

  /// Loads a root that maps physical addresses linearly (`mmu_alloc_direct_roots`).
  private mutating func allocateDirectRoots(_ name: MMUName) throws(LoadFailure) {
    let role = vcpu[name].mmuRole
    enter("mmu_alloc_direct_roots") { _ in "The root is direct: no guest table stands behind it." }
    defer { leave() }
    let hpa: HostPhysicalAddress
    if machine.usesTDPMMU {
      hpa = tdpRoot(role)
    } else {
      try makePagesAvailable()
      if role.level >= 4 {
        hpa = allocateRoot(name, frame: GuestFrameNumber(rawValue: 0), quadrant: 0, level: role.level)
      } else {
        var table = vcpu[name].paeRoot ?? PAERootTable(hpa: takeSpecialRoot())
        for index in 0..<4 {
          let frame = GuestFrameNumber(rawValue: UInt64(index) << 18)
          table.entries[index] = allocateRoot(name, frame: frame, quadrant: 0, level: 2).rawValue | 1
        }
        vcpu[name].paeRoot = table
        hpa = table.hpa
      }
    }
    setRoot(name, hpa, pgd: 0, in: "mmu_alloc_direct_roots")
  }

  /// Finds or makes a root of the TDP MMU (`kvm_tdp_mmu_get_vcpu_root_hpa`): vCPUs with the same role share it.
  private mutating func tdpRoot(_ role: PageRole) -> HostPhysicalAddress {
    if let hpa = pages.tdpRoots.first(where: { pages[$0]?.role == role }) {
      let count = pages.addReference(1, to: hpa)
      say(
        "kvm_tdp_mmu_get_vcpu_root_hpa",
        effect: .foundPage(hpa: hpa, frame: GuestFrameNumber(rawValue: 0), role: role)
      ) { _ in
        "The TDP MMU has a root of this role at \(hex: hpa.rawValue); it now has \(count) references, the TDP MMU's "
          + "own included."
      }
      return hpa
    }
    let page = pages.allocate(
      frame: GuestFrameNumber(rawValue: 0), role: role, isTDPMMU: true, validGeneration: 0)
    pages.addTDPRoot(page.hpa)
    transcript.result.pagesCreated += 1
    trace { .getPage(TracedPage(page), isNew: true) }
    pages.addReference(2, to: page.hpa)
    say(
      "kvm_tdp_mmu_get_vcpu_root_hpa", effect: .createdPage(hpa: page.hpa, frame: page.frame, role: role)
    ) { _ in
      "The TDP MMU has no root of this role and makes one at \(hex: page.hpa.rawValue), with a reference of its own."
    }
    return page.hpa
  }

  /// Loads a root that shadows the guest's tables (`mmu_alloc_shadow_roots`).
  private mutating func allocateShadowRoots(_ name: MMUName) throws(LoadFailure) {
    let pgd = guestPGD(name)
    let frame = GuestPhysicalAddress(rawValue: pgd).frame
    let guestLevel = vcpu[name].vcpuRole.base.level
    let role = vcpu[name].mmuRole
    enter("mmu_alloc_shadow_roots") { _ in
      "The root shadows the guest's \(guestLevel)-level tables at \(hex: pgd) (frame \(hex: frame.rawValue))."
    }
    defer { leave() }
    try checkRoot(frame)
    if guestLevel >= 4 {
      try makePagesAvailable()
      let hpa = allocateRoot(name, frame: frame, quadrant: 0, level: role.level)
      setRoot(name, hpa, pgd: pgd, in: "mmu_alloc_shadow_roots")
      return
    }
    var tables = [GuestFrameNumber?](repeating: frame, count: 4)
    if guestLevel == 3 {
      for index in 0..<4 {
        let entry = pdptr(name, index)
        tables[index] = entry & 1 == 0 ? nil : GuestPhysicalAddress(rawValue: entry).frame
        if let table = tables[index] { try checkRoot(table) }
      }
    }
    try makePagesAvailable()
    var table = vcpu[name].paeRoot ?? PAERootTable(hpa: takeSpecialRoot())
    let leading: UInt64 = role.level >= 4 ? 0x27 : 1
    for index in 0..<4 {
      guard let frame = tables[index] else {
        table.entries[index] = 0
        say("mmu_alloc_shadow_roots") { _ in
          "PDPTE \(index) is not present, so PAE root \(index) stays empty."
        }
        continue
      }
      let page = allocateRoot(name, frame: frame, quadrant: guestLevel == 2 ? index : 0, level: 2)
      table.entries[index] = page.rawValue | leading
    }
    vcpu[name].paeRoot = table
    setRoot(
      name, linkSpecialRoots(name, to: table.hpa, leading), pgd: pgd, in: "mmu_alloc_shadow_roots")
  }

  /// Puts the special roots in front of PAE roots and gives the one that the hardware starts from.
  private mutating func linkSpecialRoots(
    _ name: MMUName, to paeRoot: HostPhysicalAddress, _ leading: UInt64
  ) -> HostPhysicalAddress {
    var top = paeRoot
    let level = vcpu[name].mmuRole.level
    if level >= 4, let pml4 = vcpu[name].pml4Root {
      vcpu[name].pml4Root?.entry = top.rawValue | leading
      top = pml4.hpa
    }
    if level == 5, let pml5 = vcpu[name].pml5Root {
      vcpu[name].pml5Root?.entry = top.rawValue | leading
      top = pml5.hpa
    }
    return top
  }

  /// Checks that a root's table lies in memory (`mmu_check_root`); if not, TRIPLE_FAULT is raised.
  private mutating func checkRoot(_ frame: GuestFrameNumber) throws(LoadFailure) {
    if memory.isVisible(frame) { return }
    enter("mmu_check_root") { _ in "Frame \(hex: frame.rawValue) lies in no memory slot: the guest can't run."
    }
    raise(.tripleFault, "a table of the root lies outside memory")
    leave()
    throw .outsideMemory
  }

  private mutating func setRoot(
    _ name: MMUName, _ hpa: HostPhysicalAddress, pgd: UInt64, in function: String
  ) {
    vcpu[name].root = Root(pgd: pgd, hpa: hpa)
    say(function, effect: .loadedRoot(name, hpa: hpa, pgd: pgd)) { _ in
      "\(name.rawValue)'s root is \(hex: hpa.rawValue) with pgd \(hex: pgd)."
    }
  }

  /// The top-level value of the guest tables that an MMU shadows or walks (`get_guest_pgd`).
  func guestPGD(_ name: MMUName) -> UInt64 {
    guard name == .guest, let nested = vcpu.nested else { return vcpu.registers.cr3 }
    return switch nested.control {
    case .vmx(let guest): guest.eptp.rawValue
    case .svm(let guest): guest.ncr3 ?? 0
    }
  }

  /// One of the four PDPTEs of the guest tables that an MMU shadows or walks (`get_pdptr`); L1's nested ones are
  /// read from memory each time.
  func pdptr(_ name: MMUName, _ index: Int) -> UInt64 {
    switch (name, vcpu.nested?.control) {
    case (.guest, .svm(let guest)?):
      let table = (guest.ncr3 ?? 0) & ~0x1f
      return memory.word(at: GuestPhysicalAddress(rawValue: table + UInt64(index) * 8)) ?? 0
    case (.nested, .vmx(let guest)?): return guest.pdptrs[index]
    default: return vcpu[vcpu.walkMMU].pdptrs[index]
    }
  }
}
