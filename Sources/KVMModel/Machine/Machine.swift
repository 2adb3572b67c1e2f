/// Everything that is fixed when a virtual machine is made: the host, the module parameters, the guest's CPUID,
/// what L1 may use for nested guests, and memory.
public struct Machine: Sendable, Hashable, Codable {
  /// The vendor of the processor, hence which of `kvm_intel` and `kvm_amd` runs.
  public var vendor: Vendor = .intel
  /// Two-dimensional paging is on (`kvm_intel.ept`, `kvm_amd.npt`).
  public var tdp = true
  /// The TDP MMU is on (`kvm.tdp_mmu`); it counts only with ``tdp``.
  public var tdpMMU = true
  /// EPT accessed and dirty bits are on (`kvm_intel.eptad`); AMD always has them.
  public var eptAD = true
  /// A root that is found again is flushed and synced (`kvm.flush_on_reuse`).
  public var forceFlushAndSyncOnReuse = false
  /// Slots of the cache of previous roots, 1 to 16 (`KVM_MMU_NUM_PREV_ROOTS`, 3 in Linux).
  public var previousRoots = 3
  /// Number of vCPUs, 1 to 64.
  public var vcpus = 1
  /// A vCPU enters the guest when it is made and after each of its operations.
  public var autoEnter = true
  /// The host.
  public var host = Host()
  /// The guest's CPUID when a vCPU is made.
  public var cpuid = GuestCPUID()
  /// The capabilities that L1 is offered for its own guests, if the host has them.
  public var nested = NestedCapabilities()
  /// Guest memory at the start.
  public var memory = MemoryConfiguration()

  /// A machine with the defaults above.
  public init() {}
}

/// The vendor of a processor.
public enum Vendor: String, Sendable, CaseIterable, Codable {
  /// Intel: VMX, EPT.
  case intel
  /// AMD: SVM, NPT.
  case amd

  /// The vendor's name as it is written in sentences.
  public var name: String { self == .intel ? "Intel" : "AMD" }
}

/// The host's processor and how the host kernel uses it.
public struct Host: Sendable, Hashable, Codable {
  /// Physical-address width in bits, 32 to 52 (`shadow_phys_bits`).
  public var maxPhyAddr = 46
  /// The host kernel runs 5-level paging: NPT has 5 levels, and a guest may set CR4.LA57.
  public var la57 = false
  /// 1 GiB pages.
  public var gbPages = true
  /// EPT capability: 5-level walks.
  public var ept5Level = false
  /// EPT capability: 1 GiB pages.
  public var ept1G = true
  /// EPT capability: execute-only pages.
  public var eptExecuteOnly = true
  /// How many pages in a row the host hands out at once when KVM maps the neighbours of a page in advance, 1 to 8
  /// (`get_user_pages_fast_only`). A host whose memory is all present gives the 8 that KVM asks for at most.
  public var prefetchPages = 1

  /// A host with the defaults above.
  public init() {}
}

/// The part of a guest's CPUID that the MMU depends on.
public struct GuestCPUID: Sendable, Hashable, Codable {
  /// Physical-address width in bits, 32 to 52 (CPUID 0x80000008 EAX[7:0]).
  public var maxPhyAddr = 46
  /// Long mode.
  public var lm = true
  /// No-execute.
  public var nx = true
  /// 1 GiB pages.
  public var gbPages = true
  /// PSE-36; KVM assumes it whatever CPUID says.
  public var pse36 = true
  /// Process-context identifiers.
  public var pcid = true
  /// Supervisor-mode execution prevention.
  public var smep = true
  /// Supervisor-mode access prevention.
  public var smap = true
  /// Protection keys for user pages; KVM offers them only with two-dimensional paging.
  public var pku = true
  /// 57-bit linear addresses; only if the host has them.
  public var la57 = false
  /// User-mode instruction prevention.
  public var umip = true

  /// A CPUID with the defaults above.
  public init() {}

  /// The physical-address bits that the guest may not set (`reserved_gpa_bits`).
  public var reservedAddressBits: UInt64 { bits(maxPhyAddr, 63) }
}

/// What L1 is offered for its own guests on Intel (`nested_vmx_setup_ctls_msrs`).
public struct NestedCapabilities: Sendable, Hashable, Codable {
  /// EPT, and with it unrestricted guests and VMFUNC.
  public var ept = true
  /// VPID and INVVPID.
  public var vpid = true
  /// EPT: execute-only pages.
  public var eptExecuteOnly = true
  /// EPT: 5-level walks.
  public var ept5Level = false
  /// EPT: 1 GiB pages.
  public var ept1G = true
  /// EPT: 2 MiB pages.
  public var ept2M = true
  /// EPT: accessed and dirty flags.
  public var eptAD = true

  /// Capabilities with the defaults above.
  public init() {}

  /// The largest page an entry of L1's EPT may map: 1 for 4 KiB, 2 for 2 MiB, 3 for 1 GiB
  /// (`ept_caps_to_lpage_level`).
  public var hugePageLevel: Int { ept1G ? 3 : ept2M ? 2 : 1 }
}

/// Guest memory when a machine is made.
public struct MemoryConfiguration: Sendable, Hashable, Codable {
  /// The memory slots, at most 16, in both address spaces (normal and system management mode).
  public var slots: [MemorySlot] = [MemorySlot(base: 0, bytes: 1 << 32)]
  /// 64-bit words that lie in memory from the start. One outside every slot is where the guest has no memory: it is never
  /// read.
  public var words: [MemoryWord] = []

  /// One slot of 4 GiB at 0, all zero.
  public init() {}
}

/// A range of guest-physical addresses with memory behind it (`struct kvm_memory_slot`).
public struct MemorySlot: Sendable, Hashable, Codable {
  /// The first guest-physical address; a multiple of 4096.
  public var base: UInt64
  /// The length in bytes; a multiple of 4096, not 0.
  public var bytes: UInt64

  /// A slot; ``Machine/problems()`` tells whether it is legal.
  public init(base: UInt64, bytes: UInt64) {
    self.base = base
    self.bytes = bytes
  }

  /// Whether the slot holds the frame. Never traps, whatever the slot's values.
  public func contains(_ frame: GuestFrameNumber) -> Bool {
    frame.rawValue >= base >> 12 && frame.rawValue - (base >> 12) < bytes >> 12
  }
}

/// A 64-bit word of guest memory.
public struct MemoryWord: Sendable, Hashable, Codable {
  /// Where it lies; a multiple of 8.
  public var address: GuestPhysicalAddress
  /// The word, little-endian in memory.
  public var value: UInt64

  /// A word at an address.
  public init(address: GuestPhysicalAddress, value: UInt64) {
    self.address = address
    self.value = value
  }
}
