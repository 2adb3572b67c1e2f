import GRDB

/// Why something was not written or read. Nothing of the unit that got it is in the store.
public enum StoreError: Error, Sendable, Hashable {
  // What is wrong with the unit itself.

  /// There is no session of this id.
  case noSession(StoredSessionID)
  /// There is a session of this id already.
  case sessionExists(StoredSessionID)
  /// The session is at another revision than the write expects.
  case revisionConflict(StoredSessionID, current: Int)
  /// The key has an answer that is younger than ``StoredAnswer/lifetime``.
  case answerExists
  /// A part is larger than SQLite can hold: a thousand million bytes, unless built otherwise.
  case tooLarge

  // What is wrong with the store.

  /// So much waits to be written that no more is taken in.
  case overloaded
  /// The disk, or what ``StoreOptions/maximumSize`` leaves, is full. Reads go on.
  case diskFull
  /// The file or its file system may only be read.
  case readOnly
  /// Another program holds SQLite's lock on the file.
  case locked
  /// The file is damaged, or no database; with SQLite's message.
  case corrupt(String)
  /// Any other failure of the system; with SQLite's message.
  case io(String)
  /// The store was closed.
  case closed

  /// Whether other units may be written all the same.
  var concernsUnit: Bool {
    switch self {
    case .noSession, .sessionExists, .revisionConflict, .answerExists, .tooLarge: true
    case .overloaded, .diskFull, .readOnly, .locked, .corrupt, .io, .closed: false
    }
  }

  init(_ error: any Error) {
    switch error {
    case let error as StoreError: self = error
    case let error as DatabaseError: self.init(error)
    default: self = .io("\(error)")
    }
  }

  private init(_ error: DatabaseError) {
    let message = "SQLite error \(error.extendedResultCode.rawValue): \(error.message ?? "no message")"
    switch error.extendedResultCode {
    // The file that readers and the writer share could not grow: SQLite has no word for why.
    case .SQLITE_IOERR_SHMSIZE: self = .diskFull
    default:
      switch error.resultCode {
      case .SQLITE_FULL: self = .diskFull
      case .SQLITE_READONLY: self = .readOnly
      case .SQLITE_BUSY, .SQLITE_LOCKED: self = .locked
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(message)
      case .SQLITE_TOOBIG: self = .tooLarge
      default: self = .io(message)
      }
    }
  }
}

extension StoreError: CustomStringConvertible {
  /// What is wrong, in a few words and without an id.
  public var description: String {
    switch self {
    case .noSession: "there is no such session"
    case .sessionExists: "there is a session of this id already"
    case .revisionConflict(_, let current): "the session is at revision \(current)"
    case .answerExists: "this key has an answer already"
    case .tooLarge: "too large for one value of the database"
    case .overloaded: "too much waits to be written"
    case .diskFull: "the disk is full"
    case .readOnly: "the database may only be read"
    case .locked: "another program holds a lock on the database"
    case .corrupt(let message): "the database is damaged: \(message)"
    case .io(let message): "the database cannot be used: \(message)"
    case .closed: "the store is closed"
    }
  }
}
