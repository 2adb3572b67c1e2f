import Foundation
import GRDB

/// Reads a store. Every read sees all that was acknowledged before it began, and is consistent in itself: writes that
/// are committed meanwhile are in all of it or in none. Only while commits fail, what ``Durability/relaxed(milliseconds:)``
/// acknowledged before is missing.
///
/// Reads block the calling thread, for microseconds unless the disk is slow. They may not be nested.
public struct StoreReader: Sendable {
  private let database: any DatabaseReader
  private let file: StoreFile
  /// Done before each read.
  private let prepare: @Sendable () throws -> Void

  init(
    _ database: any DatabaseReader, file: StoreFile, prepare: @escaping @Sendable () throws -> Void = {}
  ) {
    self.database = database
    self.file = file
    self.prepare = prepare
  }

  /// Opens a database only to read it, also while a server works with it.
  public init(path: String) throws(OpeningError) {
    let file = StoreFile(path: path)
    guard try file.content() == .store else {
      throw .failed(path, reason: "there is no store of sessions")
    }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    do {
      self.init(try DatabaseQueue(path: path, configuration: configuration), file: file)
    } catch {
      throw OpeningError(path, error)
    }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
    do {
      try prepare()
      return try database.read(body)
    } catch {
      throw StoreError(error)
    }
  }

  /// Copies the database as it is at one moment into a new file, while writes go on.
  public func backUp(to path: String) throws(OpeningError) {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw .failed(path, reason: "there is something already; name a new file")
    }
    let partial = StoreFile(path: path + ".partial")
    try partial.create()
    do {
      try prepare()
      let copy = try DatabaseQueue(path: partial.path)
      try database.backup(to: copy)
      try copy.close()
      try FileManager.default.moveItem(atPath: partial.path, toPath: path)
    } catch {
      try? FileManager.default.removeItem(atPath: partial.path)
      throw OpeningError(path, error)
    }
  }
}

// MARK: Sessions

extension StoreReader {
  /// A session with what is needed to work on with it, or nil if there is none.
  /// - `revision`: the last revision that is wanted; nil for the newest.
  /// - `format`: the format of snapshots that the caller can use.
  public func session(
    _ id: StoredSessionID, at revision: Int? = nil, snapshotFormat format: String
  ) throws(StoreError) -> StoredSession? {
    try read { database in
      let sessions = try database.cachedStatement(
        sql: """
          SELECT id, summary, created, last_used, revision, number, header
          FROM sessions JOIN headers ON session = number WHERE id = ?
          """)
      guard let row = try Row.fetchOne(sessions, arguments: [id.data]) else { return nil }
      let number: Int64 = row[5]
      let last = revision ?? .max
      let snapshots = try database.cachedStatement(
        sql: """
          SELECT revision, format, state FROM snapshots
          WHERE session = ? AND revision <= ? AND format = ? ORDER BY revision DESC LIMIT 1
          """)
      let snapshot = try Row.fetchOne(snapshots, arguments: [number, last, format]).map {
        Snapshot(revision: $0[0], format: $0[1], bytes: $0.bytes(2))
      }
      let entries = try database.cachedStatement(
        sql: """
          SELECT revision, entry, outcome FROM entries
          WHERE session = ? AND revision > ? AND revision <= ? ORDER BY revision
          """)
      return StoredSession(
        summary: SessionSummary(row), header: row.bytes(6), snapshot: snapshot,
        entries: try Row.fetchCursor(entries, arguments: [number, snapshot?.revision ?? 1, last])
          .mapToArray(StoredEntry.init))
    }
  }

  /// Up to `limit` entries of a session's history that led to revisions after the given one; nil if there is no such
  /// session.
  public func history(
    of id: StoredSessionID, after revision: Int, limit: Int
  ) throws(StoreError) -> [StoredEntry]? {
    try read { database in
      let sessions = try database.cachedStatement(sql: "SELECT number FROM sessions WHERE id = ?")
      guard let number = try Int64.fetchOne(sessions, arguments: [id.data]) else { return nil }
      let entries = try database.cachedStatement(
        sql: """
          SELECT revision, entry, outcome FROM entries
          WHERE session = ? AND revision > ? ORDER BY revision LIMIT ?
          """)
      return try Row.fetchCursor(entries, arguments: [number, revision, max(0, limit)])
        .mapToArray(StoredEntry.init)
    }
  }

  /// A page of up to `limit` sessions.
  public func sessions(_ order: ListOrder, limit: Int) throws(StoreError) -> [SessionSummary] {
    let (condition, ordering, position): (String, String, StatementArguments) =
      switch order {
      case .byID(nil): ("", "id", [])
      case .byID(let id?): ("WHERE id > ?", "id", [id.data])
      case .byLastUse(nil): ("", "last_used DESC, id DESC", [])
      case .byLastUse(let last?):
        ("WHERE (last_used, id) < (?, ?)", "last_used DESC, id DESC", [last.lastUsed, last.id.data])
      }
    return try read { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT id, summary, created, last_used, revision FROM sessions JOIN headers ON session = number
          \(condition) ORDER BY \(ordering) LIMIT ?
          """)
      return try Row.fetchCursor(statement, arguments: position + [max(0, limit)])
        .mapToArray(SessionSummary.init)
    }
  }
}

// MARK: Answers and counts

extension StoreReader {
  /// What a request with this key was answered, if that is still valid at a time.
  public func answer(_ key: AnswerKey, at time: Int) throws(StoreError) -> StoredAnswer? {
    try read { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT digest, status, answer, created FROM answers
          WHERE scope = ? AND key = ? AND created > ?
          """)
      let arguments: StatementArguments = [
        Data(key.scope), Data(key.key), StoredAnswer.oldest(at: time),
      ]
      return try Row.fetchOne(statement, arguments: arguments).map {
        StoredAnswer(digest: $0.bytes(0), status: $0[1], bytes: $0.bytes(2), time: $0[3])
      }
    }
  }

  /// Counts everything. It reads an index of each table from end to end: for diagnosis, not for each request.
  public func counts() throws(StoreError) -> StoreCounts {
    try read { database in
      func count(_ table: String) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0
      }
      return StoreCounts(
        sessions: try count("sessions"), entries: try count("entries"), snapshots: try count("snapshots"),
        answers: try count("answers"), bytes: file.size)
    }
  }
}

extension StoredAnswer {
  /// An answer given at this time or before is no longer valid.
  static func oldest(at time: Int) -> Int { max(time, .min + lifetime) - lifetime }
}

// MARK: Rows

extension Row {
  fileprivate func bytes(_ index: Int) -> [UInt8] { [UInt8](self[index] as Data) }
}

extension RowCursor {
  fileprivate func mapToArray<Value>(_ transform: (Row) throws -> Value) throws -> [Value] {
    var values: [Value] = []
    while let row = try next() { values.append(try transform(row)) }
    return values
  }
}

extension SessionSummary {
  /// From a row that begins with id, summary, created, last_used, revision.
  fileprivate init(_ row: Row) {
    self.init(
      id: StoredSessionID(row[0] as Data), summary: row.bytes(1), created: row[2], lastUsed: row[3],
      revision: row[4])
  }
}

extension StoredEntry {
  /// From a row of revision, entry, outcome.
  fileprivate init(_ row: Row) {
    self.init(revision: row[0], bytes: row.bytes(1), outcome: row.bytes(2))
  }
}
