extension VirtualMachine {
  /// Looks for a root of another top-level value among those that are kept (`kvm_mmu_new_pgd`).
  ///
  /// A hit asks for the root to be loaded. A miss asks for nothing: the current root is then not valid, and the
  /// next reload builds one.
  mutating func newPGD(_ pgd: UInt64) {
    let name = vcpu.mmu
    let role = vcpu[name].mmuRole
    enter("kvm_mmu_new_pgd") { _ in
      "\(name.rawValue) needs a root for \(hex: pgd) with mmu_role \(hex: role.rawValue)"
        + (role.direct ? "; a direct root fits any value." : ".")
    }
    defer { leave() }
    if let hpa = vcpu[name].root.hpa, pages.role(hpa) == nil {
      say("fast_pgd_switch") { _ in
        "The current root is a special one without a shadow page, which the cache can't hold: it is freed."
      }
      freeRoots(name, .current)
    }
    let before = slotsOf(name)
    var search = RootSearch(pgd: pgd, role: role)
    let keepsCurrent = vcpu[name].root.hpa != nil
    let hit = keepsCurrent ? findKeepingCurrent(name, &search) : findWithoutCurrent(name, &search)
    if transcript.detail.contains(.lookups) {
      transcript.result.lookups.append(
        RootLookup(
          mmu: name, pgd: pgd, role: role, candidates: search.candidates, hit: hit, before: before,
          after: slotsOf(name)))
    }
    guard hit != nil else { return }
    raise(.loadMMUPGD, "the root that was found must be given to the hardware")
    if machine.forceFlushAndSyncOnReuse {
      raise([.mmuSync, .tlbFlushCurrent], "kvm.flush_on_reuse is on")
    }
    forgetMMIO()
    if !role.direct, let hpa = vcpu[name].root.hpa { pages.change(hpa) { $0.writeFloodingCount = 0 } }
  }

  private func slotsOf(_ name: MMUName) -> [Root] {
    guard transcript.detail.contains(.lookups) else { return [] }
    var slots: [Root] = []
    slots.reserveCapacity(1 + vcpu[name].previousRoots.count)
    slots.append(vcpu[name].root)
    for root in vcpu[name].previousRoots { slots.append(root) }
    return slots
  }

  /// Variant that keeps the current root (`cached_root_find_and_keep_current`): each previous root in turn is
  /// swapped with the current one, so that the others move down by one.
  private mutating func findKeepingCurrent(_ name: MMUName, _ search: inout RootSearch) -> RootSlot? {
    if isUsable(vcpu[name].root, .current, &search) {
      say("cached_root_find_and_keep_current") { _ in "The current root fits: nothing moves." }
      return .current
    }
    for index in vcpu[name].previousRoots.indices {
      vcpu[name].swapCurrent(withPrevious: index)
      if isUsable(vcpu[name].root, .previous(index), &search) {
        say("cached_root_find_and_keep_current") { _ in
          "prev_roots[\(index)] fits. It becomes the current root, and the old one is now prev_roots[0]."
        }
        return .previous(index)
      }
    }
    say("cached_root_find_and_keep_current") { machine in
      "No root fits. The current one is kept as prev_roots[0], the others move down by one, and the least recent "
        + (machine.vcpu[name].root.hpa == nil ? "slot, which was empty, is dropped." : "root is freed.")
    }
    freeRoots(name, .current)
    return nil
  }

  /// Variant without a current root (`cached_root_find_without_current`): the root that fits is taken out, and
  /// the older ones move up.
  private mutating func findWithoutCurrent(_ name: MMUName, _ search: inout RootSearch) -> RootSlot? {
    let count = vcpu[name].previousRoots.count
    for index in 0..<count where isUsable(vcpu[name].previousRoots[index], .previous(index), &search) {
      vcpu[name].takePrevious(index)
      say("cached_root_find_without_current") { _ in
        "prev_roots[\(index)] fits and becomes the current root; the older ones move up."
      }
      return .previous(index)
    }
    say("cached_root_find_without_current") { _ in
      "There is no valid current root, and no previous one fits: the next reload builds a root."
    }
    return nil
  }

  /// Whether a root can serve (`is_root_usable`).
  private func isUsable(_ root: Root, _ slot: RootSlot, _ search: inout RootSearch) -> Bool {
    let role = root.hpa.flatMap { pages.role($0) }
    let verdict: RootLookup.Verdict =
      if root.hpa == nil {
        .invalid
      } else if !search.role.direct && root.pgd != search.pgd {
        .pgdDiffers
      } else if let role {
        role == search.role ? .hit : .roleDiffers
      } else {
        .noShadowPage
      }
    if transcript.detail.contains(.lookups) {
      if search.candidates.isEmpty { search.candidates.reserveCapacity(4) }
      search.candidates.append(
        RootLookup.Candidate(slot: slot, pgd: root.pgd, verdict: verdict, role: role))
    }
    return verdict == .hit
  }
}

private struct RootSearch {
  let pgd: UInt64
  let role: PageRole
  var candidates: [RootLookup.Candidate] = []
}

extension MMU {
  fileprivate mutating func swapCurrent(withPrevious index: Int) {
    swap(&root, &previousRoots[index])
  }

  fileprivate mutating func takePrevious(_ index: Int) {
    swap(&root, &previousRoots[index])
    for slot in index..<(previousRoots.count - 1) { previousRoots[slot] = previousRoots[slot + 1] }
    previousRoots[previousRoots.count - 1].hpa = nil
  }
}
