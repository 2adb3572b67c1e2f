import GRDB

/// What an examination of a database found.
public struct Examination: Sendable, Hashable {
  /// The version of the schema.
  public var version: Int
  /// How much there is.
  public var counts: StoreCounts
  /// What is wrong; empty if nothing is. At most ``problemLimit``.
  public var problems: [String]

  /// The greatest number of problems that are told.
  public static let problemLimit = 100
}

extension StoreReader {
  /// Checks the whole database: SQLite's own integrity check, references between tables, and that each session's
  /// history has every revision up to its last. It reads everything.
  public func examine() throws(StoreError) -> Examination {
    let counts = try counts()
    return try read { database in
      let limit = Examination.problemLimit
      var problems = try String.fetchAll(database, sql: "PRAGMA integrity_check(\(limit))").filter {
        $0 != "ok"
      }
      problems += try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map {
        "\($0[0] as String): a row belongs to no row of \($0[2] as String)"
      }
      let gaps = try Row.fetchCursor(
        database,
        sql: """
          SELECT number, sessions.revision, count(entries.revision), min(entries.revision), max(entries.revision)
          FROM sessions LEFT JOIN entries ON session = number GROUP BY number
          HAVING count(entries.revision) <> sessions.revision - 1
            OR min(entries.revision) <> 2 OR max(entries.revision) <> sessions.revision
          LIMIT \(limit)
          """)
      while let row = try gaps.next() {
        problems.append(
          "session number \(row[0] as Int64) is at revision \(row[1] as Int), and has \(row[2] as Int) entries, "
            + "from revision \(row[3] as Int? ?? 0) to \(row[4] as Int? ?? 0)")
      }
      return Examination(
        version: try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0, counts: counts,
        problems: Array(problems.prefix(limit)))
    }
  }
}
