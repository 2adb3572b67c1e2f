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
    validGeneration = 1 - validGeneration
    let tdpRoots = pages.tdpRoots
    for hpa in tdpRoots { zap(hpa, "kvm_tdp_mmu_invalidate_all_roots") }
    raiseOnAll(.freeObsoleteRoots, "a vCPU that uses a zapped root must let go of it")
    let freed = pages.active.filter { isObsolete($0) }.reduce(false) { freed, page in
      zap(page.hpa, "kvm_zap_obsolete_pages") || freed
    }
    if freed { commitZap() }
    for hpa in tdpRoots where pages.addReference(-1, to: hpa) == 0 { pages.free(hpa) }
  }

  /// Zaps one page: it is emptied and marked invalid, and freed if it is no root (`__kvm_mmu_prepare_zap_page`).
  ///
  /// - Returns: whether it was freed.
  @discardableResult
  private mutating func zap(_ hpa: HostPhysicalAddress, _ function: StaticString) -> Bool {
    guard let page = pages[hpa] else { return false }
    pages.invalidate(hpa)
    let ends = page.rootCount == 0
    if ends { pages.free(hpa) }
    say(function, effect: .zappedPage(hpa: hpa, frame: page.frame, role: page.role)) { _ in
      "The shadow page at \(hex(hpa.rawValue)) is zapped and "
        + (ends ? "freed." : "marked invalid; it is freed when the last vCPU lets go of it.")
    }
    return ends
  }

  /// Makes room for new shadow pages by zapping the oldest that are no roots (`make_mmu_pages_available`).
  mutating func makePagesAvailable() throws(LoadFailure) {
    let available = max(0, machine.maxShadowPages - pages.used)
    guard available < Self.minimumFreePages else { return }
    let oldest = pages.active.filter { $0.rootCount == 0 }.prefix(Self.refillPages - available)
    enter("make_mmu_pages_available") { _ in
      "Only \(available) more shadow pages are allowed, so the \(oldest.count) oldest that are no roots go."
    }
    defer { leave() }
    for page in oldest { zap(page.hpa, "kvm_mmu_zap_oldest_mmu_pages") }
    if !oldest.isEmpty { commitZap() }
    if machine.maxShadowPages <= pages.used { throw .noPages }
  }
}
