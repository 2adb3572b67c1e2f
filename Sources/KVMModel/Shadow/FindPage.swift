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
  mutating func shadowPage(_ frame: GuestFrameNumber, _ role: PageRole) -> HostPhysicalAddress {
    if let hpa = findShadowPage(frame, role) {
      if traces, let index = pages.index(hpa) {
        let page = TracedPage(pages.inOrder[index])
        trace { .getPage(page, isNew: false) }
      }
      say("kvm_mmu_find_shadow_page", effect: .foundPage(hpa: hpa, frame: frame, role: role)) { _ in
        "A shadow page for frame \(hex: frame.rawValue) with role \(hex: role.rawValue) exists at "
          + "\(hex: hpa.rawValue) and serves again."
      }
      return hpa
    }
    let page = pages.allocate(frame: frame, role: role, isTDPMMU: false, validGeneration: validGeneration)
    transcript.result.pagesCreated += 1
    say("kvm_mmu_alloc_shadow_page", effect: .createdPage(hpa: page.hpa, frame: frame, role: role)) { _ in
      "No shadow page for frame \(hex: frame.rawValue) has role \(hex: role.rawValue), so one is made at "
        + "\(hex: page.hpa.rawValue)."
    }
    accountShadowed(page)
    trace { .getPage(TracedPage(page), isNew: true) }
    return page.hpa
  }

  /// Looks for a shadow page (`kvm_mmu_find_shadow_page`). One that is out of date is brought up to date, but the guest
  /// may still write the table behind it.
  private mutating func findShadowPage(_ frame: GuestFrameNumber, _ role: PageRole) -> HostPhysicalAddress? {
    var zapped: [HostPhysicalAddress] = []
    defer { commitZap(zapped) }
    for hpa in pages.candidates(frame) {
      guard let index = pages.index(hpa), !isObsolete(pages.inOrder[index]) else { continue }
      let isUnsync = pages.inOrder[index].isUnsync
      guard pages.inOrder[index].role == role else {
        if role.level > 1 && isUnsync { _ = prepareZap(hpa, &zapped) }
        continue
      }
      if role.direct { return hpa }
      if isUnsync {
        guard let flush = syncPage(hpa, &zapped) else { return nil }
        if flush { raiseOnAll(.tlbFlush, "entries changed that a processor may still hold") }
      }
      pages.change(hpa) { $0.writeFloodingCount = 0 }
      return hpa
    }
    return nil
  }

  /// What a page below an entry is for.
  struct ChildRequest {
    let frame: GuestFrameNumber
    let isDirect: Bool
    let access: AccessRights
  }

  /// The page to put below an entry (`kvm_mmu_get_child_sp`); `nil` if the right one stands there already.
  mutating func childPage(_ request: ChildRequest, below place: SPTEPlace) -> HostPhysicalAddress? {
    guard let parent = pages[place.page] else { return nil }
    var role = parent.role
    role.level -= 1
    role.access = request.access
    role.direct = request.isDirect
    role.passthrough = false
    role.invalid = false
    if role.has4ByteGPTE { role.quadrant = place.index & 1 }
    let spte = parent[place.index]
    if spte.isPresent, let child = pages[spte.target], child.frame == request.frame, child.role == role {
      return nil
    }
    return shadowPage(request.frame, role)
  }

  /// Puts a page below an entry (`__link_shadow_page`).
  mutating func link(_ child: HostPhysicalAddress, below place: SPTEPlace) {
    if pages[place].isPresent {
      var zapped: [HostPhysicalAddress] = []
      _ = zapEntry(place, &zapped, recursive: true)
      commitZap(zapped, flush: true)
    }
    guard let page = pages[child], let parent = pages[place.page] else { return }
    let spte = spteFormat.link(to: child, accessedDirtyDisabled: page.role.adDisabled)
    pages.write(
      ShadowEntry(index: place.index, spte: spte, frame: page.frame, access: page.role.access), in: place.page
    )
    pages.change(child) { $0.parentPlaces.insert(place) }
    say("__link_shadow_page", effect: effect(of: place)) { _ in
      "Entry \(place.index) of the level-\(parent.role.level) page \(hex: place.page.rawValue) now leads to the page "
        + "at \(hex: child.rawValue): \(hex: spte.rawValue)."
    }
    if page.isUnsync || !page.unsyncChildren.isEmpty { markUnsync(place) }
  }

  /// Takes a page away from below an entry (`drop_parent_pte`); the page lives on.
  mutating func unlink(_ child: HostPhysicalAddress, from place: SPTEPlace) {
    pages.change(child) { $0.parentPlaces.remove(place) }
    pages.write(.none, at: place)
  }

  /// The effect of having written an entry.
  func effect(of place: SPTEPlace) -> Effect {
    .wroteEntry(page: place.page, index: place.index, value: pages[place])
  }
}
