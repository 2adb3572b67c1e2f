/// What an access does, as bits of a page-fault error code (`PFERR_*`).
struct AccessMode: OptionSet, Hashable, Sendable {
  let rawValue: UInt64

  /// The entry was present: the fault is one of rights or of reserved bits.
  static let present = AccessMode(rawValue: 1 << 0)
  /// A write.
  static let write = AccessMode(rawValue: 1 << 1)
  /// A user access; in EPT: a read.
  static let user = AccessMode(rawValue: 1 << 2)
  /// A reserved bit was set.
  static let reserved = AccessMode(rawValue: 1 << 3)
  /// An instruction fetch.
  static let fetch = AccessMode(rawValue: 1 << 4)
}

/// A walk that failed, as KVM describes it (`struct x86_exception`).
struct WalkFault: Error, Hashable, Sendable {
  /// The error code of the fault, 16 bits.
  let errorCode: AccessMode
  /// The address that was looked for.
  let address: UInt64
}
