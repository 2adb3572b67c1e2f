/// An access by the guest itself.
public struct AccessRequest: Sendable, Hashable {
  /// The guest-virtual address.
  public var address: UInt64
  /// What is done.
  public var kind: WalkRequest.Access
  /// The privilege level, 0 to 3; 3 is the user.
  public var privilegeLevel: Int
  /// An implicit supervisor access, such as the processor's own of a descriptor table.
  public var implicit: Bool
  /// EFLAGS.AC is set, which frees explicit supervisor accesses from SMAP.
  public var alignmentCheck: Bool
  /// What is written; `nil` writes what lies there.
  public var value: UInt64?
  /// How many bytes are read or written: 1, 2, 4 or 8. They lie in one page.
  public var bytes: Int

  /// An access.
  public init(
    address: UInt64, kind: WalkRequest.Access, privilegeLevel: Int = 0, implicit: Bool = false,
    alignmentCheck: Bool = false, value: UInt64? = nil, bytes: Int = 8
  ) {
    self.address = address
    self.kind = kind
    self.privilegeLevel = privilegeLevel
    self.implicit = implicit
    self.alignmentCheck = alignmentCheck
    self.value = value
    self.bytes = bytes
  }

  /// The access as bits of an error code.
  var mode: AccessMode {
    WalkRequest(
      address: address, access: kind, user: privilegeLevel == 3 && !implicit, implicit: implicit,
      alignmentCheck: alignmentCheck
    ).access
  }
}

/// What an access of the guest came to.
public struct AccessReport: Sendable, Hashable {
  /// How often the guest tried, the last time included.
  public var tries = 0
  /// KVM carried the instruction out, rather than the processor.
  public var isEmulated = false
  /// No memory lies there: user space is to act as the device (KVM_EXIT_MMIO).
  public var isMMIO = false
  /// What was read, or what was written; `nil` if the access did not succeed or reached a device.
  public var value: UInt64?
}
