import GRDB

/// The tables, as the steps that lead from an empty file to them.
struct Schema: Sendable {
  /// What SQLite keeps in the file's header for `file` and its kin: "Role".
  static let applicationID = 0x526f_6c65

  /// The SQL that makes each version from the one before. A step that was released does not change.
  let steps: [String]

  /// Kept in the file as `PRAGMA user_version`.
  var version: Int { steps.count }

  static let current = Schema(steps: [version1])

  /// Brings the database to the schema's version. The caller has seen to it that it is not newer.
  func migrate(_ pool: DatabasePool) throws {
    var migrator = DatabaseMigrator()
    for (version, step) in zip(1..., steps) {
      migrator.registerMigration("\(version)") { database in
        try database.execute(sql: step)
        try database.execute(sql: "PRAGMA user_version = \(version)")
      }
    }
    try migrator.migrate(pool)
  }

  /// What each write to a session changes is in `sessions`, in few bytes; what is read with it, or never changes, is
  /// elsewhere. Entries lie in the order of sessions and revisions, so that a history is read in one piece.
  private static let version1 = """
    PRAGMA application_id = \(applicationID);

    CREATE TABLE sessions (
      number INTEGER PRIMARY KEY,
      id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
      created INTEGER NOT NULL,
      last_used INTEGER NOT NULL,
      revision INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX sessions_by_last_use ON sessions (last_used, id);

    CREATE TABLE headers (
      session INTEGER PRIMARY KEY REFERENCES sessions (number) ON DELETE CASCADE,
      summary BLOB NOT NULL,
      header BLOB NOT NULL
    ) STRICT;

    CREATE TABLE entries (
      session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
      revision INTEGER NOT NULL,
      entry BLOB NOT NULL,
      outcome BLOB NOT NULL,
      PRIMARY KEY (session, revision)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE snapshots (
      session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
      revision INTEGER NOT NULL,
      format TEXT NOT NULL,
      state BLOB NOT NULL,
      PRIMARY KEY (session, revision)
    ) STRICT;

    CREATE TABLE answers (
      scope BLOB NOT NULL,
      key BLOB NOT NULL,
      digest BLOB NOT NULL,
      status INTEGER NOT NULL,
      answer BLOB NOT NULL,
      created INTEGER NOT NULL,
      PRIMARY KEY (scope, key)
    ) STRICT;
    CREATE INDEX answers_by_creation ON answers (created);
    """
}
