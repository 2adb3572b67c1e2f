import Foundation
import GRDB
public import Logging

/// Sessions that survive the process, in an SQLite database.
///
/// A session is a header, the entries of its history, each one revision further, and snapshots that make reading it
/// shorter. The store does not look into any of them. It has no clock: times come from the caller.
public final class SessionStore: Sendable {
  /// Told of the end of a unit.
  public typealias Completion = @Sendable (Result<Void, StoreError>) -> Void
  /// Told of all units of a group that ended together; it has to call each of them.
  public typealias Deliver = @Sendable (_ group: Int, _ finished: [Finished]) -> Void

  /// Reads the store.
  public let reader: StoreReader

  private let committer: Committer
  /// Held while the store is open.
  private let lock: StoreLock

  /// Opens a database, which is made if there is none, and whose schema is brought up to date.
  ///
  /// - `deliver`: receives what has ended, on the writer's thread or, where that is decided at once, within ``submit``.
  ///   The default calls each completion; a server can hand all of a group to one event loop at once.
  public convenience init(
    path: String, options: StoreOptions = StoreOptions(), logger: Logger = Logger(label: "session-store"),
    deliver: @escaping Deliver = { _, finished in for unit in finished { unit() } }
  ) throws(OpeningError) {
    try self.init(
      path: path, options: options, logger: logger, faults: StoreFaults(), schema: .current, deliver: deliver)
  }

  /// Opens a database whose commits and reads can be made to fail.
  package convenience init(
    path: String, options: StoreOptions = StoreOptions(), logger: Logger = Logger(label: "session-store"),
    faults: StoreFaults, deliver: @escaping Deliver = { _, finished in for unit in finished { unit() } }
  ) throws(OpeningError) {
    try self.init(
      path: path, options: options, logger: logger, faults: faults, schema: .current, deliver: deliver)
  }

  init(
    path: String, options: StoreOptions, logger: Logger, faults: StoreFaults, schema: Schema,
    deliver: @escaping Deliver
  ) throws(OpeningError) {
    let file = StoreFile(path: path)
    let content = try file.content(schema: schema)
    lock = try StoreLock(database: path)
    if content == .nothing { try file.create() }
    do {
      let pool = try DatabasePool(path: path, configuration: Self.configuration(options))
      try schema.migrate(pool)
      let sessions = try pool.writeWithoutTransaction { database in
        try Self.configureWriter(database, options)
        return try Int.fetchOne(database, sql: "SELECT count(*) FROM sessions") ?? 0
      }
      committer = Committer(
        pool, options: options, sessions: sessions, faults: faults, logger: logger, deliver: deliver)
      reader = StoreReader(pool, file: file) { [committer] in try committer.settle() }
    } catch {
      throw OpeningError(path, error)
    }
  }

  private static func configuration(_ options: StoreOptions) -> Configuration {
    var configuration = Configuration()
    configuration.label = "session-store"
    configuration.busyMode = .timeout(5)
    configuration.maximumReaderCount = max(1, options.readers)
    // A transaction that could not be ended is ended before the next one.
    configuration.allowsUnsafeTransactions = true
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA trusted_schema = OFF") }
    return configuration
  }

  private static func configureWriter(_ database: Database, _ options: StoreOptions) throws {
    let synchronous = options.durability == .full ? "FULL" : "NORMAL"
    try database.execute(
      sql: """
        PRAGMA synchronous = \(synchronous);
        PRAGMA journal_size_limit = \(16 << 20);
        PRAGMA cache_size = \(-16 << 10);
        """)
    if let bytes = options.maximumSize {
      let page = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 4096
      try database.execute(sql: "PRAGMA max_page_count = \(max(1, bytes / page))")
    }
  }
}

extension SessionStore {
  /// Writes a unit: all of it or nothing, in the order of submission. It may be called from any thread, and does not
  /// wait.
  ///
  /// - `group`: handed to `deliver`.
  /// - `completion`: called once. When it tells of success, the unit is as safe as ``Durability`` says.
  public func submit(_ writes: [Write], group: Int = 0, completion: @escaping Completion) {
    committer.submit(writes, group: group, completion: completion)
  }

  /// How many sessions there are.
  public var sessionCount: Int { committer.sessionCount }

  /// Why nothing can be written at the moment, as of the last attempt; nil if it succeeded.
  public var failure: StoreError? { committer.failure }

  /// What the writer has done.
  public var writerCounts: WriterCounts { committer.writerCounts }

  /// What waits to be written.
  public var waiting: (units: Int, bytes: Int) { committer.waiting }

  /// Removes up to `limit` sessions whose last recorded use is before a time, the oldest first. Blocks until it is done.
  public func expireSessions(lastUsedBefore time: Int, limit: Int) throws(StoreError) -> [StoredSessionID] {
    try maintain { try $0.expireSessions(lastUsedBefore: time, limit: limit) }
  }

  /// Removes up to `limit` answers that are no longer valid at a time, and says how many there were. Blocks until it is
  /// done.
  public func purgeAnswers(at time: Int, limit: Int) throws(StoreError) -> Int {
    try maintain { try $0.purgeAnswers(at: time, limit: limit) }
  }

  func maintain<Value>(_ work: (inout UnitWriter) throws -> Value) throws(StoreError) -> Value {
    try committer.maintain(work)
  }

  /// Writes what waits and closes the database. What is submitted later fails. Throws if something was acknowledged
  /// that cannot be written.
  public func close() throws(StoreError) {
    defer { lock.release() }
    try committer.close()
  }
}
