/// What an operation did.
public struct OperationResult: Sendable, Hashable {
  /// How it ended.
  public var outcome: Outcome
  /// Shadow pages made.
  public var pagesCreated = 0
  /// Shadow pages zapped.
  public var pagesZapped = 0
  /// Roots let go.
  public var rootsFreed = 0
  /// The kernel functions passed through, in order.
  public internal(set) var narration = Narration()
  /// What is different after it.
  public internal(set) var changes: [Change] = []
  /// Lines as the kernel's tracepoints would print them.
  public internal(set) var trace: [TraceLine] = []
  /// Each search of a root cache.
  public internal(set) var lookups: [RootLookup] = []
  /// The vendor's TLB callbacks, in order.
  public internal(set) var tlb: [TLBCall] = []
  /// None or one: most operations look for no address.
  private var memoryWork: [MemoryWork] = []

  init(outcome: Outcome) { self.outcome = outcome }
}

/// What walks, faults, accesses and mappings came to.
private struct MemoryWork: Sendable, Hashable {
  var walk: WalkReport?
  var map: MapReport?
  var walkSteps: [WalkStep] = []
  var faults: [FaultReport] = []
  var access: AccessReport?
  var memoryChanges: [MemoryChange] = []
}

extension OperationResult {
  /// Whether there is something of what follows.
  public var hasMemoryWork: Bool { !memoryWork.isEmpty }
  /// What a walk that was asked for found.
  public internal(set) var walk: WalkReport? {
    get { memoryWork.first?.walk }
    set { work.walk = newValue }
  }
  /// What a mapping that was asked for wrote.
  public internal(set) var map: MapReport? {
    get { memoryWork.first?.map }
    set { work.map = newValue }
  }
  /// The table entries that walks read, in order.
  public internal(set) var walkSteps: [WalkStep] {
    get { memoryWork.first?.walkSteps ?? [] }
    _modify { yield &work.walkSteps }
  }
  /// The page faults that KVM handled, in order.
  public internal(set) var faults: [FaultReport] {
    get { memoryWork.first?.faults ?? [] }
    _modify { yield &work.faults }
  }
  /// What an access of the guest came to.
  public internal(set) var access: AccessReport? {
    get { memoryWork.first?.access }
    _modify { yield &work.access }
  }
  /// Guest memory that the operation itself changed: accessed and dirty flags, and mapped entries.
  public internal(set) var memoryChanges: [MemoryChange] {
    get { memoryWork.first?.memoryChanges ?? [] }
    _modify { yield &work.memoryChanges }
  }

  private var work: MemoryWork {
    get { memoryWork.first ?? MemoryWork() }
    _modify {
      if memoryWork.isEmpty { memoryWork = [MemoryWork()] }
      yield &memoryWork[0]
    }
  }

  /// Makes room for the parts that are wanted.
  mutating func reserve(for detail: Detail) {
    if detail.contains(.narration) { narration.reserveCapacity() }
    if detail.contains(.tlb) { tlb.reserveCapacity(8) }
  }
}

/// Which parts of a result are wanted; what is not wanted costs nothing.
public struct Detail: OptionSet, Sendable, Hashable {
  /// The wanted parts.
  public var rawValue: UInt8

  /// Takes the bits as they stand.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// ``OperationResult/narration``.
  public static let narration = Detail(rawValue: 1)
  /// ``OperationResult/changes``.
  public static let changes = Detail(rawValue: 2)
  /// ``OperationResult/lookups``.
  public static let lookups = Detail(rawValue: 4)
  /// ``OperationResult/tlb``.
  public static let tlb = Detail(rawValue: 8)
  /// ``OperationResult/walkSteps``.
  public static let walk = Detail(rawValue: 16)
  /// ``OperationResult/memoryChanges``.
  public static let memory = Detail(rawValue: 32)
  /// ``OperationResult/trace``.
  public static let trace = Detail(rawValue: 64)
  /// Everything.
  public static let all: Detail = [.narration, .changes, .lookups, .tlb, .walk, .memory, .trace]
}

/// What a step changed.
public enum Effect: Sendable, Hashable {
  /// Requests were raised.
  case raised(Requests)
  /// A request was served.
  case served(Requests)
  /// A root was let go.
  case freedRoot(MMUName, slot: RootSlot, hpa: HostPhysicalAddress)
  /// A root was loaded.
  case loadedRoot(MMUName, hpa: HostPhysicalAddress, pgd: UInt64)
  /// A shadow page was made.
  case createdPage(hpa: HostPhysicalAddress, frame: GuestFrameNumber, role: PageRole)
  /// A shadow page was found again.
  case foundPage(hpa: HostPhysicalAddress, frame: GuestFrameNumber, role: PageRole)
  /// A shadow page was zapped; it lives on as invalid while it is a root.
  case zappedPage(hpa: HostPhysicalAddress, frame: GuestFrameNumber, role: PageRole)
  /// A shadow page may go out of date from now on.
  case unsyncPage(hpa: HostPhysicalAddress, frame: GuestFrameNumber, role: PageRole)
  /// A shadow page counts as in sync again.
  case syncedPage(hpa: HostPhysicalAddress, frame: GuestFrameNumber, role: PageRole)
  /// An entry of a shadow page was written.
  case wroteEntry(page: HostPhysicalAddress, index: Int, value: SPTE)
  /// An MMU's roles were computed.
  case roles(MMUName, vcpuRole: VCPURole, mmuRole: PageRole)
  /// The kernel does something arguably wrong here, and the model follows it.
  case quirk
}

/// A slot of an MMU's root cache.
public enum RootSlot: Sendable, Hashable {
  /// The root in use.
  case current
  /// A previous root, 0 the most recent.
  case previous(Int)

  /// The word the API uses.
  public var name: String {
    switch self {
    case .current: "current"
    case .previous(let index): String(index)
    }
  }
}

/// One value of the vCPU that an operation changed.
public struct Change: Sendable, Hashable {
  /// Where it stands in the VCPU document, such as `root_mmu.mmu_role.level`; another vCPU's begins with
  /// `vcpus[n].`.
  public var path: ChangePath
  /// The value before.
  public var from: Value
  /// The value after.
  public var to: Value

  /// A value of a document. None has anything on the heap, so that a change is copied and dropped for nothing.
  public enum Value: Sendable, Hashable {
    /// Does not exist.
    case null
    /// A yes or no.
    case flag(Bool)
    /// A small number.
    case number(Int)
    /// Up to 64 bits, written in hexadecimal.
    case word(UInt64)
    /// How the guest translates addresses.
    case pagingMode(PagingMode)
    /// One of the MMUs.
    case mmu(MMUName)
    /// What handles page faults.
    case pageFault(PageFaultHandler)
    /// What walks guest tables.
    case walkFormat(WalkFormat)
    /// Access bits.
    case access(AccessEncoding, UInt64)
    /// Pending requests.
    case requests(Requests)
    /// A list of 64-bit values.
    case words(FourWords)
    /// An MMU's permission bytes.
    case permissions(Permissions)

    /// The word that stands for it in documents; `nil` for what is written otherwise.
    public var name: String? {
      switch self {
      case .pagingMode(let mode): mode.rawValue
      case .mmu(let name): name.rawValue
      case .pageFault(let handler): handler.rawValue
      case .walkFormat(let format): format.rawValue
      case .access(let encoding, let value): encoding.text(value)
      default: nil
      }
    }
  }
}

/// A call of the vendor's module that flushes translations or loads a root.
public enum TLBCall: Sendable, Hashable {
  /// All translations of the vCPU.
  case flushAll
  /// The current context's.
  case flushCurrent
  /// Those the guest could flush itself.
  case flushGuest
  /// Those of one guest-virtual address.
  case flushGVA(UInt64)
  /// A root is given to the hardware.
  case loadMMUPGD(root: HostPhysicalAddress, level: Int)
  /// Intel: INVVPID.
  case invvpid(type: Int, vpid: UInt16)
  /// Intel: INVEPT.
  case invept(type: Int, eptp: UInt64)
}

/// One search of a root cache (`fast_pgd_switch`).
public struct RootLookup: Sendable, Hashable {
  /// The MMU whose cache was searched.
  public var mmu: MMUName
  /// The top-level value looked for.
  public var pgd: UInt64
  /// The role looked for.
  public var role: PageRole
  /// What was compared, in order.
  public var candidates: [Candidate]
  /// Where it was found; `nil` for a miss.
  public var hit: RootSlot?
  /// The slots before the search: the current root, then the previous ones.
  public var before: [Root]
  /// The slots after it.
  public var after: [Root]

  /// A slot that was compared.
  public struct Candidate: Sendable, Hashable {
    /// The slot, as it was before the search.
    public var slot: RootSlot
    /// The top-level value that its root belongs to; ``invalidPage`` if it never held one.
    public var pgd: UInt64
    /// Whether it fits, or what kept it from fitting.
    public var verdict: Verdict
    /// The role of the root, if it has a shadow page.
    public var role: PageRole?
  }

  /// How a comparison ended.
  public enum Verdict: String, Sendable, Codable {
    /// The root can be used.
    case hit
    /// It belongs to another top-level value.
    case pgdDiffers = "pgd-differs"
    /// Its shadow page has another role.
    case roleDiffers = "role-differs"
    /// The slot is empty.
    case invalid
    /// It is a special root, which the cache can't hold.
    case noShadowPage = "no-shadow-page"
  }
}

/// Why an operation makes no sense in the state it meets. Nothing has changed.
public enum OperationError: Error, Sendable, Hashable {
  /// There is no such vCPU.
  case noSuchVCPU(Int)
  /// The state forbids it.
  case conflict(String)
  /// A value is wrong; the pointer is relative to the operation's body.
  case invalid(Problem)
}
