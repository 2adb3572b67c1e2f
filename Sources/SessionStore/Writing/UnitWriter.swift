import Foundation
import GRDB

/// Performs writes in the transaction that is open.
struct UnitWriter {
  let database: Database
  /// By how much the number of sessions has changed.
  private(set) var sessionsAdded = 0

  init(_ database: Database) { self.database = database }

  /// Performs a unit as a whole, or changes nothing and throws.
  mutating func perform(_ writes: [Write]) throws {
    let before = sessionsAdded
    do {
      try database.inSavepoint {
        for write in writes { try perform(write) }
        return .commit
      }
    } catch {
      sessionsAdded = before
      throw error
    }
  }

  private mutating func perform(_ write: Write) throws {
    switch write {
    case .create(let id, let summary, let header, let time):
      _ = try create(id, summary: summary, header: header, revision: 1, time: time)
    case .fork(let source, let revision, let id, let summary, let header, let time):
      try fork(source, revision, into: id, summary: summary, header: header, time: time)
    case .append(let id, let revision, let entries):
      try append(entries, to: id, after: revision)
    case .touch(let id, let time):
      let session = try find(id)
      try run(
        "UPDATE sessions SET last_used = ? WHERE number = ? AND last_used < ?", [time, session.number, time])
    case .snapshot(let id, let snapshot, let count):
      try keep(snapshot, of: id, keeping: count)
    case .delete(let id):
      try run("DELETE FROM sessions WHERE number = ?", [try find(id).number])
      sessionsAdded -= 1
    case .remember(let key, let answer):
      try remember(answer, for: key)
    }
  }

  @discardableResult
  private func run(_ sql: String, _ arguments: StatementArguments) throws -> Int {
    try database.cachedStatement(sql: sql).execute(arguments: arguments)
    return database.changesCount
  }
}

// MARK: Sessions

extension UnitWriter {
  private func find(_ id: StoredSessionID) throws -> (number: Int64, revision: Int) {
    let statement = try database.cachedStatement(sql: "SELECT number, revision FROM sessions WHERE id = ?")
    guard let row = try Row.fetchOne(statement, arguments: [id.data]) else { throw StoreError.noSession(id) }
    return (row[0], row[1])
  }

  private mutating func create(
    _ id: StoredSessionID, summary: [UInt8], header: [UInt8], revision: Int, time: Int
  ) throws -> Int64 {
    let made = try run(
      """
      INSERT INTO sessions (id, created, last_used, revision) VALUES (?, ?, ?, ?)
      ON CONFLICT (id) DO NOTHING
      """, [id.data, time, time, revision])
    guard made == 1 else { throw StoreError.sessionExists(id) }
    let number = database.lastInsertedRowID
    try run(
      "INSERT INTO headers (session, summary, header) VALUES (?, ?, ?)",
      [number, Data(summary), Data(header)])
    sessionsAdded += 1
    return number
  }

  private mutating func fork(
    _ source: StoredSessionID, _ revision: Int, into id: StoredSessionID, summary: [UInt8], header: [UInt8],
    time: Int
  ) throws {
    let session = try find(source)
    guard 1...session.revision ~= revision else {
      throw StoreError.revisionConflict(source, current: session.revision)
    }
    let number = try create(id, summary: summary, header: header, revision: revision, time: time)
    for (table, columns) in [("entries", "entry, outcome"), ("snapshots", "format, state")] {
      try run(
        """
        INSERT INTO \(table) (session, revision, \(columns))
        SELECT ?, revision, \(columns) FROM \(table) WHERE session = ? AND revision <= ? ORDER BY revision
        """, [number, session.number, revision])
    }
  }

  private func append(_ entries: [NewEntry], to id: StoredSessionID, after revision: Int) throws {
    let session = try find(id)
    guard session.revision == revision else {
      throw StoreError.revisionConflict(id, current: session.revision)
    }
    try run("UPDATE sessions SET revision = ? WHERE number = ?", [revision + entries.count, session.number])
    for (offset, entry) in entries.enumerated() {
      try run(
        "INSERT INTO entries (session, revision, entry, outcome) VALUES (?, ?, ?, ?)",
        [session.number, revision + offset + 1, Data(entry.bytes), Data(entry.outcome)])
    }
  }

  private func keep(_ snapshot: Snapshot, of id: StoredSessionID, keeping count: Int) throws {
    let session = try find(id)
    guard 1...session.revision ~= snapshot.revision else {
      throw StoreError.revisionConflict(id, current: session.revision)
    }
    try run(
      "INSERT OR REPLACE INTO snapshots (session, revision, format, state) VALUES (?, ?, ?, ?)",
      [session.number, snapshot.revision, snapshot.format, Data(snapshot.bytes)])
    try run(
      """
      DELETE FROM snapshots WHERE session = ?1 AND revision NOT IN
        (SELECT revision FROM snapshots WHERE session = ?1 ORDER BY revision DESC LIMIT ?2)
      """, [session.number, max(0, count)])
  }
}

// MARK: Answers and what is old

extension UnitWriter {
  private func remember(_ answer: StoredAnswer, for key: AnswerKey) throws {
    let kept = try run(
      """
      INSERT INTO answers (scope, key, digest, status, answer, created) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (scope, key) DO UPDATE SET
        digest = excluded.digest, status = excluded.status, answer = excluded.answer, created = excluded.created
      WHERE created <= ?
      """,
      [
        Data(key.scope), Data(key.key), Data(answer.digest), answer.status, Data(answer.bytes), answer.time,
        StoredAnswer.oldest(at: answer.time),
      ])
    guard kept == 1 else { throw StoreError.answerExists }
  }

  /// Removes up to `limit` sessions whose last recorded use is before a time, the oldest first.
  mutating func expireSessions(lastUsedBefore time: Int, limit: Int) throws -> [StoredSessionID] {
    let statement = try database.cachedStatement(
      sql: "SELECT id, number FROM sessions WHERE last_used < ? ORDER BY last_used LIMIT ?")
    let rows = try Row.fetchAll(statement, arguments: [time, max(0, limit)])
    for row in rows { try run("DELETE FROM sessions WHERE number = ?", [row[1] as Int64]) }
    sessionsAdded -= rows.count
    return rows.map { StoredSessionID($0[0] as Data) }
  }

  /// Removes up to `limit` answers that are no longer valid at a time, the oldest first.
  func purgeAnswers(at time: Int, limit: Int) throws -> Int {
    try run(
      """
      DELETE FROM answers WHERE rowid IN
        (SELECT rowid FROM answers WHERE created <= ? ORDER BY created LIMIT ?)
      """, [StoredAnswer.oldest(at: time), max(0, limit)])
  }
}
