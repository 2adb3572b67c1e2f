extension VirtualMachine {
  /// The VPID of L1's own translations.
  static let vpid01: UInt16 = 1
  /// The VPID that KVM gives L2's translations.
  static let vpid02: UInt16 = 2

  /// The VPID in use: L2's if L1 gave its guest one, else L1's (`vmx_get_current_vpid`).
  private var currentVPID: UInt16 {
    if case .vmx(let guest)? = vcpu.nested?.control, guest.vpid != 0 { Self.vpid02 } else { Self.vpid01 }
  }

  /// Flushes everything (`kvm_vcpu_flush_tlb_all`), which covers a pending flush of the current context.
  mutating func flushAll() {
    call(.flushAll)
    if machine.vendor == .intel {
      call(machine.tdp ? .invept(type: 2, eptp: 0) : .invvpid(type: 2, vpid: 0))
    }
    vcpu.requests.remove(.tlbFlushCurrent)
    say("kvm_vcpu_flush_tlb_all", effect: .served(.tlbFlush)) { _ in
      "All translations are flushed; this covers a pending TLB_FLUSH_CURRENT."
    }
  }

  /// Flushes the current context (`kvm_vcpu_flush_tlb_current`), for a pending request or as part of a load.
  mutating func flushCurrent(serving request: Bool = false) {
    call(.flushCurrent)
    say("kvm_vcpu_flush_tlb_current", effect: request ? .served(.tlbFlushCurrent) : nil) { _ in
      request
        ? "The translations of the current root are flushed, as was asked."
        : "The hardware may hold translations that an earlier root at this address left: they are flushed."
    }
    guard machine.vendor == .intel, let hpa = activeMMU.root.hpa else { return }
    call(machine.tdp ? .invept(type: 1, eptp: hardwareEPTP(hpa)) : .invvpid(type: 1, vpid: currentVPID))
  }

  /// Flushes what the guest could flush itself (`kvm_vcpu_flush_tlb_guest`).
  mutating func flushGuest() {
    enter("kvm_vcpu_flush_tlb_guest", effect: .served(.tlbFlushGuest)) { machine in
      machine.machine.tdp
        ? "The guest's translations are flushed; with two-dimensional paging that is the hardware's matter."
        : "The guest's translations are flushed; as shadow pages are such translations, they are synced too."
    }
    if !machine.tdp {
      syncRoots()
      syncPreviousRoots()
    }
    call(.flushGuest)
    if machine.vendor == .intel { call(.invvpid(type: 1, vpid: currentVPID)) }
    leave()
  }

  /// Flushes the translations of one guest-virtual address (`kvm_x86_flush_tlb_gva`).
  mutating func flushGVA(_ gva: UInt64) {
    call(.flushGVA(gva))
    if machine.vendor == .intel { call(.invvpid(type: 0, vpid: currentVPID)) }
  }

  /// Gives the current root to the hardware (`kvm_mmu_load_pgd`).
  mutating func loadPGD(serving request: Bool = false) {
    guard let hpa = activeMMU.root.hpa else {
      say("kvm_mmu_load_pgd", effect: request ? .served(.loadMMUPGD) : nil) { _ in
        "There is no valid root to give to the hardware; the reload will do it."
      }
      return
    }
    let level = activeMMU.mmuRole.level
    call(.loadMMUPGD(root: hpa, level: level))
    say("kvm_mmu_load_pgd", effect: request ? .served(.loadMMUPGD) : nil) { machine in
      "The root at \(hex: hpa.rawValue), level \(level), is given to the hardware"
        + (machine.machine.vendor == .intel && machine.machine.tdp
          ? " as EPT pointer \(hex: machine.hardwareEPTP(hpa))." : ".")
    }
  }

  /// The EPT pointer that KVM runs the guest with (`construct_eptp`).
  func hardwareEPTP(_ hpa: HostPhysicalAddress) -> UInt64 {
    var accessedDirty = machine.eptAD
    if case .vmx(let guest)? = vcpu.nested?.control {
      accessedDirty = accessedDirty && guest.eptp.accessedDirty
    }
    return hpa.rawValue | 6 | (activeMMU.mmuRole.level == 5 ? 0x20 : 0x18) | (accessedDirty ? 0x40 : 0)
  }

  /// Brings the current root's shadow pages up to date (`kvm_mmu_sync_roots`).
  mutating func syncRoots(serving request: Bool = false) {
    let roots = rootsToSync
    enter("kvm_mmu_sync_roots", effect: request ? .served(.mmuSync) : nil) { machine in
      machine.activeMMU.root.hpa == nil
        ? "There is no valid root to sync; the reload will find or build one."
        : machine.activeMMU.mmuRole.direct
          ? "A direct root shadows no guest tables, so nothing can be out of date."
          : roots.contains { machine.isOutOfDate($0) }
            ? "Shadow pages below the current root may be out of date."
            : "No shadow page below the current root is out of date."
    }
    defer { leave() }
    if !roots.isEmpty { forgetMMIO() }
    for root in roots { syncChildren(root) }
  }

  /// The shadow pages at the top of the current root, if it shadows guest tables.
  private var rootsToSync: [HostPhysicalAddress] {
    guard !activeMMU.mmuRole.direct, let root = activeMMU.root.hpa else { return [] }
    guard activeMMU.usesPAERoots, let table = activeMMU.paeRoot else { return [root] }
    return (0..<4).map { HostPhysicalAddress(rawValue: table.entries[$0] & bits(12, 51)) }.filter {
      $0.rawValue != 0
    }
  }

  /// Whether a page is out of date, or one below it (`is_unsync_root`).
  private func isOutOfDate(_ hpa: HostPhysicalAddress) -> Bool {
    pages[hpa].map { $0.isUnsync || !$0.unsyncChildren.isEmpty } ?? false
  }

  /// Frees previous roots that are out of date (`kvm_mmu_sync_prev_roots`).
  private mutating func syncPreviousRoots() {
    let previous = activeMMU.previousRoots
    let stale = previous.indices.filter { previous[$0].hpa.map(isOutOfDate) ?? false }
    if stale.isEmpty { return }
    enter("kvm_mmu_sync_prev_roots") { _ in
      "Previous roots with pages that are out of date are freed, not synced."
    }
    freeRoots(vcpu.mmu, RootSlots(previous: stale))
    leave()
  }

  /// Serves flushes of the current context before that changes (`kvm_service_local_tlb_flush_requests`).
  mutating func serveLocalFlushRequests() {
    guard !vcpu.requests.isDisjoint(with: [.tlbFlushCurrent, .tlbFlushGuest]) else { return }
    enter("kvm_service_local_tlb_flush_requests") { machine in
      "Pending flushes belong to \(machine.vcpu.guestMode ? "L2" : "L1"), so they are served before the switch."
    }
    if take(.tlbFlushCurrent) { flushCurrent(serving: true) }
    if take(.tlbFlushGuest) { flushGuest() }
    leave()
  }

  /// Whether a request is pending; it is cleared (`kvm_check_request`).
  mutating func take(_ request: Requests) -> Bool { vcpu.requests.remove(request) != nil }
}
