/// A page that is out of date, and the entries that lead to it from above: the lowest first
/// (`struct mmu_page_path`).
struct UnsyncPath {
  let page: HostPhysicalAddress
  let parents: [SPTEPlace]
}

extension VirtualMachine {
  /// Pages that one search collects, those on the way included (`KVM_PAGE_ARRAY_NR`).
  private static let pagesOfOneSearch = 16

  /// The pages below one that are out of date, as many as one search collects (`mmu_unsync_walk`). Marks of pages that
  /// are up to date again are cleared on the way.
  mutating func unsyncPages(below hpa: HostPhysicalAddress) -> [UnsyncPath] {
    while pages.hasUnsyncChildren(hpa) {
      var search = UnsyncSearch(room: Self.pagesOfOneSearch - 1)
      _ = collectUnsync(hpa, [], &search)
      if !search.found.isEmpty || search.room > 0 { return search.found }
    }
    return []
  }

  private struct UnsyncSearch {
    var room: Int
    var found: [UnsyncPath] = []
  }

  /// Collects from one page (`__mmu_unsync_walk`).
  ///
  /// - Returns: whether anything below it is out of date.
  private mutating func collectUnsync(
    _ hpa: HostPhysicalAddress, _ above: [SPTEPlace], _ search: inout UnsyncSearch
  ) -> Bool {
    var any = false
    for index in pages[hpa]?.unsyncChildren ?? [] {
      let place = SPTEPlace(page: hpa, index: index)
      let spte = pages[place]
      let path = [place] + above
      if spte.isPresent, let child = pages[spte.target], child.isUnsync || !child.unsyncChildren.isEmpty {
        if !child.unsyncChildren.isEmpty {
          search.room -= 1
          if search.room == 0 { return true }
          if collectUnsync(child.hpa, path, &search) {
            any = true
            if search.room == 0 { return true }
            continue
          }
        } else {
          any = true
          if !search.found.contains(where: { $0.page == child.hpa }) {
            search.found.append(UnsyncPath(page: child.hpa, parents: path))
            search.room -= 1
            if search.room == 0 { return true }
          }
          continue
        }
      }
      pages.change(hpa) { $0.clearUnsyncChild(index) }
    }
    return any
  }

  /// Clears the marks that lead to a page, up to the first page with another one (`mmu_pages_clear_parents`).
  mutating func clearParents(_ path: UnsyncPath) {
    for place in path.parents {
      pages.change(place.page) { $0.clearUnsyncChild(place.index) }
      if pages.hasUnsyncChildren(place.page) { return }
    }
  }

  /// Brings every page below one up to date, and protects the tables behind them again (`mmu_sync_children`).
  mutating func syncChildren(_ hpa: HostPhysicalAddress) {
    guard pages.hasUnsyncChildren(hpa) else { return }
    enter("mmu_sync_children") { _ in "Pages below \(hex: hpa.rawValue) may be out of date: they are synced."
    }
    defer { leave() }
    var zapped: [HostPhysicalAddress] = []
    var flush = false
    while true {
      let found = unsyncPages(below: hpa)
      if found.isEmpty { break }
      var isProtected = false
      for path in found {
        guard let page = pages[path.page] else { continue }
        isProtected = writeProtect(page.frame, inSMM: vcpu.smm) || isProtected
      }
      if isProtected {
        commitZap(zapped, flush: true)
        zapped = []
        flush = false
      }
      for path in found {
        leaveUnsync(path.page)
        flush = syncPage(path.page, &zapped) == true || flush
        clearParents(path)
      }
    }
    commitZap(zapped, flush: flush)
  }

  /// A page is no longer out of date (`kvm_unlink_unsync_page`).
  mutating func leaveUnsync(_ hpa: HostPhysicalAddress) {
    guard let page = pages[hpa] else { return }
    trace { .syncPage(TracedPage(page)) }
    say("kvm_unlink_unsync_page", effect: .syncedPage(hpa: hpa, frame: page.frame, role: page.role)) { _ in
      "The mark of the page at \(hex: hpa.rawValue) goes: from here on it counts as in sync."
    }
    pages.change(hpa) { $0.isUnsync = false }
  }
}
