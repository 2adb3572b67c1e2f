/// What an access does, as bits of a page-fault error code (`PFERR_*`). 64 bits, of which guests see 16.
public struct AccessMode: OptionSet, Hashable, Sendable, Codable {
  /// The bits as they stand.
  public let rawValue: UInt64

  /// Takes the bits as they stand.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The entry was present: the fault is one of rights or of reserved bits.
  public static let present = AccessMode(rawValue: 1 << 0)
  /// A write.
  public static let write = AccessMode(rawValue: 1 << 1)
  /// A user access; in EPT: a read.
  public static let user = AccessMode(rawValue: 1 << 2)
  /// A reserved bit was set.
  public static let reserved = AccessMode(rawValue: 1 << 3)
  /// An instruction fetch.
  public static let fetch = AccessMode(rawValue: 1 << 4)
  /// A protection key denied the access.
  public static let protectionKey = AccessMode(rawValue: 1 << 5)
  /// Two dimensions: the fault was on the final address.
  public static let guestFinal = AccessMode(rawValue: 1 << 32)
  /// Two dimensions: the fault was on a table of the guest.
  public static let guestPage = AccessMode(rawValue: 1 << 33)
  /// Software only: an implicit supervisor access, which EFLAGS.AC does not free from SMAP.
  public static let implicit = AccessMode(rawValue: 1 << 48)
  /// Software only, this model's: EFLAGS.AC is set.
  static let alignmentCheck = AccessMode(rawValue: 1 << 62)

  /// The bits that say what the access does.
  static let kinds: AccessMode = [.write, .user, .fetch]

  /// What the access does, as an exit qualification for EPT has it: bit 0 read, 1 write, 2 fetch.
  var eptKind: UInt64 { (contains(.user) ? 1 : 0) | (contains(.write) ? 2 : 0) | (contains(.fetch) ? 4 : 0) }
}

/// A walk that failed, as KVM describes it (`struct x86_exception`).
public struct WalkFault: Error, Hashable, Sendable {
  /// The error code, 16 bits.
  public let errorCode: AccessMode
  /// The address that was looked for.
  public let address: UInt64
  /// The tables were L1's nested ones (`nested_page_fault`).
  public let nested: Bool
}
