/// A page fault that the hardware reports to KVM (`struct kvm_page_fault`).
struct PageFault: Sendable, Hashable {
  /// The address: guest-virtual under shadow paging, guest-physical under two-dimensional paging, L2-physical for
  /// `guest_mmu`.
  let address: UInt64
  /// The error code, bits 31:0.
  let errorCode: AccessMode
  /// EFLAGS.AC is set, which KVM reads from the vCPU and no error code tells.
  let alignmentCheck: Bool

  init(address: UInt64, errorCode: AccessMode, alignmentCheck: Bool) {
    self.address = address
    self.alignmentCheck = alignmentCheck
    self.errorCode = AccessMode(rawValue: errorCode.rawValue & 0xffff_ffff)
  }

  var isWrite: Bool { errorCode.contains(.write) }
  var isUser: Bool { errorCode.contains(.user) }

  /// The frame that a direct mapping has for the address.
  var frame: GuestFrameNumber { GuestFrameNumber(rawValue: address >> 12) }
}

/// What a page fault came to.
public struct FaultReport: Sendable, Hashable {
  /// The address that faulted.
  public let address: UInt64
  /// The error code that the hardware gave.
  public let errorCode: AccessMode
  /// How KVM's handler ended.
  public let result: FaultReturn
  /// The write goes to a table of the very translation that it uses (`write_fault_to_shadow_pgtable`).
  public let writesOwnTable: Bool
  /// The entries that KVM's own walk of the guest's tables read.
  public internal(set) var steps: [WalkStep] = []
  /// Guest memory that changed: accessed and dirty flags.
  public internal(set) var memoryChanges: [MemoryChange] = []

  init(_ fault: PageFault, _ result: FaultReturn, writesOwnTable: Bool = false) {
    address = fault.address
    errorCode = fault.errorCode
    self.result = result
    self.writesOwnTable = writesOwnTable
  }
}

extension VirtualMachine {
  /// Handles a page fault in the MMU in use (`kvm_mmu_do_page_fault`).
  ///
  /// - Throws: what the guest or L1 sees if their own tables fault, or an internal error.
  mutating func doPageFault(_ fault: PageFault) throws(Refused) -> FaultReturn {
    let name = vcpu.mmu
    let handler = vcpu[name].pageFault ?? .tdp
    enter(handler.rawValue) { _ in
      "\(name.rawValue) has a fault at \(hex: fault.address) with error code \(fault.errorCode.summary)."
    }
    defer { leave() }
    let report: FaultReport
    switch handler {
    case .tdp, .nonpaging: report = FaultReport(fault, try directPageFault(fault, name))
    case .paging32, .paging64, .ept: report = try indirectPageFault(fault, name)
    }
    say(handler.rawValue) { _ in "RET_PF_\(report.result.rawValue.uppercased()): \(report.result.meaning)" }
    transcript.result.faults.append(report)
    return report.result
  }

  /// Whether the fault is a write to a guest table whose writes KVM must see (`page_fault_handle_page_track`).
  mutating func isTrackedWrite(_ fault: PageFault, _ frame: GuestFrameNumber) -> Bool {
    guard fault.errorCode.isSuperset(of: [.present, .write]), !fault.errorCode.contains(.reserved),
      isWriteTracked(frame, inSMM: vcpu.smm)
    else { return false }
    say("page_fault_handle_page_track") { _ in
      "The write goes to a guest table in frame \(hex: frame.rawValue) that KVM shadows: it is emulated."
    }
    return true
  }

  /// Looks for the host's page behind a frame (`kvm_faultin_pfn`, `handle_abnormal_pfn`).
  ///
  /// - Parameters:
  ///   - address: the address to remember for MMIO; 0 under two-dimensional paging.
  ///   - access: the rights to remember for MMIO.
  /// - Returns: `continue`, or `emulate` if there is no memory and KVM makes no MMIO entry for it.
  mutating func findHostPage(
    _ frame: GuestFrameNumber, address: UInt64, access: AccessRights
  ) -> FaultReturn {
    if memory.isVisible(frame) { return .continue }
    rememberMMIO(address: address, frame: frame, access: access)
    let width = machine.tdp ? machine.host.maxPhyAddr : 52
    let makesEntry = spteFormat.mmioValue != nil && frame.rawValue >> UInt64(width - 12) == 0
    say("handle_abnormal_pfn") { _ in
      "No memory slot holds frame \(hex: frame.rawValue): the access is a device's (MMIO)"
        + (makesEntry ? "." : ", and this host can't mark that in an entry: it is emulated.")
    }
    return makesEntry ? .continue : .emulate
  }

  /// Makes room for the shadow pages that a fault may need.
  mutating func reserveShadowPages() throws(Refused) {
    do {
      try makePagesAvailable()
    } catch {
      throw Refused(outcome: .internalError(.noShadowPages))
    }
  }

  /// Whether the root that the fault happened under was zapped meanwhile (`is_page_fault_stale`).
  func isStale(_ name: MMUName) -> Bool {
    guard let hpa = vcpu[name].root.hpa, let page = pages[hpa] else {
      return vcpu.requests.contains(.freeObsoleteRoots)
    }
    return isObsolete(page)
  }

  mutating func retryStale() -> FaultReturn {
    say("is_page_fault_stale") { _ in "The root was zapped meanwhile: the guest tries again with a new one." }
    return .retry
  }
}

extension Refusal {
  /// Every shadow page that is allowed is a root.
  static let noShadowPages = Refusal(
    function: "make_mmu_pages_available",
    reason: "every shadow page that the memory's size allows is a root (KVM_RUN fails with ENOSPC)")
}

extension FaultReturn {
  /// What follows from it, in a sentence.
  var meaning: String {
    switch self {
    case .continue: "the next step follows."
    case .retry: "the guest runs the instruction again."
    case .emulate: "KVM emulates the instruction."
    case .invalid: "the full way is taken."
    case .fixed: "an entry was made or changed, and the guest runs the instruction again."
    case .spurious: "the entry is already right, and the guest runs the instruction again."
    }
  }
}
