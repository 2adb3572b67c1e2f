extension VirtualMachine {
  /// Handles a fault where frames follow from addresses (`direct_page_fault`).
  mutating func directPageFault(_ fault: PageFault, _ name: MMUName) throws(Refused) -> FaultReturn {
    if isTrackedWrite(fault, fault.frame) { return .emulate }
    let quick = fastPageFault(fault, name)
    if quick != .invalid { return quick }
    let address = vcpu[name].pageFault == .tdp ? 0 : fault.address
    let found = findHostPage(fault.frame, address: address, access: .all)
    guard found == .continue else { return found }
    if !isTDPMMU(name) { try reserveShadowPages() }
    if isStale(name) { return retryStale() }
    return isTDPMMU(name) ? tdpMap(fault, name) : directMap(fault, name)
  }

  /// The MMU's root belongs to the TDP MMU (`is_tdp_mmu`).
  private func isTDPMMU(_ name: MMUName) -> Bool {
    vcpu[name].root.hpa.flatMap { pages[$0] }?.isTDPMMU ?? false
  }

  /// Maps an address by shadow pages without a guest table behind them (`direct_map`).
  private mutating func directMap(_ fault: PageFault, _ name: MMUName) -> FaultReturn {
    guard let root = vcpu[name].root.hpa, var walk = shadowWalk(name, from: root, fault.address) else {
      return .retry
    }
    traceRequested(fault.frame)
    while walk.level > 1 {
      let frame = fault.frame.aligned(toLevel: walk.level)
      if let child = childPage(ChildRequest(frame: frame, isDirect: true, access: .all), below: walk.place) {
        link(child, below: walk.place)
      }
      walk.descend(by: pages[walk.place])
    }
    let request = LeafRequest(frame: fault.frame, access: .all)
    let result = setSPTE(
      walk.place, request, hasMemory: memory.isVisible(fault.frame), isWrite: fault.isWrite)
    if result != .spurious, pages[walk.table]?.role.adDisabled == false { prefetchDirect(around: walk.place) }
    return result
  }

  mutating func traceRequested(_ frame: GuestFrameNumber) {
    let hasMemory = memory.isVisible(frame)
    trace { .spteRequested(frame, hasMemory: hasMemory) }
  }

  /// Tries to mend a fault by changing one entry (`fast_page_fault`).
  ///
  /// - Returns: `spurious` or `fixed`; `invalid` if it takes more.
  private mutating func fastPageFault(_ fault: PageFault, _ name: MMUName) -> FaultReturn {
    let code = fault.errorCode
    let canBeFast =
      !code.contains(.reserved) && (code.contains(.present) ? code.contains(.write) : !machine.accessedDirty)
    guard canBeFast, let walk = lastEntry(name, fault.address) else { return .invalid }
    let place = walk.place
    let old = pages[place]
    let result = fastResult(fault, old, walk.level)
    if result.return == .fixed {
      pages.write(result.spte, at: place)
      say("fast_page_fault", effect: effect(of: place)) { _ in
        "One entry needs to change, which takes no lock: \(hex: old.rawValue) becomes \(hex: result.spte.rawValue)."
      }
    } else if result.return == .spurious {
      say("fast_page_fault") { _ in "The entry \(hex: old.rawValue) allows the access already." }
    } else {
      say("fast_page_fault") { _ in
        old == .none
          ? "There is no entry yet, so changing one is not enough."
          : "Changing one bit of the entry \(hex: old.rawValue) is not enough."
      }
    }
    let (number, new) = (vcpu.id, pages[place])
    trace { .fastPageFault(vcpu: number, fault, at: place, old: old, new: new, result.return) }
    return result.return
  }

  private func fastResult(_ fault: PageFault, _ old: SPTE, _ level: Int) -> (return: FaultReturn, spte: SPTE)
  {
    let format = spteFormat
    guard old.isPresent, SPTE.isLeaf(level: level) else { return (.invalid, old) }
    if format.allows(old, fault) { return (.spurious, old) }
    var new = old
    if !machine.accessedDirty && format.isAccessTracked(new) { new = format.restored(new) }
    if fault.isWrite && format.isMMUWritable(new) { new.rawValue |= SPTE.writable }
    return new != old && format.allows(new, fault) ? (.fixed, new) : (.invalid, old)
  }
}

extension SPTEFormat {
  /// Whether an entry allows what a fault was about (`is_access_allowed`).
  fileprivate func allows(_ spte: SPTE, _ fault: PageFault) -> Bool {
    if fault.errorCode.contains(.fetch) { return isExecutable(spte) }
    return fault.isWrite ? spte.isWritable : spte.rawValue & 1 != 0
  }
}

extension GuestFrameNumber {
  /// The first frame of the region that an entry of a level covers.
  func aligned(toLevel level: Int) -> GuestFrameNumber {
    GuestFrameNumber(rawValue: rawValue & ~(1 << UInt64(9 * (level - 1)) - 1))
  }
}
