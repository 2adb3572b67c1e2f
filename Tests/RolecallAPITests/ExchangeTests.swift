import HTTPCore
import JSON
import Testing

@testable import RolecallAPI

@Suite struct ExchangeTests {
  let client = TestClient()

  @Test func conditionsAreOnTheRevision() throws {
    let path = try client.session()
    let operation = path + "/vcpus/0/set-pkru"
    let body = #"{"value": "0x4"}"#
    client.expectProblem(
      try client.post(operation, body, fields: [("If-Match", "\"2\"")]), 412, "precondition-failed")
    client.expectProblem(
      try client.post(operation, body, fields: [("If-Match", "W/\"1\"")]), 412, "precondition-failed")
    #expect(try client.post(operation, body, fields: [("If-Match", "\"9\", \"1\"")]).field("ETag") == "\"2\"")
    #expect(try client.post(operation, body, fields: [("If-Match", "*")]).status == 200)
    client.expectProblem(
      try client.send(.delete, path, fields: [("If-Match", "\"1\"")]), 412, "precondition-failed")

    for path in [path, path + "/vcpus/0", path + "/shadow-pages", path + "/memory?gpa=0"] {
      let tag = try #require(try client.get(path).field("ETag"))
      #expect(tag == "\"3\"")
      for list in [tag, "W/\(tag)", "\"1\", \(tag)", "*"] {
        let answer = try client.get(path, fields: [("If-None-Match", list)])
        #expect(answer.status == 304)
        #expect(answer.field("ETag") == tag)
      }
      #expect(try client.get(path, fields: [("If-None-Match", "\"1\"")]).status == 200)
    }
    #expect(
      try client.get(path, fields: [("If-None-Match", "\"3\""), ("Accept", "text/plain")]).status == 200)
    client.expectProblem(
      try client.post(operation, body, fields: [("If-None-Match", "*")]), 412, "precondition-failed")
    #expect(try client.get(path).json["revision"].integer == 3)
  }

  @Test func acceptChoosesOrRefuses() throws {
    let path = try client.session()
    for accept in [
      "*/*", "application/*", "application/json;q=0.1", "text/html, */*;q=0.1", "application/problem+json",
    ] {
      #expect(try client.get(path, fields: [("Accept", accept)]).field("Content-Type") == "application/json")
    }
    for accept in ["image/svg+xml", "text/html", "application/json;q=0", "application/json;q=0, */*;q=0"] {
      client.expectProblem(try client.get("/v1/presets", fields: [("Accept", accept)]), 406, "not-acceptable")
    }
    client.expectProblem(
      try client.post("/v1/sessions", fields: [("Accept", "text/plain")]), 406, "not-acceptable")
  }

  @Test func bodiesAreJSON() throws {
    for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", nil] {
      let request = try Request(
        .post, "/v1/sessions", fields: type.map { [("Content-Type", $0)] } ?? [], body: Array("{}".utf8))
      client.expectProblem(
        .init(response: client.service.answer(to: request)), 415, "unsupported-media-type")
    }
    let request = try Request(
      .post, "/v1/sessions", fields: [("Content-Type", "Application/JSON; charset=utf-8")],
      body: Array("{}".utf8))
    #expect(client.service.answer(to: request).status == 201)
    client.expectProblem(
      try client.post("/v1/sessions", "{}", fields: [("Content-Encoding", "gzip")]), 415,
      "unsupported-media-type")

    let answer = try client.post("/v1/sessions", #"{"machine": {"vcpus": 01}}"#)
    client.expectProblem(answer, 400, "malformed-json", ["/machine/vcpus"])
    #expect(answer.json["detail"].string?.contains("(byte ") == true)
    client.expectProblem(
      try client.post("/v1/sessions", #"{"name": "a", "name": "b"}"#), 400, "malformed-json", ["/name"])
    client.expectProblem(try client.post("/v1/sessions", "[]"), 400, "invalid-body", [""])
  }

  @Test func pathsAndMethodsThatAreNotThere() throws {
    client.expectProblem(try client.get("/v1/nothing"), 404, "not-found")
    client.expectProblem(try client.get("/v1/sessions/x/"), 404, "not-found")
    let nowhere = try client.get("/nowhere")
    client.expectProblem(nowhere, 404, "not-found")
    for path in ["/openapi.yaml", "/v1/presets"] {
      #expect(nowhere.json["detail"].string?.contains(path) == true)
      #expect(try client.get(path).status == 200)
    }
    let answer = try client.send(.put, "/v1/presets")
    client.expectProblem(answer, 405, "method-not-allowed")
    #expect(answer.field("Allow") == "GET, HEAD, OPTIONS")
    let options = try client.send(.options, "/v1/sessions")
    #expect(options.status == 204 && options.field("Allow") == "GET, HEAD, POST, OPTIONS")
    #expect(try client.send(.head, "/v1/presets").status == 200)
    client.expectProblem(try client.get("/v1/presets?x=1"), 400, "invalid-query", [nil])
    client.expectProblem(
      try client.get("/v1/decode/mmu-role/1?kernel=6.1&kernel=6.2"), 400, "invalid-query", [nil])
  }

  @Test func everyFaultOfAQueryIsToldAtOnce() throws {
    let answer = try client.get("/v1/presets?x=1&names=upstream&y&x=2&names=upstream&%3Cz%3E=")
    client.expectProblem(answer, 400, "invalid-query", [nil, nil, nil, nil])
    let parameters = answer.json["errors"].elements.map { $0["parameter"].string }
    #expect(parameters == ["x", "y", "names", "<z>"])
    #expect(answer.json["detail"].string == "4 things are wrong with the query")
    #expect(answer.json["errors"][2]["detail"].string == "stands twice")
    let many = try client.get("/v1/presets?" + (0..<500).map { "p\($0)&" }.joined())
    #expect(many.json["detail"].string?.hasPrefix("500 things") == true)
    #expect(many.json["errors"].elements.count == 100)
  }

  @Test func someResourcesTakeAnyQueryAndAccept() throws {
    for path in ["/", "/livez", "/readyz", "/problems/conflict"] {
      let answer = try client.get(path + "??x=/?:@!$&'()*+,;=%41", fields: [("Accept", "a/b;q=\"\\\"\"")])
      #expect(answer.status == 200, "\(path)")
    }
  }

  @Test func refusalsOfTheHTTPLayerAreProblemsToo() {
    for error in HTTPError.allCases {
      let answer = TestClient.Answer(response: client.service.respond(to: error))
      #expect(answer.status == error.status.rawValue)
      #expect(answer.field("Content-Type") == "application/problem+json")
      #expect(answer.json["status"].integer == Int(error.status.rawValue))
    }
    let answer = TestClient.Answer(response: client.service.respond(to: .contentTooLarge))
    #expect(answer.json["type"].string == "/problems/content-too-large")
    #expect(answer.json["detail"].string?.contains("4194304 bytes") == true)
    var limits = Limits()
    limits.body = 1000
    let smaller = TestClient.Answer(response: client.service.respond(to: .contentTooLarge, limits: limits))
    #expect(smaller.json["detail"].string?.contains("The limit is 1000 bytes.") == true)
    let often = TestClient.Answer(response: client.service.respond(to: .tooManyRequests))
    #expect(often.json["type"].string == "/problems/too-many-requests")
  }

  @Test func aMisdirectedRequestIsToldWhereToGo() {
    let hosts = AllowedAuthorities(["LocalHost:8080", "lab.example"])
    let answer = TestClient.Answer(response: client.service.respond(to: .misdirected, authorities: hosts))
    let hint = " It answers for http://localhost:8080, http://lab.example."
    #expect(answer.json["detail"].string?.hasSuffix(hint) == true)
    let open = AllowedAuthorities(["localhost"], takesAddresses: true)
    let wide = TestClient.Answer(response: client.service.respond(to: .misdirected, authorities: open))
    #expect(wide.json["detail"].string?.hasSuffix("http://localhost and for IP addresses.") == true)
    let any = TestClient.Answer(response: client.service.respond(to: .misdirected))
    #expect(any.json["detail"].string?.hasSuffix("(RFC 9110 §7.4)") == true)
  }

  @Test func problemTypesAreDistinct() {
    #expect(Set(ProblemType.allCases.map(\.uri)).count == ProblemType.allCases.count)
  }

  @Test func everyRouteAnswersSomething() throws {
    // Some are unknown to whoever is not the operator.
    let client = TestClient(token: String(repeating: "t", count: 32))
    let path = try client.session()
    for (method, template) in RolecallService.routes {
      let target =
        template.replacing("/v1/sessions/{id}", with: path).replacing("{n}", with: "0")
        .replacing("{lab}", with: "none").replacing("{file}", with: "main.js").replacing(
          "{type}", with: "conflict"
        ).replacing(
          "{hpa}", with: "0x100000000"
        ).replacing(
          "{role}", with: "mmu-role"
        ).replacing(
          "{value}", with: "1")
      guard method != "DELETE" else { continue }
      let answer = try client.send(method: method, target)
      #expect(answer.json["type"].string != "/problems/not-found", "\(method) \(target)")
      #expect(answer.status < 500, "\(method) \(target)")
    }
  }
}
