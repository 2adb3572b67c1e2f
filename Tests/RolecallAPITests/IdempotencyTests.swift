import HTTPCore
import JSON
import Testing

@testable import RolecallAPI

@Suite struct IdempotencyTests {
  let client = TestClient()

  private func key(_ text: String) -> [(name: String, value: String)] { [("Idempotency-Key", text)] }

  @Test func theSameRequestHasTheFirstAnswer() throws {
    let created = try client.post("/v1/sessions", fields: key("\"create-1\""))
    let again = try client.post("/v1/sessions", fields: key("create-1"))
    #expect(created.status == 201 && again.status == 201 && again.text == created.text)
    #expect(
      again.response.fields == created.response.fields && again.response.route == created.response.route)
    #expect(client.service.sessions.count == 1)

    let path = try #require(created.field("Location"))
    for target in ["/vcpus/0/set-pkru", "/batch", "/undo", "/redo", "/fork"] {
      let body =
        target.hasSuffix("pkru") ? #"{"value": 7}"# : target == "/batch" ? #"{"operations": []}"# : "{}"
      let before = client.service.sessions.count
      let fields = key("\"\(target)\"") + [("If-Match", "*")]
      let first = try client.post(path + target, body, fields: fields)
      #expect((200..<300).contains(first.status), "\(target): \(first.text)")
      let revision = try client.get(path).json["revision"]
      let second = try client.post(path + target, body, fields: fields)
      #expect(second.text == first.text && second.field("ETag") == first.field("ETag"), "\(target)")
      #expect(try client.get(path).json["revision"] == revision, "\(target)")
      #expect(client.service.sessions.count == (target == "/fork" ? before + 1 : before))
    }
  }

  @Test func aRetryComesBeforeItsCondition() throws {
    let path = try client.session()
    let fields = key("\"once\"") + [("If-Match", "\"1\"")]
    #expect(try client.post(path + "/zap-all", fields: fields).status == 200)
    #expect(try client.post(path + "/zap-all", fields: fields).json["revision"].integer == 2)
  }

  @Test func anotherRequestIsRefused() throws {
    let path = try client.session()
    let other = try client.session()
    #expect(try client.post(path + "/zap-all", fields: key("\"k\"")).status == 200)
    for (target, body) in [
      (path + "/zap-all", "{ }"), (path + "/undo", "{}"), (path + "/zap-all?fields=outcome", "{}"),
    ] {
      client.expectProblem(
        try client.post(target, body, fields: key("\"k\"")), 422, "idempotency-key-reused")
    }
    // The keys of another session are its own.
    #expect(try client.post(other + "/undo", fields: key("\"k\"")).status == 409)
    #expect(try client.get(path).json["revision"].integer == 2)
    #expect(try client.get(path, fields: key("\"k\"")).status == 200)
  }

  @Test func aRefusalIsNotKept() throws {
    let path = try client.session()
    client.expectProblem(try client.post(path + "/undo", fields: key("\"k\"")), 409, "conflict")
    _ = try client.post(path + "/zap-all")
    #expect(try client.post(path + "/undo", fields: key("\"k\"")).status == 200)
    client.expectProblem(
      try client.post(path + "/map", #"{"a": 1}"#, fields: key("\"b\"")), 400, "invalid-body",
      ["/a", "/format", "/root", "/address", "/target"])
    #expect(try client.post(path + "/zap-all", fields: key("\"b\"")).status == 200)
  }

  @Test func malformedKeysAreRefused() throws {
    let path = try client.session()
    let long = String(repeating: "k", count: 256)
    for text in [
      "", "\"\"", "\"", "a b", "\"a", "a\"", "\"a\"b\"", "\"\\x\"", "\"é\"", "é", "\"a\", \"b\"", long,
      "\"\(long)\"",
    ] {
      client.expectProblem(try client.post(path + "/zap-all", fields: key(text)), 400, "invalid-header")
    }
    client.expectProblem(
      try client.post(path + "/zap-all", fields: key("\"a\"") + key("\"a\"")), 400, "invalid-header")
    #expect(try client.get(path).json["revision"].integer == 1)
    for text in ["\"\\\" \\\\\"", String(long.dropFirst()), "8e03978e-40d5-43dd-bc93-6894a57f9324"] {
      #expect(try client.post(path + "/zap-all", fields: key(text)).status == 200, "\(text)")
    }
  }

  @Test func ofManyAtOnceOneIsCarriedOut() async throws {
    let path = try client.session()
    let operations = Array(repeating: #"{"op": "zap-all"}"#, count: 200).joined(separator: ",")
    let answers = try await withThrowingTaskGroup(of: TestClient.Answer.self) { group in
      for _ in 0..<16 {
        group.addTask {
          try client.post(path + "/batch", "{\"operations\": [\(operations)]}", fields: key("\"k\""))
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let done = answers.filter { $0.status == 200 }
    #expect(!done.isEmpty && done.allSatisfy { $0.text == done[0].text })
    for answer in answers where answer.status != 200 {
      client.expectProblem(answer, 409, "request-unfinished")
      #expect(answer.field("Retry-After") == "1")
    }
    #expect(try client.get(path).json["revision"].integer == 201)
  }
}

@Suite struct RecentAnswersTests {
  private let request = Array("/zap-all\0{}".utf8)

  private func key(_ text: String) throws -> IdempotencyKey { try IdempotencyKey(text, session: nil) }

  /// What is known, in a word.
  private func known(_ memory: RecentAnswers, _ key: IdempotencyKey, _ request: [UInt8], at seconds: Int)
    -> String
  {
    switch memory.claim(key, for: request, at: Timestamp(seconds: seconds)) {
    case .first: "first"
    case .answered(let answer): "answered \(answer.body.count)"
    case .unfinished: "unfinished"
    case .otherRequest: "other"
    }
  }

  @Test func aKeyIsFirstThenUnfinishedThenAnswered() throws {
    let memory = RecentAnswers(limit: 1 << 20)
    let key = try key("a")
    #expect(known(memory, key, request, at: 0) == "first")
    #expect(known(memory, key, request, at: 1) == "unfinished")
    #expect(known(memory, key, [], at: 1) == "other")
    memory.release(key)
    #expect(known(memory, key, request, at: 2) == "first")
    memory.keep(Response(200, body: [1, 2]), for: key, at: Timestamp(seconds: 3))
    #expect(known(memory, key, request, at: 4) == "answered 2")
    #expect(known(memory, key, [], at: 4) == "other")
  }

  @Test func anAnswerIsKeptForADay() throws {
    let memory = RecentAnswers(limit: 1 << 20)
    let key = try key("a")
    _ = known(memory, key, request, at: 0)
    memory.keep(Response(200), for: key, at: Timestamp(seconds: 10))
    #expect(known(memory, key, request, at: 24 * 3600 + 9) == "answered 0")
    #expect(known(memory, key, request, at: 24 * 3600 + 10) == "first")
  }

  @Test func theOldestGiveWay() throws {
    let size = RecentAnswers.overhead + request.count + 100
    let memory = RecentAnswers(limit: 10 * size)
    let keys = try (0..<4000).map { try key("k\($0)") }
    for key in keys {
      #expect(known(memory, key, request, at: 0) == "first")
      memory.keep(Response(200, body: Array(repeating: 0, count: 100)), for: key, at: Timestamp(seconds: 0))
    }
    #expect(keys.suffix(10).allSatisfy { known(memory, $0, request, at: 0) == "answered 100" })
    #expect(keys.prefix(3990).allSatisfy { known(memory, $0, request, at: 0) == "first" })
    let large = try key("large")
    _ = known(memory, large, request, at: 0)
    memory.keep(
      Response(200, body: Array(repeating: 0, count: 20 * size)), for: large, at: Timestamp(seconds: 0))
    #expect(known(memory, large, request, at: 0) == "first")
  }
}
