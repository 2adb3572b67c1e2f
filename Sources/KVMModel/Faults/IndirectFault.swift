extension VirtualMachine {
  /// Handles a fault where guest tables say what an address means (`FNAME(page_fault)`).
  mutating func indirectPageFault(_ fault: PageFault, _ name: MMUName) throws(Refused) -> FaultReport {
    var access = fault.errorCode.subtracting(.reserved)
    if fault.alignmentCheck { access.insert(.alignmentCheck) }
    var walker: GuestWalker
    switch walk(name, fault.address, access: access) {
    case .success(let found): walker = found
    case .failure(let failure):
      transcript.result.faults.append(FaultReport(fault, .retry))
      throw Refused(outcome: inject(failure))
    }
    let writesOwnTable = writesOwnTable(walker, fault, vcpu[name].vcpuRole)
    let result = try mapGuestPage(fault, name, &walker)
    return FaultReport(fault, result, writesOwnTable: writesOwnTable)
  }

  private mutating func mapGuestPage(
    _ fault: PageFault, _ name: MMUName, _ walker: inout GuestWalker
  ) throws(Refused) -> FaultReturn {
    if isTrackedWrite(fault, walker.frame) {
      let frame = walker.frame
      say("page_fault_handle_page_track") { _ in
        "The write goes to a guest table in frame \(hex: frame.rawValue) that KVM shadows: it is emulated."
      }
      clearFlooding(name, fault.address)
      return .emulate
    }
    let found = findHostPage(walker.frame, address: fault.address, access: walker.access)
    guard found == .continue else { return found }
    grantSupervisorWrite(fault, name, &walker)
    try reserveShadowPages()
    if isStale(name) { return retryStale() }
    return fetch(fault, name, walker)
  }

  /// Whether a page that may be written is one of the tables that lead to it (`FNAME(is_self_change_mapping)`).
  private func writesOwnTable(_ walker: GuestWalker, _ fault: PageFault, _ role: VCPURole) -> Bool {
    guard walker.access.contains(.write) || (!role.base.cr0WP && !fault.isUser) else { return false }
    return walker.path.contains { $0.table == walker.frame }
  }

  /// With CR0.WP clear a supervisor may write read-only pages. An entry can't say that, so it is made one that only
  /// supervisors can use.
  private mutating func grantSupervisorWrite(_ fault: PageFault, _ name: MMUName, _ walker: inout GuestWalker)
  {
    let role = vcpu[name].vcpuRole
    guard fault.isWrite, !fault.isUser, !walker.access.contains(.write), !role.base.cr0WP,
      memory.isVisible(walker.frame)
    else { return }
    walker.access.insert(.write)
    walker.access.remove(.user)
    if role.ext.contains(.cr4SMEP) { walker.access.remove(.execute) }
    let rights = walker.access.text
    let handler = vcpu[name].pageFault?.rawValue ?? ""
    say(handler) { _ in
      "CR0.WP is 0, so the supervisor may write the read-only page: the entry gets rights \(rights), which users "
        + "can't use."
    }
  }

  /// Builds the shadow pages for a path of the guest's tables, and the entry at its end (`FNAME(fetch)`).
  private mutating func fetch(_ fault: PageFault, _ name: MMUName, _ walker: GuestWalker) -> FaultReturn {
    guard let root = vcpu[name].root.hpa, var walk = shadowWalk(name, from: root, fault.address) else {
      return .retry
    }
    while walk.level > walker.level {
      resetFlooding(walk.table)
      guard let next = walker.entry(level: walk.level - 1) else { return .retry }
      let request = ChildRequest(frame: next.table, isDirect: false, access: next.accessAbove)
      if let child = childPage(request, below: walk.place) {
        syncChildren(child)
        link(child, below: walk.place)
      }
      walk.descend(by: pages[walk.place])
    }
    traceRequested(walker.frame)
    while walk.level > 1 {
      resetFlooding(walk.table)
      dropChild(withOtherAccess: walker.access, below: walk.place)
      let frame = walker.frame.aligned(toLevel: walk.level)
      let request = ChildRequest(frame: frame, isDirect: true, access: walker.access)
      if let child = childPage(request, below: walk.place) { link(child, below: walk.place) }
      walk.descend(by: pages[walk.place])
    }
    resetFlooding(walk.table)
    let request = LeafRequest(frame: walker.frame, access: walker.access)
    let result = setSPTE(
      walk.place, request, hasMemory: memory.isVisible(walker.frame), isWrite: fault.isWrite)
    if result != .spurious { prefetchNeighbours(walk.place, name) }
    return result
  }

  /// Takes away a direct page that was made for other rights (`validate_direct_spte`).
  private mutating func dropChild(withOtherAccess access: AccessRights, below place: SPTEPlace) {
    let spte = pages[place]
    guard spte.isPresent, let child = pages[spte.target], child.role.access != access else { return }
    say("validate_direct_spte") { _ in
      "The page at \(hex: child.hpa.rawValue) was made for rights \(child.role.access.text): another one is needed."
    }
    unlink(child.hpa, from: place)
    raiseOnAll(.tlbFlush, "a processor may still use the old rights")
  }

  /// Makes entries for the guest's entries around one (`FNAME(pte_prefetch)`), up to the first that can't be used.
  private mutating func prefetchNeighbours(_ place: SPTEPlace, _ name: MMUName) {
    guard let page = pages[place.page], page.role.level == 1 else { return }
    if page.role.direct { return prefetchDirect(around: place) }
    guard let table = GuestTable(page, of: vcpu[name]) else { return }
    let first = place.index & ~(Self.prefetchGroup - 1)
    for index in first..<first + Self.prefetchGroup where index != place.index {
      let neighbour = SPTEPlace(page: place.page, index: index)
      if pages[neighbour].isPresent { continue }
      let address = table.address(of: index)
      guard let guest = entryValue(at: address, bytes: table.format.bytes), prefetch(neighbour, guest, table)
      else { return }
    }
  }

  /// The page is in use, so writes to the table behind it are no flood (`clear_sp_write_flooding_count`).
  private mutating func resetFlooding(_ hpa: HostPhysicalAddress) {
    pages.change(hpa) { $0.writeFloodingCount = 0 }
  }

  /// Every page on the way to an address is in use (`shadow_page_table_clear_flood`).
  private mutating func clearFlooding(_ name: MMUName, _ address: UInt64) {
    guard let root = vcpu[name].root.hpa, var walk = shadowWalk(name, from: root, address) else { return }
    while true {
      resetFlooding(walk.table)
      let spte = pages[walk.place]
      guard spte.isPresent, walk.level > 1 else { return }
      walk.descend(by: spte)
    }
  }
}
