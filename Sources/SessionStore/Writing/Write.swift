/// One change to the store.
public enum Write: Sendable {
  /// Makes a session, at revision 1, last used when it was made.
  /// - `summary`: what a list of sessions shows; keep it short.
  /// - `header`: the rest of what the session began with.
  /// - `time`: seconds since 1970.
  case create(StoredSessionID, summary: [UInt8], header: [UInt8], time: Int)
  /// Makes a session with the history of another up to a revision, and its snapshots up to there.
  case fork(
    StoredSessionID, revision: Int, into: StoredSessionID, summary: [UInt8], header: [UInt8], time: Int)
  /// Adds to the session's history. The session must be at `revision`; each entry takes it one further.
  case append(StoredSessionID, after: Int, entries: [NewEntry])
  /// Records a use, in seconds since 1970, unless a later one is known. It costs as much as an entry: leave it out
  /// while the recorded use is recent.
  case touch(StoredSessionID, time: Int)
  /// Keeps the session's state at a revision, and of all its snapshots only the `keeping` newest.
  case snapshot(StoredSessionID, Snapshot, keeping: Int)
  /// Removes a session with all that belongs to it.
  case delete(StoredSessionID)
  /// Keeps what a request with an idempotency key was answered. The unit fails if the key has an answer that is still
  /// valid at ``StoredAnswer/time``, so that the same request is not applied twice.
  case remember(AnswerKey, StoredAnswer)
}

/// One step of a session's history, which the store does not look into.
public struct NewEntry: Sendable, Hashable {
  /// What was done.
  public var bytes: [UInt8]
  /// What came of it, in short.
  public var outcome: [UInt8]

  /// A step.
  public init(bytes: [UInt8], outcome: [UInt8]) {
    self.bytes = bytes
    self.outcome = outcome
  }
}

/// A session's state, which the store does not look into.
public struct Snapshot: Sendable, Hashable {
  /// The revision whose state it is.
  public var revision: Int
  /// What the bytes mean: a reader that knows another format passes them over.
  public var format: String
  /// The state, as the format has it.
  public var bytes: [UInt8]

  /// A state.
  public init(revision: Int, format: String, bytes: [UInt8]) {
    self.revision = revision
    self.format = format
    self.bytes = bytes
  }
}

/// An idempotency key, and what it is valid for.
public struct AnswerKey: Sendable, Hashable {
  /// Keys of different scopes are different keys.
  public var scope: [UInt8]
  /// What the client sent.
  public var key: [UInt8]

  /// A key of a scope.
  public init(scope: [UInt8], key: [UInt8]) {
    self.scope = scope
    self.key = key
  }
}

/// What a request was answered.
public struct StoredAnswer: Sendable, Hashable {
  /// How long an answer is kept and valid, in seconds: a day.
  public static let lifetime = 24 * 3600

  /// Tells whether another request with the same key is the same request.
  public var digest: [UInt8]
  /// The HTTP status.
  public var status: Int
  /// The rest of the answer.
  public var bytes: [UInt8]
  /// When it was given, in seconds since 1970.
  public var time: Int

  /// An answer.
  public init(digest: [UInt8], status: Int, bytes: [UInt8], time: Int) {
    self.digest = digest
    self.status = status
    self.bytes = bytes
    self.time = time
  }
}

extension Write {
  /// About how much memory it takes while it waits.
  var cost: Int {
    let payload =
      switch self {
      case .create(_, let summary, let header, _), .fork(_, _, _, let summary, let header, _):
        summary.count + header.count
      case .append(_, _, let entries): entries.reduce(0) { $0 + $1.bytes.count + $1.outcome.count + 64 }
      case .snapshot(_, let snapshot, _): snapshot.bytes.count
      case .remember(let key, let answer):
        key.scope.count + key.key.count + answer.digest.count + answer.bytes.count
      case .touch, .delete: 0
      }
    return payload + 128
  }
}
