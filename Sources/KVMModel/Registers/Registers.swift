/// The registers of a vCPU that its MMUs depend on (part of `struct kvm_vcpu_arch`).
public struct Registers: Sendable, Hashable, Codable {
  /// Control register 0.
  public var cr0: CR0 = .reset
  /// Control register 3: the top-level table's address and, with CR4.PCIDE, the PCID in bits 11:0.
  public var cr3: UInt64 = 0
  /// Control register 4.
  public var cr4: CR4 = []
  /// The extended feature enable register.
  public var efer: EFER = []
  /// Protection-key rights for user pages: for key k bit 2k denies access and bit 2k+1 denies writes.
  public var pkru: UInt32 = 0
  /// CS.L: the code segment holds 64-bit code.
  public var codeSegmentLong = false

  /// The registers after power-up.
  public init() {}

  /// Paging is on (`is_paging`).
  public var isPaging: Bool { cr0.contains(.pg) }
  /// The guest uses PAE paging: CR0.PG and CR4.PAE without long mode (`is_pae_paging`).
  public var isPAEPaging: Bool { isPaging && cr4.contains(.pae) && !efer.contains(.lma) }
  /// The process-context identifier in use: CR3[11:0] with CR4.PCIDE, else 0 (`kvm_get_active_pcid`).
  public var activePCID: UInt64 { cr4.contains(.pcide) ? cr3 & 0xfff : 0 }

  /// How the guest translates addresses.
  public var pagingMode: PagingMode {
    guard isPaging else { return .none }
    guard efer.contains(.lma) else { return cr4.contains(.pae) ? .pae : .thirtyTwoBit }
    return cr4.contains(.la57) ? .fiveLevel : .fourLevel
  }

  /// Whether the bits of a linear address that no table translates are copies of the highest one that is (Intel SDM volume
  /// 1, section 3.3.7.1).
  func isCanonical(_ address: UInt64) -> Bool {
    let unused: Int64 = cr4.contains(.la57) ? 64 - 57 : 64 - 48
    let signed = Int64(bitPattern: address)
    return (signed << unused) >> unused == signed
  }
}

/// The paging modes of the architecture (Intel SDM volume 3, section 5.1.1).
public enum PagingMode: String, Sendable, CaseIterable {
  /// CR0.PG is 0.
  case none
  /// Two levels of 4-byte entries.
  case thirtyTwoBit = "32-bit"
  /// Four PDPTEs and two levels of 8-byte entries.
  case pae
  /// Four levels of 8-byte entries.
  case fourLevel = "4-level"
  /// Five levels of 8-byte entries.
  case fiveLevel = "5-level"
}
