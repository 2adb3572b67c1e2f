/// Which of a vCPU's three MMUs.
public enum MMUName: String, Sendable, CaseIterable, Codable {
  /// L1's, and L2's when L1 uses no nested paging.
  case root = "root_mmu"
  /// The one that shadows L1's EPT or NPT tables for L2.
  case guest = "guest_mmu"
  /// The one that only walks L2's own page tables.
  case nested = "nested_mmu"
}

/// One of a vCPU's MMUs (`struct kvm_mmu`).
public struct MMU: Sendable, Hashable, Codable {
  /// What the guest's paging mode is (Linux's `cpu_role`).
  public internal(set) var vcpuRole = VCPURole(rawValue: 0)
  /// What the tables that KVM builds look like (Linux's `root_role`).
  public internal(set) var mmuRole = PageRole(rawValue: 0)
  /// The root in use.
  public internal(set) var root: Root
  /// The cache of previous roots, most recent first.
  public internal(set) var previousRoots: [Root]
  /// The page of four PAE roots, if the MMU has one.
  public internal(set) var paeRoot: PAERootTable?
  /// The special level-4 root in front of ``paeRoot``, if the MMU has one.
  public internal(set) var pml4Root: SpecialRoot?
  /// The special level-5 root in front of ``pml4Root``, if the MMU has one.
  public internal(set) var pml5Root: SpecialRoot?
  /// The PDPTEs of the guest whose tables this MMU walks, as last loaded (`mmu->pdptrs`).
  public internal(set) var pdptrs: SIMD4<UInt64> {
    get { pdptes.vector }
    set { pdptes = FourWords(newValue) }
  }
  private(set) var pdptes = FourWords()
  /// The function that handles page faults; `nil` before the MMU is initialised and for `nested_mmu`.
  public internal(set) var pageFault: PageFaultHandler?
  /// The format of the guest tables that software walks read; `nil` before the MMU is initialised.
  public internal(set) var walkFormat: WalkFormat?
  /// Which accesses fault, by page rights and kind of access.
  public internal(set) var permissions = Permissions()
  /// Which accesses protection keys may deny (`pkru_mask`).
  public internal(set) var pkruMask: UInt32 = 0
  /// Reserved bits of the guest's entries.
  public internal(set) var guestReservedBits = ReservedBits()
  /// Bits that KVM's own entries never set.
  public internal(set) var shadowZeroBits = ReservedBits()

  init(root: Root, previousRoots: [Root]) {
    self.root = root
    self.previousRoots = previousRoots
  }
}

/// A root: a guest's top-level value and the table that KVM built for it (`struct kvm_mmu_root_info`).
public struct Root: Sendable, Hashable, Codable {
  /// CR3 with its PCID, the whole EPT pointer, or nCR3; ``invalidPage`` if there never was one.
  public var pgd: UInt64
  /// Where the table lies; `nil` if the root is not valid.
  public var hpa: HostPhysicalAddress?

  /// A slot that never held a root.
  public static let empty = Root(pgd: invalidPage, hpa: nil)
  /// The current root before the first one is loaded.
  static let unloaded = Root(pgd: 0, hpa: nil)
}

/// The page of four entries that a PAE guest's tables hang from; it has no shadow page.
public struct PAERootTable: Sendable, Hashable, Codable {
  /// Where it lies.
  public var hpa: HostPhysicalAddress
  /// The entries, 0 where there is none: a shadow page's address and its low bits.
  public var entries: SIMD4<UInt64> {
    get { words.vector }
    set { words = FourWords(newValue) }
  }
  private(set) var words = FourWords()

  /// A table without entries.
  public init(hpa: HostPhysicalAddress) { self.hpa = hpa }
}

/// A page with one entry that puts ``PAERootTable`` under a 4- or 5-level root; it has no shadow page.
public struct SpecialRoot: Sendable, Hashable, Codable {
  /// Where it lies.
  public var hpa: HostPhysicalAddress
  /// Its entry 0: the next table's address and its low bits.
  public var entry: UInt64 = 0
}

/// The functions that handle page faults (`kvm_mmu.page_fault`).
public enum PageFaultHandler: String, Sendable, Codable {
  /// Two-dimensional paging.
  case tdp = "kvm_tdp_page_fault"
  /// Shadow paging for a guest with paging off.
  case nonpaging = "nonpaging_page_fault"
  /// Shadow paging for 4-byte entries.
  case paging32 = "paging32_page_fault"
  /// Shadow paging for 8-byte entries.
  case paging64 = "paging64_page_fault"
  /// Shadowing of L1's EPT.
  case ept = "ept_page_fault"

  /// Whether `kvm_mmu.invlpg` is set: only where guest tables are shadowed.
  var hasInvlpg: Bool { self != .tdp && self != .nonpaging }
}

/// The formats of guest tables, named by the function that walks them (`kvm_mmu.gva_to_gpa`).
public enum WalkFormat: String, Sendable, Codable {
  /// No tables: addresses are physical.
  case nonpaging = "nonpaging_gva_to_gpa"
  /// 4-byte entries.
  case paging32 = "paging32_gva_to_gpa"
  /// 8-byte entries: PAE, 4-level and 5-level.
  case paging64 = "paging64_gva_to_gpa"
  /// EPT entries.
  case ept = "ept_gva_to_gpa"

  /// The format that a guest's role asks for.
  init(_ role: VCPURole) {
    self = role.base.level == 0 ? .nonpaging : role.base.has4ByteGPTE ? .paging32 : .paging64
  }

  /// The functions that the kernel compiles for each format (`paging_tmpl.h`), besides those named by
  /// ``PageFaultHandler``.
  var functions: (syncPage: String, invlpg: String, prefetchGPTE: String) {
    switch self {
    case .nonpaging: ("nonpaging_sync_page", "", "")
    case .paging32: ("paging32_sync_page", "paging32_invlpg", "paging32_prefetch_gpte")
    case .paging64: ("paging64_sync_page", "paging64_invlpg", "paging64_prefetch_gpte")
    case .ept: ("ept_sync_page", "ept_invlpg", "ept_prefetch_gpte")
    }
  }

  /// The page-fault handler of shadow paging for this format.
  var shadowPageFault: PageFaultHandler {
    switch self {
    case .nonpaging: .nonpaging
    case .paging32: .paging32
    case .paging64: .paging64
    case .ept: .ept
    }
  }
}
