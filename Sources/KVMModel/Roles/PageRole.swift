/// The role of a shadow page or root: what its entries mean and for whom (`union kvm_mmu_page_role`,
/// 32 bits, as of Linux 6.1). An MMU's `mmu_role` (Linux's `root_role`) is one.
public struct PageRole: RawRepresentable, Hashable, Sendable, Codable {
  /// The word as KVM compares it.
  public var rawValue: UInt32

  /// Takes a word as it stands.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Level of the page, 1 to 5; in a `vcpu_role` the level of the guest's root, 0 with paging off.
  public var level: Int {
    get { Int(self[0, 4]) }
    set { self[0, 4] = UInt32(newValue) }
  }
  /// The guest's entries are 4 bytes wide.
  public var has4ByteGPTE: Bool {
    get { self[4] }
    set { self[4] = newValue }
  }
  /// Which part of a guest table of 4-byte entries the page covers, 0 to 3.
  public var quadrant: Int {
    get { Int(self[5, 2]) }
    set { self[5, 2] = UInt32(newValue) }
  }
  /// No guest table stands behind the page: it maps a linear range of frames.
  public var direct: Bool {
    get { self[7] }
    set { self[7] = newValue }
  }
  /// What the entries above allow: bit 0 execute, bit 1 write, bit 2 user (in EPT: read).
  public var access: AccessRights {
    get { AccessRights(rawValue: UInt8(self[8, 3])) }
    set { self[8, 3] = UInt32(newValue.rawValue) }
  }
  /// The page was zapped while it was still a root.
  public var invalid: Bool {
    get { self[11] }
    set { self[11] = newValue }
  }
  /// No-execute is in force.
  public var eferNX: Bool {
    get { self[12] }
    set { self[12] = newValue }
  }
  /// CR0.WP is in force.
  public var cr0WP: Bool {
    get { self[13] }
    set { self[13] = newValue }
  }
  /// CR4.SMEP is set and CR0.WP is not.
  public var smepAndNotWP: Bool {
    get { self[14] }
    set { self[14] = newValue }
  }
  /// CR4.SMAP is set and CR0.WP is not.
  public var smapAndNotWP: Bool {
    get { self[15] }
    set { self[15] = newValue }
  }
  /// The tables have no accessed and dirty bits.
  public var adDisabled: Bool {
    get { self[16] }
    set { self[16] = newValue }
  }
  /// Built for an L2 guest.
  public var guestMode: Bool {
    get { self[17] }
    set { self[17] = newValue }
  }
  /// A level-5 page in front of a 4-level guest table.
  public var passthrough: Bool {
    get { self[18] }
    set { self[18] = newValue }
  }
  /// Built for system management mode.
  public var smm: Bool {
    get { self[24, 8] != 0 }
    set { self[24, 8] = newValue ? 1 : 0 }
  }

  private subscript(_ bit: UInt32) -> Bool {
    get { rawValue &>> bit & 1 != 0 }
    set { rawValue = newValue ? rawValue | 1 &<< bit : rawValue & ~(1 &<< bit) }
  }

  private subscript(_ low: UInt32, _ width: UInt32) -> UInt32 {
    get { rawValue &>> low & (1 &<< width &- 1) }
    set {
      let mask: UInt32 = (1 &<< width &- 1) &<< low
      rawValue = rawValue & ~mask | newValue &<< low & mask
    }
  }
}

/// What an entry allows, in KVM's encoding (`ACC_EXEC_MASK`, `ACC_WRITE_MASK`, `ACC_USER_MASK`). 3 bits.
public struct AccessRights: OptionSet, Hashable, Sendable, Codable {
  /// The bits as they stand in `role.access`.
  public var rawValue: UInt8

  /// Takes the bits as they stand.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Instruction fetches are allowed.
  public static let execute = AccessRights(rawValue: 1)
  /// Writes are allowed.
  public static let write = AccessRights(rawValue: 2)
  /// User accesses are allowed; in EPT: reads.
  public static let user = AccessRights(rawValue: 4)
  /// All three (`ACC_ALL`).
  public static let all: AccessRights = [.execute, .write, .user]
}
