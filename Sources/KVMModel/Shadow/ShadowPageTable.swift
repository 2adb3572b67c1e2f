/// The shadow pages of a machine, by address and by what they stand for (`mmu_page_hash`, `active_mmu_pages` and
/// `tdp_mmu_roots`).
struct ShadowPageTable: Sendable, Hashable {
  /// Every page, in order of allocation, which is that of their addresses.
  private(set) var inOrder: [ShadowPage] = []
  /// Pages that lookups find, by frame, newest first. Those of the TDP MMU are not among them.
  private var hash: [GuestFrameNumber: [HostPhysicalAddress]] = [:]
  /// Valid roots of the TDP MMU, newest first.
  private(set) var tdpRoots: [HostPhysicalAddress] = []
  private var next = HostPhysicalAddress.firstShadowPage
  /// Pages that count against the bound (`n_used_mmu_pages`); the TDP MMU's do not.
  private(set) var used = 0

  subscript(hpa: HostPhysicalAddress) -> ShadowPage? { index(hpa).map { inOrder[$0] } }

  /// Where a page stands in ``inOrder``.
  private func index(_ hpa: HostPhysicalAddress) -> Int? {
    var low = 0
    var high = inOrder.count
    while low < high {
      let middle = (low + high) / 2
      if inOrder[middle].hpa < hpa { low = middle + 1 } else { high = middle }
    }
    return low < inOrder.count && inOrder[low].hpa == hpa ? low : nil
  }

  /// The pages that are active, oldest first: those lookups may find.
  var active: [ShadowPage] { inOrder.filter { !$0.isTDPMMU && !$0.role.invalid } }

  /// The pages that shadow or map from this frame, newest first.
  func candidates(_ frame: GuestFrameNumber) -> [ShadowPage] {
    (hash[frame] ?? []).compactMap { self[$0] }
  }

  mutating func allocate(
    frame: GuestFrameNumber, role: PageRole, isTDPMMU: Bool, validGeneration: UInt8
  ) -> ShadowPage {
    let page = ShadowPage(
      hpa: next, frame: frame, role: role, isTDPMMU: isTDPMMU, validGeneration: validGeneration)
    inOrder.append(page)
    if isTDPMMU {
      tdpRoots.insert(next, at: 0)
    } else {
      hash[frame, default: []].insert(next, at: 0)
      used += 1
    }
    next.rawValue += 0x1000
    return page
  }

  /// Adds to the number of root slots that use a page, and gives the new number.
  @discardableResult
  mutating func addReference(_ count: Int, to hpa: HostPhysicalAddress) -> Int {
    guard let index = index(hpa) else { return 0 }
    inOrder[index].rootCount += count
    return inOrder[index].rootCount
  }

  /// Marks a page as zapped and takes it off the lists that lookups use; it lives on.
  mutating func invalidate(_ hpa: HostPhysicalAddress) {
    guard let index = index(hpa), !inOrder[index].role.invalid else { return }
    inOrder[index].role.invalid = true
    let page = inOrder[index]
    if page.isTDPMMU {
      tdpRoots.removeAll { $0 == hpa }
    } else {
      let left = (hash[page.frame] ?? []).filter { $0 != hpa }
      hash[page.frame] = left.isEmpty ? nil : left
      used -= 1
    }
  }

  /// Frees an invalid page.
  mutating func free(_ hpa: HostPhysicalAddress) {
    if let index = index(hpa) { inOrder.remove(at: index) }
  }

  /// Frees every invalid page that no root slot uses, in one pass.
  mutating func freeUnused() { inOrder.removeAll { $0.role.invalid && $0.rootCount == 0 } }
}
