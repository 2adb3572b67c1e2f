extension VirtualMachine {
  /// Fewer free shadow pages than this make KVM zap some (`KVM_MIN_FREE_MMU_PAGES`).
  private static let minimumFreePages = 5
  /// Free shadow pages that zapping aims at (`KVM_REFILL_PAGES`).
  private static let refillPages = 25

  /// Zaps every shadow page at once by making all of them obsolete (`kvm_mmu_zap_all_fast`).
  mutating func zapAllFast() {
    enter("kvm_mmu_zap_all_fast") { machine in
      "All shadow pages are zapped: the generation turns from \(machine.validGeneration) to "
        + "\(1 - machine.validGeneration), so that every page of the old one is obsolete."
    }
    defer { leave() }
    let (generation, used) = (validGeneration, pages.used)
    trace { .zapAllFast(generation: generation, usedPages: used) }
    validGeneration = 1 - validGeneration
    let tdpRoots = pages.tdpRoots
    for root in tdpRoots { invalidateTDPRoot(root) }
    raiseOnAll(.freeObsoleteRoots, "a vCPU that uses a zapped root must let go of it")
    var zapped: [HostPhysicalAddress] = []
    for hpa in pages.active {
      guard let page = pages[hpa], !page.role.invalid, isObsolete(page) else { continue }
      _ = prepareZap(hpa, &zapped)
    }
    commitZap(zapped)
    for root in tdpRoots { zapTDPRoot(root) }
  }

  /// Makes room for new shadow pages by zapping the oldest that are no roots (`make_mmu_pages_available`).
  mutating func makePagesAvailable() throws(LoadFailure) {
    let available = max(0, machine.maxShadowPages - pages.used)
    guard available < Self.minimumFreePages else { return }
    let wanted = Self.refillPages - available
    enter("make_mmu_pages_available") { _ in
      "Only \(available) more shadow pages are allowed, so the oldest \(wanted) that are no roots go."
    }
    defer { leave() }
    var zapped: [HostPhysicalAddress] = []
    var count = 0
    for hpa in pages.active where count < wanted {
      guard let page = pages[hpa], !page.role.invalid, page.rootCount == 0 else { continue }
      count += prepareZap(hpa, &zapped)
    }
    commitZap(zapped)
    if machine.maxShadowPages <= pages.used { throw .noPages }
  }

  /// Zaps a page: it is emptied, taken out of the pages above it and marked invalid
  /// (`__kvm_mmu_prepare_zap_page`).
  ///
  /// - Parameter zapped: collects the pages that are to be freed by ``commitZap(_:flush:)``; a root lives on until the
  ///   last vCPU lets go of it.
  /// - Returns: how many pages are to be freed.
  mutating func prepareZap(_ hpa: HostPhysicalAddress, _ zapped: inout [HostPhysicalAddress]) -> Int {
    guard let page = pages[hpa] else { return 0 }
    trace { .prepareZapPage(TracedPage(page)) }
    let ends = page.rootCount == 0
    enter("kvm_mmu_prepare_zap_page", effect: .zappedPage(hpa: hpa, frame: page.frame, role: page.role)) {
      _ in
      "The shadow page at \(hex: hpa.rawValue) (level \(page.role.level), frame \(hex: page.frame.rawValue)) is "
        + "zapped and "
        + (ends ? "freed." : "marked invalid; it is freed when the last vCPU lets go of it.")
    }
    defer { leave() }
    if !page.role.invalid { transcript.result.pagesZapped += 1 }
    var count = zapUnsyncChildren(hpa, &zapped)
    for entry in pages[hpa]?.entries ?? [] {
      count += zapEntry(SPTEPlace(page: hpa, index: entry.index), &zapped, recursive: true)
    }
    for parent in pages[hpa]?.parents ?? [] { unlink(hpa, from: parent) }
    if pages[hpa]?.isUnsync == true { leaveUnsync(hpa) }
    pages.invalidate(hpa)
    if ends {
      count += 1
      zapped.append(hpa)
    } else if !page.role.invalid && page.validGeneration == validGeneration {
      raiseOnAll(.freeObsoleteRoots, "a root was zapped that a vCPU may use")
    }
    return count
  }

  /// Zaps the pages below one that are out of date (`mmu_zap_unsync_children`).
  private mutating func zapUnsyncChildren(
    _ hpa: HostPhysicalAddress, _ zapped: inout [HostPhysicalAddress]
  ) -> Int {
    var count = 0
    guard let level = pages[hpa]?.role.level, level > 1 else { return 0 }
    while true {
      let found = unsyncPages(below: hpa)
      if found.isEmpty { return count }
      for path in found {
        _ = prepareZap(path.page, &zapped)
        clearParents(path)
        count += 1
      }
    }
  }

  /// Clears an entry of a shadow page, whatever it leads to (`mmu_page_zap_pte`).
  ///
  /// - Parameter recursive: a page of L2's that nothing else leads to is zapped too.
  /// - Returns: how many pages are to be freed.
  mutating func zapEntry(
    _ place: SPTEPlace, _ zapped: inout [HostPhysicalAddress], recursive: Bool
  ) -> Int {
    guard let page = pages[place.page] else { return 0 }
    let spte = page[place.index]
    guard spte.isPresent, !SPTE.isLeaf(level: page.role.level) else {
      dropSPTE(place)
      return 0
    }
    unlink(spte.target, from: place)
    guard recursive, machine.tdp, let child = pages[spte.target], child.role.guestMode,
      child.parentPlaces.isEmpty,
      child.rootCount == 0
    else { return 0 }
    return prepareZap(child.hpa, &zapped)
  }

  /// Frees zapped pages, after every vCPU was told to flush (`kvm_mmu_commit_zap_page`).
  ///
  /// - Parameter flush: a flush is due even if no page is freed.
  mutating func commitZap(_ zapped: [HostPhysicalAddress], flush: Bool = false) {
    if zapped.isEmpty {
      if flush { raiseOnAll(.tlbFlush, "entries changed that a processor may still hold") }
      return
    }
    raiseOnAll(.tlbFlush, "pages were freed that a processor may still use")
    pages.free(zapped)
  }
}
