/// When a write is acknowledged, and what survives then.
///
/// In each of them a unit of writes is stored whole or not at all, in the order of submission, and neither a killed
/// process nor a power cut damages the database.
public enum Durability: Sendable, Hashable {
  /// Acknowledged when it is on the disk: each commit is synced (`PRAGMA synchronous = FULL`). Survives a kill of the
  /// process and a power cut, as far as the disk keeps what it has acknowledged.
  case full
  /// Acknowledged when the operating system has it (`PRAGMA synchronous = NORMAL`). Survives a kill of the process; a
  /// power cut or a crash of the system may take what came after the last checkpoint: a tail of the commits.
  case normal
  /// Acknowledged when it is accepted; committed, as under ``normal``, at least every so many milliseconds. A kill of
  /// the process may take what was acknowledged within that time and the time of a commit: a tail of the writes. While
  /// half of the room for what waits is taken, and after a commit that failed (a full disk) until one succeeds, writes
  /// are acknowledged only once they are committed; those acknowledged before are kept and tried again.
  case relaxed(milliseconds: Int)
}

/// How a store works.
public struct StoreOptions: Sendable {
  /// When a write is acknowledged.
  public var durability = Durability.full
  /// The most units that may wait to be written.
  public var maximumWaitingUnits = 65_536
  /// The most bytes that may wait to be written. One unit may be larger, if nothing else waits.
  public var maximumWaitingBytes = 64 << 20
  /// The size that the database may grow to, in bytes, without the log of the last writes; nil for what the disk has.
  public var maximumSize: Int?
  /// How many reads can go on at once, 1 or more.
  public var readers = 4

  /// The defaults.
  public init() {}
}
