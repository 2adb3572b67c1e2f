import Foundation
import GRDB
import Synchronization
import Testing

@testable import SessionStore

@Suite("Backup, examination and sudden ends")
struct BackupTests {
  /// Appends to sessions 0 to 7 in turn, each unit to two of them, until it has done `limit` units or is told to stop;
  /// counts what was acknowledged.
  private final class Load: Sendable {
    private let state = Mutex((stop: false, running: true))
    private let revisions = Mutex([Int](repeating: 1, count: 8))
    private let store: SessionStore
    private let limit: Int

    init(_ store: SessionStore, limit: Int = .max) {
      self.store = store
      self.limit = limit
      for number in 0..<8 { #expect(store.write([create(number)]) == nil) }
      step(0)
    }

    private func step(_ number: Int) {
      let pair = [number % 8, (number + 1) % 8]
      let next = revisions.withLock { revisions in pair.map { revisions[$0] + 1 } }
      let writes = zip(pair, next).map { append($0, $1...$1) }
      store.submit(writes) { result in
        if case .failure(let error) = result { Issue.record("\(error)") }
        self.revisions.withLock { revisions in
          for (session, revision) in zip(pair, next) { revisions[session] = revision }
        }
        let stop = self.state.withLock { state in
          state.stop = state.stop || number / 2 + 1 >= self.limit
          state.running = !state.stop
          return state.stop
        }
        if !stop { self.step(number + 2) }
      }
    }

    var acknowledged: [Int] { revisions.withLock { $0 } }

    func waitFor(_ revision: Int) {
      while acknowledged[0] < revision { Thread.sleep(forTimeInterval: 0.0005) }
    }

    func stop() {
      state.withLock { $0.stop = true }
      while state.withLock({ $0.running }) { Thread.sleep(forTimeInterval: 0.0005) }
    }
  }

  /// Holds a copy to what was acknowledged before and after it was made.
  private func check(_ path: String, least: [Int], most: [Int]) throws {
    let reader = try StoreReader(path: path)
    #expect(try reader.examine().problems == [])
    var revisions: [Int] = []
    for number in 0..<8 {
      let session = try #require(try reader.session(id(number), snapshotFormat: "f"))
      let revision = session.summary.revision
      revisions.append(revision)
      // A unit that was under way may be in the copy before it is acknowledged.
      #expect(least[number]...most[number] + 1 ~= revision)
      #expect(session.entries == (revision > 1 ? stored(2...revision) : []))
    }
    // Units write to pairs of sessions: a pair that differs is half a unit.
    for pair in stride(from: 0, to: 8, by: 2) { #expect(revisions[pair] == revisions[pair + 1]) }
  }

  @Test("a backup under load is one moment of the store")
  func backup() throws {
    let test = try TestStore()
    let store = try test.open()
    let load = Load(store)
    let other = try StoreReader(path: test.path)
    for (number, reader) in [store.reader, other, store.reader, other].enumerated() {
      load.waitFor(load.acknowledged[0] + 20)
      let least = load.acknowledged
      let path = test.path + ".backup-\(number)"
      try reader.backUp(to: path)
      try check(path, least: least, most: load.acknowledged)
    }
    load.stop()

    // A backup is a store.
    let copy = test.path + ".backup-3"
    let restored = try SessionStore(path: copy)
    #expect(restored.write([create(99)]) == nil)
    #expect(throws: OpeningError.self) { try store.reader.backUp(to: copy) }
    #expect(!FileManager.default.fileExists(atPath: copy + ".partial"))
    #expect(throws: OpeningError.self) { try store.reader.backUp(to: "/nowhere/copy") }
  }

  @Test("what a process leaves behind that ends at any moment has all that was acknowledged")
  func suddenEnd() throws {
    for (moment, durability) in [Durability.full, .normal, .full, .normal, .normal].enumerated() {
      let test = try TestStore()
      // So few units stay in the log: the database file does not change, and copying one file after the other is as
      // good as copying both at one moment.
      let load = Load(try test.open(durability), limit: 200)
      load.waitFor(moment * 10 + 2)
      let least = load.acknowledged
      let copy = test.path + ".left"
      for suffix in ["", "-wal"] {
        try FileManager.default.copyItem(atPath: test.path + suffix, toPath: copy + suffix)
      }
      let most = load.acknowledged
      load.stop()
      let store = try SessionStore(path: copy)
      #expect(store.sessionCount == 8)
      try store.close()
      try check(copy, least: least, most: most)
    }
  }

  @Test("an examination finds gaps in a history and rows that belong to nothing")
  func examination() throws {
    let test = try TestStore()
    let store = try test.open()
    for number in 1...3 { #expect(store.write([create(number), append(number, 2...6)]) == nil) }
    let sound = try store.reader.examine()
    #expect(sound.problems == [] && sound.version == Schema.current.version)
    #expect(sound.counts.sessions == 3 && sound.counts.entries == 15 && sound.counts.bytes > 0)
    try store.close()
    for (statement, count) in [
      ("DELETE FROM entries WHERE session = 1 AND revision = 4", 1),
      ("DELETE FROM entries WHERE session = 2 AND revision = 6", 2),
      ("PRAGMA foreign_keys = OFF; DELETE FROM sessions WHERE number = 3", 2 + 1 + 5),
    ] {
      try test.withDatabase { try $0.execute(sql: statement) }
      let problems = try StoreReader(path: test.path).examine().problems
      #expect(problems.count == count, "\(problems)")
    }
  }
}
