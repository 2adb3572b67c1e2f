/// A line as one of the kernel's tracepoints would print it. It is kept as the event's numbers until it is read.
public struct TraceLine: Sendable, Hashable {
  let event: TraceEvent

  /// The event's name and text, as a line of ftrace has them behind its time.
  public var text: String {
    String(decoding: [UInt8](capacity: Self.maximumLength) { write(to: &$0) }, as: UTF8.self)
  }

  /// No line is longer, in bytes.
  public static let maximumLength = 224

  /// Writes ``text``, all of it printable ASCII without quotation marks and backslashes.
  public func write(to text: inout OutputSpan<UInt8>) { event.write(to: &text) }
}

/// An event of the kernel's `kvmmmu` tracepoints, with what it prints.
enum TraceEvent: Sendable, Hashable {
  case pagetableWalk(address: UInt64, access: AccessMode)
  case pagingElement(UInt64, level: Int)
  case setAccessedBit(GuestPhysicalAddress)
  case setDirtyBit(GuestPhysicalAddress)
  case walkerError(AccessMode)
  case getPage(TracedPage, isNew: Bool)
  case syncPage(TracedPage)
  case unsyncPage(TracedPage)
  case prepareZapPage(TracedPage)
  case zapAllFast(generation: UInt8, usedPages: Int)
  case markMMIO(SPTEPlace, GuestFrameNumber, SPTE, generation: UInt64)
  case handleMMIO(address: UInt64, GuestFrameNumber, AccessRights)
  case checkMMIO(SPTE, current: UInt64, generation: UInt64)
  indirect case fastPageFault(vcpu: Int, PageFault, at: SPTEPlace, old: SPTE, new: SPTE, FaultReturn)
  indirect case setSPTE(GuestFrameNumber, SPTE, level: Int, at: SPTEPlace, SPTEFormat)
  case spteRequested(GuestFrameNumber, hasMemory: Bool)
  case tdpSPTEChanged(smm: Bool, GuestFrameNumber, level: Int, old: SPTE, new: SPTE)

  /// Writes the event's name and text, as a line of ftrace has them behind its time.
  func write(to line: inout OutputSpan<UInt8>) {
    switch self {
    case .pagetableWalk(let address, let access):
      line.append("kvm_mmu_pagetable_walk: addr ", address, " pferr ", access.rawValue & 0xffff_ffff, " ")
      line.append(contentsOf: access.text)
    case .pagingElement(let entry, let level):
      line.append("kvm_mmu_paging_element: pte ", entry, " level ")
      line.append(decimal: level)
    case .setAccessedBit(let address): line.append("kvm_mmu_set_accessed_bit: gpa ", address.rawValue)
    case .setDirtyBit(let address): line.append("kvm_mmu_set_dirty_bit: gpa ", address.rawValue)
    case .walkerError(let code):
      line.append("kvm_mmu_walker_error: pferr ", code.rawValue, " ")
      line.append(contentsOf: code.text)
    case .getPage(let page, let isNew):
      line.append("kvm_mmu_get_page: ", page)
      line.append(isNew ? " new" : " existing")
    case .syncPage(let page): line.append("kvm_mmu_sync_page: ", page)
    case .unsyncPage(let page): line.append("kvm_mmu_unsync_page: ", page)
    case .prepareZapPage(let page): line.append("kvm_mmu_prepare_zap_page: ", page)
    case .zapAllFast(let generation, let used):
      line.append(
        "kvm_mmu_zap_all_fast: kvm-mmu-valid-gen ", UInt64(generation), " used_pages ", UInt64(used))
    default: writeEntryLine(to: &line)
    }
  }

  /// Writes the line of an event that is about an entry.
  private func writeEntryLine(to line: inout OutputSpan<UInt8>) {
    switch self {
    case .markMMIO(let place, let frame, let spte, let generation):
      line.append("mark_mmio_spte: sptep:", place)
      line.append(" gfn ", frame.rawValue, " access ", spte.rawValue & 7, " gen ", generation)
    case .handleMMIO(let address, let frame, let access):
      line.append("handle_mmio_page_fault: addr:", address, " gfn ", frame.rawValue)
      line.append(" access ", UInt64(access.rawValue))
    case .checkMMIO(let spte, let current, let generation):
      line.append("check_mmio_spte: spte ", spte.rawValue, " kvm_gen ", current, " spte-gen ", generation)
      line.append(" valid ", current == generation ? 1 : 0)
    case .fastPageFault(let vcpu, let fault, let place, let old, let new, let result):
      line.append("fast_page_fault: vcpu ")
      line.append(decimal: vcpu)
      line.append(" gva ", fault.address, " error_code ")
      line.append(contentsOf: fault.errorCode.text)
      line.append(" sptep ", place)
      line.append(old == .none ? " old " : " old 0x", old.rawValue, " new ", new.rawValue)
      line.append(" spurious ", result == .spurious ? 1 : 0, " fixed ", result == .fixed ? 1 : 0)
    case .setSPTE(let frame, let spte, let level, let place, let format):
      line.append("kvm_mmu_set_spte: gfn ", frame.rawValue, " spte ", spte.rawValue, " (")
      line.append(contentsOf: format.traceRights(spte))
      line.append(") level ", UInt64(level), " at ", place.address.rawValue)
    case .spteRequested(let frame, let hasMemory):
      let page = hasMemory ? HostPhysicalAddress(backing: frame).rawValue >> 12 : 1 << 63
      line.append("kvm_mmu_spte_requested: gfn ", frame.rawValue, " pfn ", page, " level 1")
    case .tdpSPTEChanged(let smm, let frame, let level, let old, let new):
      line.append("kvm_tdp_mmu_spte_changed: as id ", smm ? 1 : 0, " gfn ", frame.rawValue)
      line.append(" level ", UInt64(level), " old_spte ", old.rawValue, " new_spte ", new.rawValue)
    default: break
    }
  }
}

/// What the tracepoints print of a page.
struct TracedPage: Sendable, Hashable {
  let frame: GuestFrameNumber
  let role: PageRole
  let rootCount: Int
  let validGeneration: UInt8
  let isUnsync: Bool

  init(_ page: borrowing ShadowPage) {
    frame = page.frame
    role = page.role
    rootCount = page.rootCount
    validGeneration = page.validGeneration
    isUnsync = page.isUnsync
  }
}

/// Parts of a line; numbers are written as the kernel prints them with `%llx`, of which those that it prints in decimal
/// are below 10.
extension OutputSpan<UInt8> {
  fileprivate mutating func append(
    _ first: StaticString, _ one: UInt64, _ second: StaticString = "", _ two: UInt64? = nil,
    _ third: StaticString = "", _ three: UInt64? = nil
  ) {
    append(first)
    append(digits: one)
    append(second)
    if let two { append(digits: two) }
    append(third)
    if let three { append(digits: three) }
  }

  /// Appends the page as every tracepoint about one prints it (`KVM_MMU_PAGE_PRINTK`).
  fileprivate mutating func append(_ name: StaticString, _ page: TracedPage) {
    let role = page.role
    append(name)
    append("sp gen ", UInt64(page.validGeneration), " gfn ", page.frame.rawValue, " l", UInt64(role.level))
    append(role.has4ByteGPTE ? " 4-byte q" : " 8-byte q", UInt64(role.quadrant))
    append(role.direct ? " direct " : " ")
    append(contentsOf: role.access.text)
    append(role.invalid ? " invalid " : " ")
    append(role.eferNX ? "nxe " : "!nxe ")
    append(role.adDisabled ? "!ad root " : "ad root ")
    append(decimal: page.rootCount)
    append(page.isUnsync ? " unsync" : " sync")
  }

  /// Appends an entry's address. The kernel prints a pointer that is hashed anew at each boot; here it is where the entry
  /// lies.
  fileprivate mutating func append(_ name: StaticString, _ place: SPTEPlace) {
    append(name)
    append(digits: place.address.rawValue, atLeast: 16)
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
    guard traces else { return }
    transcript.result.trace.append(TraceLine(event: event()))
  }

  /// Writes a line about a walk, if KVM does it: tracepoints don't see the processor's.
  mutating func trace(_ plan: WalkPlan, _ event: () -> TraceEvent) {
    if plan.actor == .kvm { trace(event) }
  }
}
