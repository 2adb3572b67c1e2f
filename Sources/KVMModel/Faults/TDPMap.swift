extension VirtualMachine {
  /// Maps a guest-physical address in the tables of the TDP MMU (`kvm_tdp_mmu_map`).
  mutating func tdpMap(_ fault: PageFault, _ name: MMUName) -> FaultReturn {
    guard let root = vcpu[name].root.hpa, let role = pages[root]?.role else { return .retry }
    traceRequested(fault.frame)
    var walk = ShadowWalk(level: role.level, table: root, address: fault.address)
    while walk.level > 1 {
      if !pages[walk.place].isPresent { addTDPPage(below: walk, fault.frame) }
      walk.descend(by: pages[walk.place])
    }
    return mapTDPLeaf(fault, walk.place)
  }

  /// Adds a missing table (`tdp_mmu_link_sp`).
  private mutating func addTDPPage(below walk: ShadowWalk, _ frame: GuestFrameNumber) {
    guard let parent = pages[walk.table] else { return }
    var role = parent.role
    role.level -= 1
    let first = frame.aligned(toLevel: walk.level)
    let page = pages.allocate(frame: first, role: role, isTDPMMU: true, validGeneration: 0)
    transcript.result.pagesCreated += 1
    trace { .getPage(TracedPage(page), isNew: true) }
    pages.change(page.hpa) { $0.parentPlaces.insert(walk.place) }
    say("tdp_mmu_alloc_sp", effect: .createdPage(hpa: page.hpa, frame: first, role: role)) { _ in
      "No level-\(role.level) table covers frame \(hex: frame.rawValue), so one is made at \(hex: page.hpa.rawValue)."
    }
    let spte = spteFormat.link(to: page.hpa, accessedDirtyDisabled: role.adDisabled)
    setTDPSPTE(walk.place, first, to: spte)
  }

  /// Puts the leaf entry of an address (`tdp_mmu_map_handle_target_level`).
  private mutating func mapTDPLeaf(_ fault: PageFault, _ place: SPTEPlace) -> FaultReturn {
    guard let page = pages[place.page] else { return .retry }
    let format = spteFormat
    let frame = page.frame(ofEntry: place.index)
    let old = pages[place]
    let request = LeafRequest(frame: frame, access: .all)
    guard memory.isVisible(fault.frame) else {
      let generation = slotGeneration
      let spte = format.mmio(frame, access: .all, generation: generation)
      if spte != old { setTDPSPTE(place, frame, to: spte) }
      trace { .markMMIO(place, frame, spte, generation: generation) }
      say("tdp_mmu_map_handle_target_level", effect: effect(of: place)) { _ in
        "No memory slot holds frame \(hex: frame.rawValue): entry \(place.index) of \(hex: place.page.rawValue) becomes "
          + "an MMIO entry, \(hex: spte.rawValue)."
      }
      return .emulate
    }
    let (spte, isWriteProtected) = makeSPTE(request, in: page, over: old)
    var result = FaultReturn.fixed
    if spte == old { result = .spurious } else { setTDPSPTE(place, frame, to: spte) }
    trace { .setSPTE(frame, spte, level: 1, at: place, format) }
    saySet(place, request, result, isWriteProtected)
    return isWriteProtected && fault.isWrite ? .emulate : result
  }

  /// Writes an entry of the TDP MMU and deals with what it led to (`handle_changed_spte`).
  mutating func setTDPSPTE(_ place: SPTEPlace, _ frame: GuestFrameNumber, to spte: SPTE) {
    var removed: [HostPhysicalAddress] = []
    setTDPSPTE(place, frame, to: spte, &removed)
    pages.free(removed)
  }

  /// Writes an entry of the TDP MMU.
  ///
  /// - Parameter removed: collects the tables that go with it, which are to be freed.
  private mutating func setTDPSPTE(
    _ place: SPTEPlace, _ frame: GuestFrameNumber, to spte: SPTE, _ removed: inout [HostPhysicalAddress]
  ) {
    guard let page = pages[place.page] else { return }
    let old = pages[place]
    pages.write(ShadowEntry(index: place.index, spte: spte, frame: frame, access: .all), in: place.page)
    trace { .tdpSPTEChanged(smm: page.role.smm, frame, level: page.role.level, old: old, new: spte) }
    if old.isPresent && !spte.isPresent && !SPTE.isLeaf(level: page.role.level) {
      removeTDPPage(old.target, &removed)
    }
  }

  /// Removes a table with all below it (`handle_removed_pt`).
  private mutating func removeTDPPage(_ hpa: HostPhysicalAddress, _ removed: inout [HostPhysicalAddress]) {
    guard let page = pages[hpa] else { return }
    trace { .prepareZapPage(TracedPage(page)) }
    transcript.result.pagesZapped += 1
    say("handle_removed_pt", effect: .zappedPage(hpa: hpa, frame: page.frame, role: page.role)) { _ in
      "The level-\(page.role.level) table at \(hex: hpa.rawValue) goes, with what hangs from it."
    }
    for entry in page.entries where entry.spte.isPresent {
      setTDPSPTE(SPTEPlace(page: hpa, index: entry.index), entry.frame, to: .removed, &removed)
    }
    removed.append(hpa)
  }

  /// Marks a root of the TDP MMU as zapped, so that no vCPU finds it again (`kvm_tdp_mmu_invalidate_all_roots`).
  mutating func invalidateTDPRoot(_ root: HostPhysicalAddress) {
    guard let page = pages[root] else { return }
    pages.invalidate(root)
    transcript.result.pagesZapped += 1
    say(
      "kvm_tdp_mmu_invalidate_all_roots", effect: .zappedPage(hpa: root, frame: page.frame, role: page.role)
    ) { _ in
      "The root at \(hex: root.rawValue) is marked invalid; it is freed when the last vCPU lets go of it."
    }
  }

  /// Empties a root that was marked as zapped and drops the TDP MMU's own reference
  /// (`kvm_tdp_mmu_zap_invalidated_roots`): first what hangs from level-3 entries, which can be much, then the rest.
  mutating func zapTDPRoot(_ root: HostPhysicalAddress) {
    guard let level = pages[root]?.role.level else { return }
    var removed: [HostPhysicalAddress] = []
    for target in [3, level] { zapTDPEntries(of: root, atLevel: target, &removed) }
    if pages.addReference(-1, to: root) == 0 { removed.append(root) }
    pages.free(removed)
  }

  private mutating func zapTDPEntries(
    of hpa: HostPhysicalAddress, atLevel target: Int, _ removed: inout [HostPhysicalAddress]
  ) {
    guard let page = pages[hpa], page.role.level >= target else { return }
    for entry in page.entries where entry.spte.isPresent {
      if page.role.level == target {
        setTDPSPTE(
          SPTEPlace(page: hpa, index: entry.index), page.frame(ofEntry: entry.index), to: .none,
          &removed)
      } else {
        zapTDPEntries(of: entry.spte.target, atLevel: target, &removed)
      }
    }
  }
}
