import HTTPCore
import JSON
import SessionStore
import Synchronization
import Testing

@testable import RolecallAPI

@Suite struct DurableSessionTests {
  private static let operations = [
    ("vcpus/0/set-cr", #"{"register": "cr4", "set": ["SMEP"]}"#),
    ("vcpus/0/set-cr", #"{"register": "cr3", "value": "0x2000"}"#),
    ("map", #"{"format": "4-level", "root": "0x2000", "address": "0x7000", "target": "0x5000"}"#),
    ("vcpus/0/access", #"{"address": "0x7008", "cpl": 3}"#),
    ("undo", #"{"steps": 2}"#),
    ("redo", "{}"),
    ("write-memory", #"{"gpa": "0x9000", "word_bytes": 4, "words": ["0xffffffff"]}"#),
    ("vcpus/0/set-cr", #"{"register": "cr4", "clear": ["PAE"]}"#),
  ]

  private func documents(_ client: TestClient, _ session: String) throws -> [String] {
    try [session, session + "/vcpus/0", session + "/history", session + "/export", session + "/shadow-pages"]
      .map { try client.get($0).text }
  }

  @Test func sessionsComeBackByteForByte() throws {
    let service = try DurableService()
    let session = try service.client.session(#"{"name": "lab", "preset": "intel-shadow"}"#)
    for (path, body) in Self.operations {
      #expect(try service.client.post("\(session)/\(path)", body).status == 200)
    }
    let fork = try #require(
      try service.client.post(session + "/fork", #"{"at_revision": 4, "name": "fork"}"#).field("Location"))
    #expect(try service.client.post(fork + "/vcpus/0/invlpg", #"{"gva": "0x7000"}"#).status == 200)
    let before = try (documents(service.client, session), documents(service.client, fork))
    try service.restart()
    let after = try (documents(service.client, session), documents(service.client, fork))
    #expect(after.0 == before.0)
    #expect(after.1 == before.1)
    let answer = try service.client.post(session + "/undo")
    #expect(answer.json["revision"].integer == 10)
  }

  @Test func sessionsLeaveMemoryAndComeBack() throws {
    let service = try DurableService(residents: 16)
    let sessions = try (0..<100).map { try service.client.session(#"{"name": "\#($0)"}"#) }
    let operation = #"{"register": "cr3", "value": "0x5000"}"#
    for session in sessions {
      #expect(try service.client.post(session + "/vcpus/0/set-cr", operation).status == 200)
    }
    #expect(service.client.service.sessions.inMemory <= 32)
    #expect(service.client.service.sessions.count == 100)
    for (number, session) in sessions.enumerated() {
      let document = try service.client.get(session).json
      #expect(document["name"].string == "\(number)")
      #expect(document["revision"].integer == 2)
    }
  }

  @Test func watchedSessionsDoNotKeepOthersInMemory() throws {
    let service = try DurableService(residents: 16)
    let later = Later(Nobody(), client: 0, request: 0)
    let watched = try (0..<64).map { _ in
      let id = try #require(SessionID(ArraySlice(try service.client.session().utf8.dropFirst(13))))
      let session = try #require(
        try service.client.service.sessions.session(id, at: service.client.service.now))
      _ = session.watchers.add(later)
      return session
    }
    for _ in 0..<200 { _ = try service.client.session() }
    #expect(service.client.service.sessions.inMemory <= watched.count + 32)
  }

  @Test func aSnapshotStandsForWhatLedToIt() throws {
    let service = try DurableService(residents: 16)
    let session = try service.client.session(#"{"preset": "intel-shadow"}"#)
    for number in 0..<150 {
      let body = #"{"register": "cr3", "value": "\#(0x1000 * (number % 5 + 1))"}"#
      #expect(try service.client.post(session + "/vcpus/0/set-cr", body).status == 200)
      if number % 40 == 39 { #expect(try service.client.post(session + "/undo").status == 200) }
    }
    let before = try documents(service.client, session)
    // Others take its place in memory.
    for _ in 0..<200 { _ = try service.client.session() }
    #expect(try service.store.reader.counts().snapshots == 1)
    #expect(try documents(service.client, session) == before)
    #expect(try service.client.post(session + "/undo", #"{"steps": 100}"#).status == 200)
  }

  @Test func deletedSessionsStayDeleted() throws {
    let service = try DurableService()
    let session = try service.client.session()
    #expect(try service.client.send(.delete, session).status == 204)
    #expect(try service.client.get(session).status == 404)
    try service.restart()
    #expect(try service.client.get(session).status == 404)
  }

  @Test func answersAreRememberedAcrossRestarts() throws {
    let service = try DurableService()
    let session = try service.client.session()
    let key = [(name: "Idempotency-Key", value: "\"once\"")]
    let body = #"{"register": "cr3", "value": "0x5000"}"#
    let first = try service.client.post(session + "/vcpus/0/set-cr", body, fields: key)
    let calculated = try service.client.post("/v1/calculate/ept", #"{"eptp": "0x10005e"}"#, fields: key)
    try service.restart()
    let again = try service.client.post(session + "/vcpus/0/set-cr", body, fields: key)
    #expect(again.text == first.text)
    #expect(again.response.fields == first.response.fields)
    #expect(try service.client.get(session).json["revision"].integer == 2)
    service.client.expectProblem(
      try service.client.post(
        session + "/vcpus/0/set-cr", #"{"register": "cr3", "value": "0x6000"}"#, fields: key),
      422, "idempotency-key-reused")
    #expect(
      try service.client.post("/v1/calculate/ept", #"{"eptp": "0x10005e"}"#, fields: key).text
        == calculated.text)
  }

  @Test func theStoreIsMeasured() throws {
    let disk = FullDisk()
    let service = try DurableService(faults: StoreFaults(commit: disk.check))
    func metric(_ name: String) throws -> Substring? {
      try service.client.get("/metrics").text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
    }
    let session = try service.client.session()
    disk.isFull.store(true, ordering: .relaxed)
    #expect(try service.client.post(session + "/zap-all").status == 507)
    #expect(try metric("rolecall_store_failing") == "rolecall_store_failing 1")
    disk.isFull.store(false, ordering: .relaxed)
    #expect(try service.client.post(session + "/zap-all").status == 200)
    for (name, value) in [
      ("failing", 0), ("commits_total", 2), ("failed_commits_total", 1), ("units_total", 2),
      ("refused_units_total", 0), ("waiting_units", 0), ("waiting_bytes", 0),
    ] { #expect(try metric("rolecall_store_\(name)") == "rolecall_store_\(name) \(value)") }
    #expect(try metric("rolecall_sessions_in_memory") == "rolecall_sessions_in_memory 1")
  }

  @Test func whatCannotBeKeptIsNotMade() throws {
    let full = FullDisk()
    let service = try DurableService(faults: StoreFaults(commit: full.check))
    let session = try service.client.session()
    let before = try documents(service.client, session)
    full.isFull.store(true, ordering: .relaxed)
    let key = [(name: "Idempotency-Key", value: "\"full\"")]
    for _ in 0..<3 {
      service.client.expectProblem(
        try service.client.post(session + "/vcpus/0/set-efer", #"{"set": ["SVME"]}"#, fields: key), 507,
        "store-full")
      service.client.expectProblem(try service.client.post("/v1/sessions"), 507, "store-full")
      service.client.expectProblem(try service.client.send(.delete, session), 507, "store-full")
      #expect(try documents(service.client, session) == before)
    }
    full.isFull.store(false, ordering: .relaxed)
    #expect(
      try service.client.post(
        session + "/vcpus/0/set-cr", #"{"register": "cr3", "value": "0x5000"}"#, fields: key
      )
      .status == 200)
    #expect(try service.client.get(session).json["revision"].integer == 2)
    try service.restart()
    #expect(try service.client.get(session).json["revision"].integer == 2)
  }
}

/// A disk that is full while one says so.
private final class FullDisk: Sendable {
  let isFull = Atomic(false)

  func check(_ units: Int) throws {
    if isFull.load(ordering: .relaxed) { throw StoreError.diskFull }
  }
}

/// Takes in answers that nobody waits for.
private final class Nobody: AnswerReceiver {
  func receive(_ part: AnswerPart, client: UInt64, request: UInt32) {}
}
