import Foundation
import GRDB
import Testing

@testable import SessionStore

@Suite("Opening: what is no store of this version is refused, and stays as it is")
struct OpeningTests {
  /// What opening throws.
  private func refusal(_ test: TestStore, schema: Schema = .current) -> OpeningError? {
    do {
      try test.open(schema: schema).close()
      return nil
    } catch {
      return error as? OpeningError
    }
  }

  private func contents(_ test: TestStore) throws -> Data { try Data(contentsOf: URL(filePath: test.path)) }

  /// A store that was closed, with a session in it.
  private func made(version: Schema = .current) throws -> TestStore {
    let test = try TestStore()
    let store = try test.open(schema: version)
    #expect(store.write([create(1), append(1, 2...3)]) == nil)
    try store.close()
    return test
  }

  @Test("files that are something else")
  func foreign() throws {
    let texts = ["a letter", "SQLite format 3", String(repeating: "x", count: 100_000)]
    for text in texts {
      let test = try TestStore()
      try Data(text.utf8).write(to: URL(filePath: test.path))
      #expect(refusal(test) == .foreign(test.path, reason: "it is not an SQLite database"))
      #expect(try contents(test) == Data(text.utf8))
    }

    for statement in [
      "CREATE TABLE recipes (name TEXT)", "PRAGMA user_version = 1", "PRAGMA application_id = 7",
      "PRAGMA journal_mode = WAL; CREATE TABLE recipes (name TEXT)",
    ] {
      let test = try TestStore()
      try test.withDatabase { try $0.execute(sql: statement) }
      let before = try contents(test)
      #expect(refusal(test) == .foreign(test.path, reason: "it is another program's SQLite database"))
      #expect(try contents(test) == before, "\(statement)")
    }

    let test = try TestStore()
    try FileManager.default.createDirectory(atPath: test.path, withIntermediateDirectories: false)
    #expect(refusal(test) == .foreign(test.path, reason: "it is no ordinary file"))
  }

  @Test("damaged databases")
  func corrupt() throws {
    func isCorrupt(_ error: OpeningError?) -> Bool { if case .corrupt = error { true } else { false } }

    let truncated = try made()
    let whole = try contents(truncated)
    try whole.prefix(whole.count - 4096).write(to: URL(filePath: truncated.path))
    #expect(isCorrupt(refusal(truncated)))
    #expect(try contents(truncated) == whole.prefix(whole.count - 4096))

    // The first page holds the schema.
    let overwritten = try made()
    var damaged = try contents(overwritten)
    damaged.replaceSubrange(100..<4096, with: repeatElement(0xa5, count: 3996))
    try damaged.write(to: URL(filePath: overwritten.path))
    #expect(isCorrupt(refusal(overwritten)))
    #expect(try contents(overwritten) == damaged)
  }

  @Test("damage that is met later is told, and found by an examination")
  func laterDamage() throws {
    let test = try TestStore()
    let store = try test.open()
    let large = NewEntry(bytes: [UInt8](repeating: 1, count: 500), outcome: [])
    for number in 1...50 {
      let entries = Write.append(id(number), after: 1, entries: Array(repeating: large, count: 50))
      #expect(store.write([create(number), entries]) == nil)
    }
    try store.close()
    var damaged = try contents(test)
    let pages = damaged.count / 4096
    for page in stride(from: 30, to: pages, by: 2) {
      damaged.replaceSubrange(page * 4096..<(page + 1) * 4096, with: repeatElement(0x5a, count: 4096))
    }
    try damaged.write(to: URL(filePath: test.path))

    let reader = try StoreReader(path: test.path)
    var errors = 0
    for number in 1...50 {
      do {
        _ = try reader.session(id(number), snapshotFormat: "f")
      } catch {
        errors += 1
        guard case .corrupt = error else {
          Issue.record("\(error)")
          continue
        }
      }
    }
    #expect(errors > 0)
    let problems = (try? reader.examine().problems) ?? ["cannot be examined"]
    #expect(!problems.isEmpty && problems.count <= Examination.problemLimit)
  }

  @Test("a newer version is refused; an older one is brought up to date with its contents")
  func versions() throws {
    let next = Schema(steps: Schema.current.steps + ["ALTER TABLE headers ADD COLUMN lab TEXT"])
    let test = try made()
    let store = try test.open(schema: next)
    #expect(try store.session(id(1))?.entries == stored(2...3))
    try store.close()
    #expect(try test.withDatabase { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 2)

    let before = try contents(test)
    #expect(refusal(test) == .newer(test.path, version: 2, known: 1))
    #expect(try contents(test) == before)
    #expect(refusal(test, schema: next) == nil)
  }

  @Test("a step of the schema that fails leaves the version before")
  func failingStep() throws {
    let test = try made()
    let broken = Schema(
      steps: Schema.current.steps + ["CREATE TABLE more (a); INSERT INTO nothing VALUES (1)"])
    #expect(refusal(test, schema: broken) != nil)
    #expect(try test.withDatabase { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 1)
    #expect(try test.open().session(id(1))?.entries == stored(2...3))
  }

  @Test("version 1 is as it was released")
  func versionOne() throws {
    let test = try made(version: Schema(steps: Array(Schema.current.steps.prefix(1))))
    let names = try test.withDatabase {
      try String.fetchAll(
        $0,
        sql:
          "SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' ORDER BY name"
      )
    }
    #expect(names == ["answers", "entries", "grdb_migrations", "headers", "sessions", "snapshots"])
    let columns = try test.withDatabase { database in
      try names.map { name in
        try String.fetchAll(database, sql: "SELECT name FROM pragma_table_info(?)", arguments: [name])
          .joined(separator: " ")
      }
    }
    #expect(
      columns == [
        "scope key digest status answer created", "session revision entry outcome", "identifier",
        "session summary header", "number id created last_used revision", "session revision format state",
      ])
    #expect(try test.withDatabase { try Int.fetchOne($0, sql: "PRAGMA application_id") } == 0x526f_6c65)
  }

  @Test("an empty file and an empty database are room for a store")
  func empty() throws {
    let test = try TestStore()
    try Data().write(to: URL(filePath: test.path))
    #expect(refusal(test) == nil)
    let other = try TestStore()
    try other.withDatabase { try $0.execute(sql: "CREATE TABLE a (b); DROP TABLE a; VACUUM") }
    #expect(refusal(other) == nil)
  }

  @Test("only the owner may read the files")
  func permissions() throws {
    let test = try TestStore()
    let store = try test.open()
    #expect(store.write([create(1)]) == nil)
    for suffix in ["", "-wal", "-shm", ".lock"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: test.path + suffix)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(suffix)")
    }
  }

  @Test("one store at a time, and readers beside it")
  func lock() throws {
    let test = try TestStore()
    let store = try test.open()
    let process = Int(ProcessInfo.processInfo.processIdentifier)
    #expect(refusal(test) == .inUse(test.path, process: process))
    #expect(store.write([create(1)]) == nil)
    let reader = try StoreReader(path: test.path)
    #expect(try reader.counts().sessions == 1)
    #expect(store.write([create(2)]) == nil)
    #expect(try reader.counts().sessions == 2)
    try store.close()
    withExtendedLifetime(store) {}
  }

  @Test("a lock ends with its store")
  func unlock() throws {
    let test = try TestStore()
    for _ in 1...3 { try test.open().close() }
    for _ in 1...3 { _ = try test.open() }
  }

  @Test("places where nothing can be")
  func places() throws {
    func error(_ path: String) -> OpeningError? {
      do {
        _ = try SessionStore(path: path)
        return nil
      } catch { return error }
    }
    #expect(error("/nowhere/at/all/sessions.sqlite") == .noDirectory("/nowhere/at/all/"))
    #expect(error("/dev/null/sessions.sqlite") == .notDirectory("/dev/null/"))
    for path in ["/proc/sessions.sqlite", "/sys/kernel/sessions.sqlite"] {
      guard case .failed(let lock, _) = error(path) else {
        Issue.record("\(path) can be opened")
        continue
      }
      #expect(lock == path + ".lock")
    }
    #expect(throws: OpeningError.self) { try StoreReader(path: try TestStore().path) }
  }

  @Test("each refusal names the file")
  func descriptions() {
    let errors: [OpeningError] = [
      .noDirectory("/p"), .notDirectory("/p"), .inUse("/p", process: 12), .inUse("/p", process: nil),
      .foreign("/p", reason: "r"), .newer("/p", version: 3, known: 2), .corrupt("/p", reason: "r"),
      .failed("/p", reason: "r"),
    ]
    for error in errors { #expect("\(error)".hasPrefix("/p")) }
    #expect(Set(errors.map(\.description)).count == errors.count)
  }
}
