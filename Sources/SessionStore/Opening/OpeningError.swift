/// Why a store was not opened. The database file is as it was.
public enum OpeningError: Error, Sendable, Hashable {
  /// The folder that the database should be in does not exist.
  case noDirectory(String)
  /// What the database should be in is no folder.
  case notDirectory(String)
  /// A server has the database open; with the number of its process, if known.
  case inUse(String, process: Int?)
  /// The file is something else than a store of sessions; with what it is.
  case foreign(String, reason: String)
  /// The database was made by a newer version of the program.
  case newer(String, version: Int, known: Int)
  /// The database is damaged; with what was found.
  case corrupt(String, reason: String)
  /// The system refuses; with its message.
  case failed(String, reason: String)
}

extension OpeningError: CustomStringConvertible {
  /// What is wrong, and what to do.
  public var description: String {
    switch self {
    case .noDirectory(let path):
      "\(path): there is no such directory; make it, or name another"
    case .notDirectory(let path):
      "\(path) is no directory; name another"
    case .inUse(let path, let process):
      "\(path) is in use by \(process.map { "process \($0)" } ?? "another process"); stop that, or name another database"
    case .foreign(let path, let reason):
      "\(path) is no store of sessions: \(reason); it was left as it is, name another file"
    case .newer(let path, let version, let known):
      "\(path) has schema version \(version), and this program knows versions up to \(known); it was left as it is, use a newer program"
    case .corrupt(let path, let reason):
      "\(path) is damaged: \(reason); it was left as it is, restore a backup or name another file"
    case .failed(let path, let reason):
      "\(path) cannot be opened: \(reason)"
    }
  }
}
