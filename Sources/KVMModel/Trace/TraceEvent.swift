/// An event of the kernel's `kvmmmu` tracepoints, with what it prints.
enum TraceEvent {
  case pagetableWalk(address: UInt64, access: AccessMode)
  case pagingElement(UInt64, level: Int)
  case setAccessedBit(GuestPhysicalAddress)
  case setDirtyBit(GuestPhysicalAddress)
  case walkerError(AccessMode)
  case getPage(ShadowPage, isNew: Bool)
  case syncPage(ShadowPage)
  case unsyncPage(ShadowPage)
  case prepareZapPage(ShadowPage)
  case zapAllFast(generation: UInt8, usedPages: Int)
  case markMMIO(SPTEPlace, GuestFrameNumber, SPTE, generation: UInt64)
  case handleMMIO(address: UInt64, GuestFrameNumber, AccessRights)
  case checkMMIO(SPTE, current: UInt64, generation: UInt64)
  case fastPageFault(vcpu: Int, PageFault, at: SPTEPlace, old: SPTE, new: SPTE, FaultReturn)
  case setSPTE(GuestFrameNumber, SPTE, level: Int, at: SPTEPlace, SPTEFormat)
  case spteRequested(GuestFrameNumber, hasMemory: Bool)
  case tdpSPTEChanged(smm: Bool, GuestFrameNumber, level: Int, old: SPTE, new: SPTE)

  /// The event's name and text, as a line of ftrace has them behind its time.
  var line: String {
    switch self {
    case .pagetableWalk(let address, let access):
      "kvm_mmu_pagetable_walk: addr \(digits(address)) pferr \(digits(access.rawValue & 0xffff_ffff)) \(access.text)"
    case .pagingElement(let entry, let level): "kvm_mmu_paging_element: pte \(digits(entry)) level \(level)"
    case .setAccessedBit(let address): "kvm_mmu_set_accessed_bit: gpa \(digits(address.rawValue))"
    case .setDirtyBit(let address): "kvm_mmu_set_dirty_bit: gpa \(digits(address.rawValue))"
    case .walkerError(let code): "kvm_mmu_walker_error: pferr \(digits(code.rawValue)) \(code.text)"
    case .getPage(let page, let isNew): "kvm_mmu_get_page: \(page.traceText) \(isNew ? "new" : "existing")"
    case .syncPage(let page): "kvm_mmu_sync_page: \(page.traceText)"
    case .unsyncPage(let page): "kvm_mmu_unsync_page: \(page.traceText)"
    case .prepareZapPage(let page): "kvm_mmu_prepare_zap_page: \(page.traceText)"
    case .zapAllFast(let generation, let used):
      "kvm_mmu_zap_all_fast: kvm-mmu-valid-gen \(generation) used_pages \(digits(UInt64(used)))"
    default: entryLine
    }
  }

  /// The line of an event that is about an entry.
  private var entryLine: String {
    switch self {
    case .markMMIO(let place, let frame, let spte, let generation):
      "mark_mmio_spte: sptep:\(pointer(place)) gfn \(digits(frame.rawValue)) access \(digits(spte.rawValue & 7)) "
        + "gen \(digits(generation))"
    case .handleMMIO(let address, let frame, let access):
      "handle_mmio_page_fault: addr:\(digits(address)) gfn \(digits(frame.rawValue)) access \(digits(UInt64(access.rawValue)))"
    case .checkMMIO(let spte, let current, let generation):
      "check_mmio_spte: spte \(digits(spte.rawValue)) kvm_gen \(digits(current)) spte-gen \(digits(generation)) "
        + "valid \(current == generation ? 1 : 0)"
    case .fastPageFault(let vcpu, let fault, let place, let old, let new, let result):
      "fast_page_fault: vcpu \(vcpu) gva \(digits(fault.address)) error_code \(fault.errorCode.text) "
        + "sptep \(pointer(place)) old \(old == .none ? "0" : "0x" + digits(old.rawValue)) new \(digits(new.rawValue)) "
        + "spurious \(result == .spurious ? 1 : 0) fixed \(result == .fixed ? 1 : 0)"
    case .setSPTE(let frame, let spte, let level, let place, let format):
      "kvm_mmu_set_spte: gfn \(digits(frame.rawValue)) spte \(digits(spte.rawValue)) (\(format.traceRights(spte))) "
        + "level \(level) at \(digits(place.address.rawValue))"
    case .spteRequested(let frame, let hasMemory):
      "kvm_mmu_spte_requested: gfn \(digits(frame.rawValue)) pfn "
        + "\(digits(hasMemory ? HostPhysicalAddress(backing: frame).rawValue >> 12 : 1 << 63)) level 1"
    case .tdpSPTEChanged(let smm, let frame, let level, let old, let new):
      "kvm_tdp_mmu_spte_changed: as id \(smm ? 1 : 0) gfn \(digits(frame.rawValue)) level \(level) "
        + "old_spte \(digits(old.rawValue)) new_spte \(digits(new.rawValue))"
    default: ""
    }
  }
}

/// A number as the kernel prints it with `%llx`.
private func digits(_ value: UInt64) -> String { String(value, radix: 16) }

/// An entry's address. The kernel prints a pointer that is hashed anew at each boot; here it is where the entry lies.
private func pointer(_ place: SPTEPlace) -> String {
  let text = digits(place.address.rawValue)
  return String(repeating: "0", count: 16 - text.count) + text
}

extension ShadowPage {
  /// The page as every tracepoint about one prints it (`KVM_MMU_PAGE_PRINTK`).
  fileprivate var traceText: String {
    "sp gen \(validGeneration) gfn \(digits(frame.rawValue)) l\(role.level) \(role.has4ByteGPTE ? 4 : 8)-byte "
      + "q\(role.quadrant)\(role.direct ? " direct" : "") \(role.access.text)\(role.invalid ? " invalid" : "") "
      + "\(role.eferNX ? "" : "!")nxe \(role.adDisabled ? "!" : "")ad root \(rootCount) "
      + (isUnsync ? "unsync" : "sync")
  }
}

extension SPTEFormat {
  /// The rights of an entry as the tracepoints print them: read, write, execute, user.
  fileprivate func traceRights(_ spte: SPTE) -> String {
    (present != 0 || spte.rawValue & 1 != 0 ? "r" : "-") + (spte.isWritable ? "w" : "-")
      + (isExecutable(spte) ? "x" : "-") + (spte.rawValue & user != 0 ? "u" : "-")
  }
}

extension VirtualMachine {
  /// Writes a line as a tracepoint would print it.
  mutating func trace(_ event: () -> TraceEvent) {
    guard transcript.detail.contains(.trace) else { return }
    transcript.result.trace.append(event().line)
  }

  /// Writes a line about a walk, if KVM does it: tracepoints don't see the processor's.
  mutating func trace(_ plan: WalkPlan, _ event: () -> TraceEvent) {
    if plan.actor == .kvm { trace(event) }
  }
}
