/// What a software walk found (`gva_to_gpa`).
public struct WalkReport: Sendable, Hashable {
  /// Where it led, or how it failed.
  public var result: Result<GuestPhysicalAddress, WalkFault>
  /// The exit qualification that an EPT violation would carry.
  public var exitQualification: UInt64
}

/// One table entry that a walk read.
public struct WalkStep: Sendable, Hashable {
  /// Whose table it is.
  public var stage: Stage
  /// 0 for the tables that the walk is about; 1 for a nested table read to reach one of them.
  public var nesting: Int
  /// The level, 1 to 5.
  public var level: Int
  /// Where the table lies, as the walker's tables give it; `nil` for a PDPTE that was loaded before.
  public var table: UInt64?
  /// The entry's place in the table.
  public var index: Int
  /// Where the entry lies in guest-physical memory; `nil` if it can't be reached, or lies in a table of KVM's.
  public var entryAddress: GuestPhysicalAddress?
  /// Where the entry lies in a table that KVM built; `nil` for a guest's table.
  public var shadowEntryAddress: HostPhysicalAddress?
  /// The entry; `nil` if it can't be read.
  public var entry: UInt64?
  /// The entry's flags by name.
  public var flags: [String]
  /// What was concluded, in a sentence.
  public var conclusion: String
  /// Entries read so far, this one included: the memory references of the walk.
  public var references: Int

  /// Whose tables.
  public enum Stage: String, Sendable {
    /// The guest's own.
    case guest
    /// EPT: L1's for its guest; what KVM built for the processor if ``WalkStep/shadowEntryAddress`` is there.
    case ept
    /// NPT: L1's for its guest; what KVM built for the processor if ``WalkStep/shadowEntryAddress`` is there.
    case npt
    /// The shadow pages that KVM built from the guest's own tables.
    case shadow
  }
}

/// An entry or word of guest memory that an operation changed.
public struct MemoryChange: Sendable, Hashable {
  /// Where it lies.
  public var address: GuestPhysicalAddress
  /// Its size: an entry's 4 or 8 bytes, an access's 1, 2, 4 or 8.
  public var bytes: Int
  /// The value before.
  public var from: UInt64
  /// The value after.
  public var to: UInt64
}
