/// How a page fault, or one step of handling it, ended (`RET_PF_*`).
public enum FaultReturn: String, Sendable, CaseIterable, Codable {
  /// Go on with the next step.
  case `continue`
  /// The guest runs the instruction again.
  case retry
  /// KVM emulates the instruction.
  case emulate
  /// The quick way can't help.
  case invalid
  /// An entry was made or changed.
  case fixed
  /// The entry is already what it should be.
  case spurious
}

extension VirtualMachine {
  /// Neighbours that are looked at together (`PTE_PREFETCH_NUM`).
  static let prefetchGroup = 8

  /// Puts a leaf entry into a shadow page that is not the TDP MMU's (`mmu_set_spte`).
  ///
  /// - Parameters:
  ///   - hasMemory: a memory slot holds the frame; if not, an MMIO entry is made.
  ///   - isWrite: the fault behind it was a write.
  mutating func setSPTE(
    _ place: SPTEPlace, _ request: LeafRequest, hasMemory: Bool, isWrite: Bool
  ) -> FaultReturn {
    guard let page = pages[place.page] else { return .retry }
    let format = spteFormat
    var flush = false
    if pages[place].isPresent,
      !hasMemory || pages[place].target != HostPhysicalAddress(backing: request.frame)
    {
      dropSPTE(place)
      flush = true
    }
    if !hasMemory {
      markMMIO(place, request.frame, request.access)
      if flush { raiseOnAll(.tlbFlush, "the entry that stood there mapped another page") }
      return .emulate
    }
    let old = pages[place]
    let (spte, isWriteProtected) = makeSPTE(request, in: page, over: old)
    var result = FaultReturn.fixed
    if old == spte {
      result = .spurious
    } else {
      flush = updateSPTE(place, to: spte) || flush
      trace { .setSPTE(request.frame, spte, level: page.role.level, at: place, format) }
    }
    pages.write(
      ShadowEntry(index: place.index, spte: spte, frame: request.frame, access: request.access),
      in: place.page)
    if !old.isPresent { pages.addLeaf(place, of: request.frame) }
    saySet(place, request, result, isWriteProtected)
    if flush { raiseOnAll(.tlbFlush, "the entry that stood there allowed more") }
    return isWriteProtected && isWrite ? .emulate : result
  }

  mutating func saySet(
    _ place: SPTEPlace, _ request: LeafRequest, _ result: FaultReturn, _ isWriteProtected: Bool
  ) {
    say("mmu_set_spte", effect: result == .spurious ? nil : effect(of: place)) { machine in
      let spte = machine.pages[place]
      let flags = machine.spteFormat.flagNames(spte, level: 1).joined(separator: " ")
      return result == .spurious
        ? "Entry \(place.index) of \(hex: place.page.rawValue) is already what it should be, \(hex: spte.rawValue)."
        : "Entry \(place.index) of \(hex: place.page.rawValue) maps frame \(hex: request.frame.rawValue)"
          + (request.isPrefetch ? ", made in advance" : "") + ": \(hex: spte.rawValue) (\(flags))"
          + (isWriteProtected ? "; read-only, as a guest table lies there." : ".")
    }
  }

  /// Puts an MMIO entry, by which the next access is known at once to have no memory behind it
  /// (`mark_mmio_spte`).
  mutating func markMMIO(_ place: SPTEPlace, _ frame: GuestFrameNumber, _ access: AccessRights) {
    let generation = slotGeneration
    let spte = spteFormat.mmio(frame, access: access, generation: generation)
    trace { .markMMIO(place, frame, spte, generation: generation) }
    pages.write(ShadowEntry(index: place.index, spte: spte, frame: frame, access: access), in: place.page)
    say("mark_mmio_spte", effect: effect(of: place)) { _ in
      "No memory slot holds frame \(hex: frame.rawValue), so entry \(place.index) of \(hex: place.page.rawValue) "
        + "becomes an MMIO entry, \(hex: spte.rawValue): the next access is known at once."
    }
  }

  /// The generation of the memory slots of the vCPU's address space: each slot that was added counted it up by 2, and
  /// bit 0 tells the address space of SMM.
  var slotGeneration: UInt64 { UInt64(memory.slots.count) * 2 + (vcpu.smm ? 1 : 0) }

  /// Makes entries for the neighbours of a direct mapping (`__direct_pte_prefetch`).
  mutating func prefetchDirect(around place: SPTEPlace) {
    guard let page = pages[place.page], page.role.level == 1 else { return }
    let first = place.index & ~(Self.prefetchGroup - 1)
    var run: [Int] = []
    for index in first..<first + Self.prefetchGroup {
      if index == place.index || page[index].isPresent {
        guard prefetchRun(run, in: page) else { return }
        run = []
      } else {
        run.append(index)
      }
    }
    _ = prefetchRun(run, in: page)
  }

  /// Makes entries for some neighbours in a row, as far as the host hands out their pages at once
  /// (`direct_pte_prefetch_many`).
  ///
  /// - Returns: false if one memory slot doesn't hold all of them; then none is made.
  private mutating func prefetchRun(_ run: [Int], in page: ShadowPage) -> Bool {
    guard let first = run.first else { return true }
    let frame = page.frame(ofEntry: first)
    guard memory.holds(frame, count: run.count) else { return false }
    for index in run.prefix(machine.host.prefetchPages) {
      let request = LeafRequest(frame: page.frame(ofEntry: index), access: page.role.access, isPrefetch: true)
      _ = setSPTE(SPTEPlace(page: page.hpa, index: index), request, hasMemory: true, isWrite: false)
    }
    return true
  }

  /// Makes an entry for a guest entry that nobody asked for (`FNAME(prefetch_gpte)`).
  ///
  /// - Returns: false if none can be made.
  mutating func prefetch(_ place: SPTEPlace, _ guest: UInt64, _ table: GuestTable) -> Bool {
    guard let page = pages[place.page] else { return false }
    guard let (frame, access) = translation(guest, table, page.role) else {
      dropSPTE(place)
      return false
    }
    guard memory.isVisible(frame) else { return false }
    let request = LeafRequest(frame: frame, access: access, isPrefetch: true)
    _ = setSPTE(place, request, hasMemory: true, isWrite: false)
    return true
  }
}
