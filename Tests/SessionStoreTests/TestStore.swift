import Foundation
import GRDB
import Logging
import Synchronization
import Testing

@testable import SessionStore

/// A database in a folder of its own, which is removed when the tests end.
struct TestStore {
  private static let root: URL = {
    atexit { try? FileManager.default.removeItem(at: TestStore.root) }
    return FileManager.default.temporaryDirectory.appending(path: "store-tests-\(UUID().uuidString)")
  }()

  let directory = root.appending(path: UUID().uuidString)

  init() throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  var path: String { directory.appending(path: "sessions.sqlite").path(percentEncoded: false) }

  func open(
    _ durability: Durability = .normal, faults: StoreFaults = StoreFaults(), schema: Schema = .current,
    deliver: @escaping SessionStore.Deliver = { _, finished in for unit in finished { unit() } },
    change: (inout StoreOptions) -> Void = { _ in }
  ) throws -> SessionStore {
    var options = StoreOptions()
    options.durability = durability
    change(&options)
    return try SessionStore(
      path: path, options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      faults: faults, schema: schema, deliver: deliver)
  }

  /// What SQLite finds, without the store.
  func withDatabase<Value>(at path: String? = nil, _ body: (Database) throws -> Value) throws -> Value {
    let queue = try DatabaseQueue(path: path ?? self.path)
    defer { try? queue.close() }
    return try queue.inDatabase(body)
  }
}

/// The results of units, in the order in which they ended.
final class Results: Sendable {
  private let results = Mutex<[(unit: Int, error: StoreError?)]>([])
  private let condition = DispatchSemaphore(value: 0)

  /// A completion that notes the unit.
  func note(_ unit: Int) -> SessionStore.Completion {
    { result in
      let error: StoreError? = if case .failure(let error) = result { error } else { nil }
      self.results.withLock { $0.append((unit, error)) }
      self.condition.signal()
    }
  }

  /// Waits for so many further units to end, and gives all that have.
  @discardableResult
  func wait(for count: Int) -> [(unit: Int, error: StoreError?)] {
    for _ in 0..<count { condition.wait() }
    return all
  }

  var all: [(unit: Int, error: StoreError?)] { results.withLock { $0 } }
}

extension SessionStore {
  /// Writes a unit and waits for its end.
  func write(_ writes: [Write]) -> StoreError? {
    let results = Results()
    submit(writes, completion: results.note(0))
    return results.wait(for: 1)[0].error
  }

  func session(_ id: StoredSessionID, at revision: Int? = nil, format: String = "f") throws -> StoredSession?
  {
    try reader.session(id, at: revision, snapshotFormat: format)
  }
}

func id(_ number: Int) -> StoredSessionID { StoredSessionID(high: UInt64(number) << 32, low: UInt64(number)) }

func entry(_ number: Int) -> NewEntry {
  NewEntry(bytes: Array("do \(number)".utf8), outcome: Array("did \(number)".utf8))
}

func create(_ number: Int, time: Int = 1000) -> Write {
  .create(
    id(number), summary: Array("summary \(number)".utf8), header: Array("header \(number)".utf8), time: time)
}

/// Entries that lead to the revisions, as `entry` makes them.
func stored(_ revisions: ClosedRange<Int>) -> [StoredEntry] {
  revisions.map { StoredEntry(revision: $0, bytes: entry($0).bytes, outcome: entry($0).outcome) }
}

func append(_ number: Int, _ revisions: ClosedRange<Int>) -> Write {
  .append(id(number), after: revisions.lowerBound - 1, entries: revisions.map(entry))
}
