/// A session as the store has it.
public struct StoredSession: Sendable, Hashable {
  /// What a list shows of it.
  public var summary: SessionSummary
  /// What the session began with, beside the summary.
  public var header: [UInt8]
  /// The newest snapshot that was asked for, if there is one.
  public var snapshot: Snapshot?
  /// What came after the snapshot, or after revision 1, in order.
  public var entries: [StoredEntry]
}

/// What a list shows of a session.
public struct SessionSummary: Sendable, Hashable {
  /// The id that it was made with.
  public var id: StoredSessionID
  /// As it was given when the session was made.
  public var summary: [UInt8]
  /// When the session was made, in seconds since 1970.
  public var created: Int
  /// The last recorded use, in seconds since 1970.
  public var lastUsed: Int
  /// 1, and one more for each entry of the history.
  public var revision: Int
}

/// A step of a session's history.
public struct StoredEntry: Sendable, Hashable {
  /// The revision that it led to.
  public var revision: Int
  /// What was done.
  public var bytes: [UInt8]
  /// What came of it, in short.
  public var outcome: [UInt8]
}

/// The order of a list of sessions, and where a page of it begins.
public enum ListOrder: Sendable, Hashable {
  /// By id; nil for the first page, else the last id of the page before.
  case byID(after: StoredSessionID?)
  /// The most recently used first; nil for the first page, else the last session of the page before. A session that is
  /// used between two pages can be missed.
  case byLastUse(after: SessionSummary?)
}

/// How much there is in a store.
public struct StoreCounts: Sendable, Hashable {
  /// Sessions.
  public var sessions: Int
  /// Entries of all histories.
  public var entries: Int
  /// Snapshots of all sessions.
  public var snapshots: Int
  /// Remembered answers, valid or not.
  public var answers: Int
  /// The size of the database and of the log of its last writes, in bytes.
  public var bytes: Int
}
