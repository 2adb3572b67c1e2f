import Foundation
import HTTPCore
import JSON
import SessionStore
import Synchronization
import Testing

@testable import RolecallAPI

/// A disk on which commits fail at random, or take long, until it is well again.
private final class BadDisk: Sendable {
  let isWell = Atomic(false)
  private let generator: Mutex<SeededGenerator>

  init(seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }

  func commit(_ units: Int) throws {
    if isWell.load(ordering: .relaxed) { return }
    let (chance, time) = generator.withLock {
      (Int.random(in: 0..<10, using: &$0), UInt32.random(in: 0..<2000, using: &$0))
    }
    if chance < 5 { usleep(time) }
    switch chance {
    case 0, 5: throw StoreError.diskFull
    case 1, 6: throw StoreError.io("cable pulled")
    default: return
    }
  }
}

/// A client of a service on a bad disk, and what it was told.
private struct FaultClient {
  let client: TestClient
  let number: Int
  let shared: String
  var generator: SeededGenerator
  /// What led to each revision after the first, in the sessions of this client alone, by their paths.
  var sessions: [String: [Int: String]] = [:]
  /// What this client did to the shared session, and what it saw there of everyone.
  var sharedSteps: [Int: String] = [:]
  var seen: [Int: String] = [:]
  var refused: Set<String> = []
  var refusals = 0
  /// Answers that should not be.
  var surprises: [String] = []
  private var count = 0

  init(_ client: TestClient, _ number: Int, shared: String) {
    (self.client, self.number, self.shared) = (client, number, shared)
    generator = SeededGenerator(seed: UInt64(number + 1))
  }

  mutating func step() throws {
    guard let session = sessions.keys.sorted().randomElement(using: &generator) else { return try make() }
    switch Int.random(in: 0..<20, using: &generator) {
    case 0: try make()
    case 1: try fork(session)
    case 2: try delete(session)
    case 3..<5: try change(session, "undo", "{}", "undo")
    case 5..<9: try setCR3(session)
    case 9..<12: try look(session)
    case 12..<17: try setCR3(shared)
    default: try look(shared)
    }
  }

  /// Whether an answer says yes; otherwise it has to say that the store could not.
  private mutating func succeeded(_ answer: TestClient.Answer, or other: UInt16? = nil) -> Bool {
    if (200..<300).contains(answer.status) { return true }
    if answer.status != other {
      if ![500, 503, 507].contains(answer.status) { surprises.append(answer.text) }
      refusals += 1
    }
    return false
  }

  private mutating func make() throws {
    let answer = try client.post("/v1/sessions", #"{"preset": "intel-shadow"}"#)
    if succeeded(answer) { sessions[try #require(answer.field("Location"))] = [:] }
  }

  private mutating func fork(_ session: String) throws {
    let answer = try client.post(session + "/fork")
    if succeeded(answer) { sessions[try #require(answer.field("Location"))] = sessions[session] }
  }

  private mutating func delete(_ session: String) throws {
    guard sessions.count > 2 else { return }
    if succeeded(try client.send(.delete, session)) {
      sessions[session] = nil
      if try client.get(session).status != 404 { surprises.append("\(session) is there after its deletion") }
    }
  }

  private mutating func setCR3(_ session: String) throws {
    count += 1
    let value = "0x" + String((number << 20 | count) << 12, radix: 16)
    try change(session, "vcpus/0/set-cr", #"{"register": "cr3", "value": "\#(value)"}"#, value)
  }

  private mutating func change(_ session: String, _ path: String, _ body: String, _ step: String) throws {
    let answer = try client.post("\(session)/\(path)", body)
    guard succeeded(answer, or: step == "undo" ? 409 : nil) else {
      if step != "undo" { refused.insert(step) }
      return
    }
    let revision = try #require(answer.json["revision"].integer)
    if session == shared {
      sharedSteps[revision] = step
    } else {
      if revision != sessions[session, default: [:]].count + 2 {
        surprises.append("\(session) has \(answer.text)")
      }
      sessions[session]?[revision] = step
    }
  }

  private mutating func look(_ session: String) throws {
    let answer = try client.get(session + "/history?limit=1000")
    guard succeeded(answer) else { return }
    let steps = answer.steps
    if session == shared {
      seen.merge(steps) { old, new in
        if old != new { surprises.append("a revision was \(old), and is \(new)") }
        return new
      }
    } else if steps != sessions[session] {
      surprises.append("\(session) shows \(steps)")
    }
  }
}

extension TestClient.Answer {
  /// What a history says of each revision after the first.
  fileprivate var steps: [Int: String] {
    var steps: [Int: String] = [:]
    for entry in json["entries"].elements.dropFirst() {
      guard let revision = entry["revision"].integer else { continue }
      steps[revision] = entry["operation"]["value"].string ?? entry["action"].string
    }
    return steps
  }
}

@Suite struct StoreFaultTests {
  @Test(arguments: [2, 3]) func whatIsAcknowledgedStaysAndWhatIsRefusedNeverWas(seed: UInt64) throws {
    let disk = BadDisk(seed: seed)
    let service = try DurableService(residents: 16, faults: StoreFaults(commit: disk.commit))
    let shared = try makeShared(service.client)
    let clients = Mutex((0..<4).map { FaultClient(service.client, $0, shared: shared) })
    DispatchQueue.concurrentPerform(iterations: 4) { index in
      var client = clients.withLock { $0[index] }
      for _ in 0..<250 {
        do { try client.step() } catch { Issue.record(error) }
      }
      clients.withLock { [client] in $0[index] = client }
    }
    disk.isWell.store(true, ordering: .relaxed)
    let all = clients.withLock { $0 }
    #expect(all.reduce(0) { $0 + $1.refusals } > 100 && all.contains { !$0.sharedSteps.isEmpty })
    try check(all, shared, service)
    try service.restart()
    try check(all, shared, service)
    let examination = try service.store.reader.examine()
    let replay = try ReplayCheck(service.store.reader, limit: .max)
    #expect(examination.problems.isEmpty && replay.problems.isEmpty)
    #expect(replay.sessions == all.reduce(1) { $0 + $1.sessions.count })
    for session in [shared] + all.flatMap(\.sessions.keys) {
      #expect(try service.client.post(session + "/zap-all").status == 200)
    }
  }

  private func makeShared(_ client: TestClient) throws -> String {
    while true {
      if let path = try client.post("/v1/sessions").field("Location") { return path }
    }
  }

  private func check(_ clients: [FaultClient], _ shared: String, _ service: DurableService) throws {
    let client = service.client
    for (session, steps) in clients.flatMap(\.sessions) {
      #expect(try client.get(session + "/history?limit=1000").steps == steps)
      try checkReplay(session, client)
    }
    let steps = try client.get(shared + "/history?limit=1000").steps
    let acknowledged = clients.reduce(into: [Int: String]()) { all, client in
      all.merge(client.sharedSteps) { "\($0) and \($1) have the same revision" }
    }
    #expect(steps == acknowledged)
    #expect(steps.keys.sorted() == Array(2..<steps.count + 2))
    for client in clients {
      #expect(client.surprises.isEmpty)
      #expect(client.seen.allSatisfy { steps[$0] == $1 }, "what was shown is kept")
      #expect(client.refused.isDisjoint(with: steps.values))
    }
    try checkReplay(shared, client)
  }

  private func checkReplay(_ session: String, _ client: TestClient) throws {
    let replay = try JSONValue(parsing: ScriptReplay(client.get(session + "/export").response.body).json)
    let document = try client.get(session).json
    for key in ["machine", "vcpus", "stats"] {
      #expect(replay[key] == document[key], "\(key) of \(session)")
    }
  }
}
