import GRDB
import Synchronization
import Testing

@testable import SessionStore

@Suite("What is written is read, also by another process later")
struct SessionStoreTests {
  @Test("a session, its history and its snapshots")
  func session() throws {
    let test = try TestStore()
    for _ in 1...2 {
      let store = try test.open()
      if store.sessionCount == 0 {
        #expect(store.write([create(1), append(1, 2...5)]) == nil)
        #expect(
          store.write([.snapshot(id(1), Snapshot(revision: 3, format: "f", bytes: [1, 2]), keeping: 2)])
            == nil)
        #expect(store.write([append(1, 6...6)]) == nil)
      }
      #expect(store.sessionCount == 1)
      let session = try #require(try store.session(id(1)))
      let summary = SessionSummary(
        id: id(1), summary: Array("summary 1".utf8), created: 1000, lastUsed: 1000, revision: 6)
      #expect(session.summary == summary)
      #expect(session.header == Array("header 1".utf8))
      #expect(session.snapshot == Snapshot(revision: 3, format: "f", bytes: [1, 2]))
      #expect(session.entries == stored(4...6))

      #expect(try store.session(id(1), at: 4)?.entries == stored(4...4))
      let early = try store.session(id(1), at: 2)
      #expect(early?.snapshot == nil && early?.entries == stored(2...2))
      let other = try store.session(id(1), format: "g")
      #expect(other?.snapshot == nil && other?.entries == stored(2...6))
      #expect(try store.session(id(2)) == nil)

      #expect(try store.reader.history(of: id(1), after: 1, limit: 3) == stored(2...4))
      #expect(try store.reader.history(of: id(1), after: 4, limit: 3) == stored(5...6))
      #expect(try store.reader.history(of: id(1), after: 6, limit: 3) == [])
      #expect(try store.reader.history(of: id(2), after: 1, limit: 3) == nil)
      try store.close()
    }
  }

  @Test("bytes of every value and length")
  func bytes() throws {
    let store = try TestStore().open()
    let every = (0...255).map { UInt8($0) }
    for (number, bytes) in [[], every, Array(repeating: every, count: 4000).flatMap { $0 }].enumerated() {
      let entry = NewEntry(bytes: bytes, outcome: bytes.reversed())
      #expect(
        store.write([
          .create(id(number), summary: bytes, header: bytes, time: 0),
          .append(id(number), after: 1, entries: [entry]),
          .snapshot(id(number), Snapshot(revision: 2, format: "", bytes: bytes), keeping: 1),
        ]) == nil)
      let session = try #require(try store.session(id(number), format: ""))
      #expect(session.summary.summary == bytes && session.header == bytes)
      #expect(session.snapshot?.bytes == bytes)
      #expect(
        try store.reader.history(of: id(number), after: 1, limit: 1)?.first?.outcome == bytes.reversed())
    }
  }

  @Test("a snapshot replaces the oldest ones")
  func snapshots() throws {
    let store = try TestStore().open()
    #expect(store.write([create(1), append(1, 2...20)]) == nil)
    for revision in [5, 10, 15, 15, 20] {
      let snapshot = Snapshot(revision: revision, format: "f", bytes: [UInt8(revision)])
      #expect(store.write([.snapshot(id(1), snapshot, keeping: 2)]) == nil)
    }
    #expect(try store.reader.counts().snapshots == 2)
    #expect(try store.session(id(1))?.snapshot?.revision == 20)
    #expect(try store.session(id(1), at: 19)?.snapshot?.bytes == [15])
    #expect(try store.session(id(1), at: 14)?.snapshot == nil)
    let future = Snapshot(revision: 21, format: "f", bytes: [])
    #expect(store.write([.snapshot(id(1), future, keeping: 2)]) == .revisionConflict(id(1), current: 20))
  }

  @Test("a fork has the history and the snapshots up to its revision, and then its own")
  func fork() throws {
    let store = try TestStore().open()
    func fork(_ source: Int, _ revision: Int, _ number: Int) -> Write {
      .fork(id(source), revision: revision, into: id(number), summary: [7], header: [8], time: 2000)
    }
    #expect(store.write([create(1), append(1, 2...10)]) == nil)
    for revision in [4, 8] {
      let snapshot = Snapshot(revision: revision, format: "f", bytes: [UInt8(revision)])
      #expect(store.write([.snapshot(id(1), snapshot, keeping: 9)]) == nil)
    }
    #expect(store.write([fork(1, 6, 2), append(2, 7...7), fork(1, 1, 3)]) == nil)
    #expect(store.write([.delete(id(1))]) == nil)

    let session = try #require(try store.session(id(2)))
    #expect(
      session.summary == SessionSummary(id: id(2), summary: [7], created: 2000, lastUsed: 2000, revision: 7))
    #expect(session.header == [8])
    #expect(session.snapshot?.revision == 4)
    #expect(try store.reader.history(of: id(2), after: 1, limit: 99) == stored(2...7))
    #expect(try store.session(id(3))?.entries == [])
    #expect(store.sessionCount == 2)

    #expect(store.write([fork(2, 8, 4)]) == .revisionConflict(id(2), current: 7))
    #expect(store.write([fork(2, 0, 4)]) == .revisionConflict(id(2), current: 7))
    #expect(store.write([fork(1, 1, 4)]) == .noSession(id(1)))
    #expect(store.write([fork(2, 7, 3)]) == .sessionExists(id(3)))
    #expect(try store.reader.examine().problems == [])
  }

  @Test("deletion takes everything of the session, and nothing else")
  func delete() throws {
    let store = try TestStore().open()
    for number in 1...2 {
      let snapshot = Snapshot(revision: 2, format: "f", bytes: [1])
      #expect(
        store.write([create(number), append(number, 2...9), .snapshot(id(number), snapshot, keeping: 1)])
          == nil)
    }
    #expect(store.write([.delete(id(1))]) == nil)
    #expect(store.write([.delete(id(1))]) == .noSession(id(1)))
    #expect(store.write([append(1, 10...10)]) == .noSession(id(1)))
    let counts = try store.reader.counts()
    #expect(counts.sessions == 1 && counts.entries == 8 && counts.snapshots == 1)
    #expect(store.sessionCount == 1)
    #expect(store.write([create(1)]) == nil)
    #expect(try store.session(id(1))?.entries == [])
  }

  @Test("lists by id and by last use, page by page")
  func lists() throws {
    let store = try TestStore().open()
    let numbers = Array(1...25)
    for number in numbers { #expect(store.write([create(number, time: 1000 + number * 7 % 5)]) == nil) }
    #expect(store.write([.touch(id(3), time: 5000)]) == nil)
    #expect(store.write([.touch(id(3), time: 4000)]) == nil)
    #expect(store.write([.touch(id(99), time: 4000)]) == .noSession(id(99)))

    var byID: [StoredSessionID] = []
    while true {
      let page = try store.reader.sessions(.byID(after: byID.last), limit: 4)
      byID += page.map(\.id)
      if page.isEmpty { break }
    }
    #expect(byID == numbers.map(id))

    var byUse: [SessionSummary] = []
    while true {
      let page = try store.reader.sessions(.byLastUse(after: byUse.last), limit: 4)
      byUse += page
      if page.isEmpty { break }
    }
    #expect(byUse.first?.id == id(3) && byUse.first?.lastUsed == 5000)
    #expect(Set(byUse.map(\.id)) == Set(byID) && byUse.count == byID.count)
    #expect(zip(byUse, byUse.dropFirst()).allSatisfy { ($0.lastUsed, $0.id) > ($1.lastUsed, $1.id) })
    #expect(try store.reader.sessions(.byID(after: nil), limit: 0).isEmpty)
  }

  @Test("ids are ordered as their bytes are")
  func ids() {
    let ids = [
      StoredSessionID(high: 0, low: 1), StoredSessionID(high: 0, low: .max), StoredSessionID(high: 1, low: 0),
      StoredSessionID(high: .max, low: 2),
    ]
    #expect(ids.sorted() == ids)
    for id in ids { #expect(StoredSessionID(id.data) == id && id.data.count == 16) }
    #expect(
      ids.map { [UInt8]($0.data) }.sorted { $0.lexicographicallyPrecedes($1) } == ids.map { [UInt8]($0.data) }
    )
  }

  @Test("unused sessions and old answers go, the oldest first and so many at a time")
  func expiry() throws {
    let store = try TestStore().open()
    for number in 1...9 { #expect(store.write([create(number, time: number * 10)]) == nil) }
    #expect(store.write([.touch(id(1), time: 1000)]) == nil)
    #expect(try store.expireSessions(lastUsedBefore: 60, limit: 3) == [2, 3, 4].map(id))
    #expect(try store.expireSessions(lastUsedBefore: 60, limit: 3) == [id(5)])
    #expect(try store.expireSessions(lastUsedBefore: 60, limit: 3) == [])
    #expect(store.sessionCount == 5)
    #expect(try store.reader.counts().sessions == 5)
  }

  @Test("answers are found for a day, and are then replaced or removed")
  func answers() throws {
    let store = try TestStore().open()
    func answer(_ status: Int, _ time: Int) -> StoredAnswer {
      StoredAnswer(digest: [1, 2], status: status, bytes: [3], time: time)
    }
    let day = StoredAnswer.lifetime
    let key = AnswerKey(scope: [1], key: [2, 3])
    #expect(store.write([.remember(key, answer(201, 1000))]) == nil)
    #expect(try store.reader.answer(key, at: 1000) == answer(201, 1000))
    #expect(try store.reader.answer(AnswerKey(scope: [1, 2], key: [3]), at: 1000) == nil)
    #expect(try store.reader.answer(key, at: 999 + day) == answer(201, 1000))
    #expect(try store.reader.answer(key, at: 1000 + day) == nil)
    // What would be applied twice is not applied at all.
    #expect(store.write([create(1), .remember(key, answer(202, 999 + day))]) == .answerExists)
    #expect(try store.session(id(1)) == nil && store.sessionCount == 0)
    #expect(store.write([create(1), .remember(key, answer(202, 1000 + day))]) == nil)
    #expect(try store.reader.answer(key, at: 1000 + day) == answer(202, 1000 + day))

    for number in 1...5 {
      #expect(
        store.write([.remember(AnswerKey(scope: [], key: [UInt8(number)]), answer(200, number))]) == nil)
    }
    #expect(try store.purgeAnswers(at: day + 4, limit: 3) == 3)
    #expect(try store.purgeAnswers(at: day + 4, limit: 3) == 1)
    #expect(try store.reader.counts().answers == 2)
    #expect(try store.reader.answer(key, at: .min) != nil && store.purgeAnswers(at: .min, limit: 9) == 0)
  }

  @Test("no statement that a request needs reads a whole table, or sorts")
  func indexes() throws {
    let store = try TestStore().open(change: { $0.readers = 1 })
    let statements = Mutex<Set<String>>([])
    let note: @Sendable (Database.TraceEvent) -> Void = { event in
      if case .statement(let statement) = event { statements.withLock { _ = $0.insert(statement.sql) } }
    }
    try store.reader.read { $0.trace(options: .statement, note) }
    try store.maintain { $0.database.trace(options: .statement, note) }

    let snapshot = Snapshot(revision: 2, format: "f", bytes: [])
    let answer = StoredAnswer(digest: [], status: 200, bytes: [], time: 0)
    let key = AnswerKey(scope: [], key: [])
    #expect(
      store.write([
        create(1), append(1, 2...3), .touch(id(1), time: 2000), .snapshot(id(1), snapshot, keeping: 1),
        .remember(key, answer), .fork(id(1), revision: 3, into: id(2), summary: [], header: [], time: 0),
        .delete(id(2)),
      ]) == nil)
    _ = try store.expireSessions(lastUsedBefore: 0, limit: 1)
    _ = try store.purgeAnswers(at: 0, limit: 1)
    let summary = try #require(try store.session(id(1))).summary
    _ = try store.reader.history(of: id(1), after: 1, limit: 1)
    _ = try store.reader.answer(key, at: 0)
    let orders: [ListOrder] = [
      .byID(after: nil), .byID(after: id(1)), .byLastUse(after: nil), .byLastUse(after: summary),
    ]
    for order in orders { _ = try store.reader.sessions(order, limit: 1) }

    let verbs: Set<Substring> = ["SELECT", "INSERT", "UPDATE", "DELETE"]
    let explained = statements.withLock { $0 }.filter { verbs.contains($0.prefix(6)) }
    #expect(explained.count >= 20)
    for sql in explained {
      let plan = try store.reader.read {
        let statement = try $0.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
        statement.setUncheckedArguments([])
        return try Row.fetchAll(statement).map { $0["detail"] as String }
      }
      for step in plan {
        let isPage = sql.contains("LIMIT") && step.contains("SCAN sessions USING INDEX")
        #expect(!step.contains("SCAN") || isPage, "\(sql): \(step)")
        #expect(!step.contains("TEMP B-TREE"), "\(sql): \(step)")
      }
    }
  }
}
