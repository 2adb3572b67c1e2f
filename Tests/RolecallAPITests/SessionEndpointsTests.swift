import HTTPCore
import JSON
import KVMModel
import Testing

@testable import RolecallAPI

@Suite struct SessionEndpointsTests {
  let client = TestClient()

  @Test func anEmptyBodyMakesTheDefaultMachine() throws {
    let answer = try client.send(.post, "/v1/sessions")
    #expect(answer.status == 201)
    #expect(answer.field("ETag") == "\"1\"")
    let id = try #require(answer.json["id"].string)
    #expect(id.utf8.count == 22)
    #expect(answer.field("Location") == "/v1/sessions/\(id)")
    #expect(answer.json.keys == Session.documentKeys)
    #expect(answer.json["created"].string == "2026-11-22T19:31:43Z")
    #expect(answer.json["machine"]["vendor"].string == "intel")
    #expect(answer.json["vcpus"][0]["paging_mode"].string == "4-level")
    #expect(answer.json["vcpus"][0]["root_mmu"]["prev_roots"].elements.count == 3)
    #expect(try client.get("/v1/sessions/\(id)").json == answer.json)
  }

  @Test func theMachineInTheAnswerMakesAnEqualMachine() throws {
    for preset in Preset.all {
      let first = try client.post("/v1/sessions", "{\"preset\": \"\(preset.id)\"}")
      var writer = JSONWriter()
      writer.value(first.json["machine"])
      let machine = String(decoding: writer.finish(), as: UTF8.self)
      let second = try client.post("/v1/sessions", "{\"machine\": \(machine)}")
      #expect(second.json["machine"] == first.json["machine"])
      #expect(second.json["vcpus"] == first.json["vcpus"])
    }
  }

  @Test func everythingWrongIsFoundAtOnce() throws {
    let body = """
      {"nam": "x", "preset": "vax", "machine": {"vendor": "arm", "kernel": "5.4", "vcpus": 65, "prev_roots": 0,
       "tdp": 1, "host": {"maxphyaddr": 99, "la58": true}, "memory": {"slots": [{"gpa": "0x1"}], "bytes": "0xg"}}}
      """
    let answer = try client.post("/v1/sessions", body)
    client.expectProblem(
      answer, 400, "invalid-body",
      [
        "/nam", "/preset", "/machine/vendor", "/machine/kernel", "/machine/vcpus", "/machine/prev_roots",
        "/machine/tdp", "/machine/host/maxphyaddr", "/machine/host/la58", "/machine/memory/slots/0/bytes",
        "/machine/memory/bytes",
      ])
  }

  @Test func rulesAloneAre422() throws {
    client.expectProblem(
      try client.post("/v1/sessions", #"{"machine": {"vcpus": 65}}"#), 422, "rule-violated",
      ["/machine/vcpus"])
    let slots = (0..<17).map { "{\"gpa\": \"\(hex(UInt64($0) << 20))\", \"bytes\": 4096}" }
    client.expectProblem(
      try client.post(
        "/v1/sessions", "{\"machine\": {\"memory\": {\"slots\": [\(slots.joined(separator: ","))]}}}"),
      422, "rule-violated", ["/machine/memory/slots"])
    let accents = String(repeating: "\u{301}", count: 200)
    for name in [String(repeating: "n", count: 201), "e" + accents] {
      client.expectProblem(
        try client.post("/v1/sessions", "{\"name\": \"\(name)\"}"), 422, "rule-violated", ["/name"])
    }
    client.expectProblem(
      try client.post("/v1/sessions", #"{"boot": "long-mode-la57"}"#), 422, "rule-violated", ["/boot"])
  }

  @Test func operationsCanComeWithTheSession() throws {
    let answer = try client.post(
      "/v1/sessions",
      #"{"operations": [{"op": "set-cr", "vcpu": 0, "register": "cr4", "set": ["PCIDE"]}, {"op": "zap-all"}]}"#
    )
    #expect(answer.json["revision"].integer == 3)
    #expect(answer.json["vcpus"][0]["registers"]["cr4"].string == "0x20020")
    #expect(answer.json["stats"]["operations"].integer == 2)
    client.expectProblem(
      try client.post("/v1/sessions", #"{"operations": [{"op": "zap-all"}, {"op": "nested-exit"}]}"#), 409,
      "conflict", ["/operations/1"])
  }

  @Test func aDeletedSessionIsUnknown() throws {
    let path = try client.session()
    #expect(try client.send(.delete, path).status == 204)
    for answer in [
      try client.get(path), try client.send(.delete, path), try client.post(path + "/zap-all"),
      try client.get("/v1/sessions/short"), try client.get("/v1/sessions/!!!!!!!!!!!!!!!!!!!!!!"),
    ] {
      client.expectProblem(answer, 404, "unknown-session")
    }
  }

  @Test func pastTheLimitOfSessionsIs503() throws {
    let client = TestClient { $0.sessions = 2 }
    let first = try client.session()
    _ = try client.session()
    let answer = try client.post("/v1/sessions")
    client.expectProblem(answer, 503, "too-many-sessions")
    #expect(answer.field("Retry-After") == "60")
    #expect(answer.json["detail"].string?.contains("2 sessions") == true)
    #expect(try client.get("/readyz").status == 503)
    _ = try client.send(.delete, first)
    #expect(try client.get("/readyz").status == 200)
    #expect(try client.post("/v1/sessions").status == 201)
  }

  @Test func onlyTheVCPUsOfTheMachineAreThere() throws {
    let path = try client.session(#"{"machine": {"vcpus": 3}}"#)
    let answer = try client.get(path + "/vcpus/2")
    #expect(answer.json.keys == VCPU.documentKeys)
    #expect(answer.json["id"].integer == 2)
    for number in ["3", "-1", "02", "x", "18446744073709551616"] {
      client.expectProblem(try client.get(path + "/vcpus/\(number)"), 404, "unknown-vcpu")
    }
  }

  @Test func fieldsChooseTopLevelKeys() throws {
    let path = try client.session()
    #expect(try client.get(path + "?fields=revision,id").json.keys == ["id", "revision"])
    #expect(try client.get(path + "/vcpus/0?fields=registers").json.keys == ["registers"])
    #expect(try client.post(path + "/zap-all?fields=outcome").json.keys == ["outcome"])
    client.expectProblem(try client.post(path + "/zap-all?fields=outcom"), 400, "invalid-query", [nil])
    #expect(try client.get(path).json["revision"].integer == 2)
  }

  @Test func upstreamNamesReplaceTheProposedOnes() throws {
    let path = try client.session(#"{"preset": "intel-shadow"}"#)
    let result = try client.post(
      path + "/vcpus/0/set-cr?names=upstream", #"{"register": "cr0", "clear": ["WP"]}"#)
    #expect(result.status == 200)
    #expect(result.json["changes"].elements.contains { $0["path"].string == "root_mmu.root_role.cr0_wp" })
    for answer in [
      result, try client.get(path + "?names=upstream"), try client.get(path + "/vcpus/0?names=upstream"),
    ] {
      #expect(answer.json["names"]["cpu_role"].string == "vcpu_role")
      #expect(!answer.text.contains(#""vcpu_role":"#) && !answer.text.contains(#""mmu_role":"#))
      #expect(!answer.text.contains("mmu_role.cr0_wp"))
    }
    client.expectProblem(try client.get(path + "?names=linux"), 400, "invalid-query", [nil])
  }

  @Test func aTableForTheTerminal() throws {
    let path = try client.session(#"{"name": "a\u001bb"}"#)
    let answer = try client.get(path, fields: [("Accept", "text/plain")])
    #expect(answer.field("Content-Type") == "text/plain; charset=utf-8")
    #expect(answer.field("ETag") == "\"1-text\"")
    #expect(answer.text.contains("CR4  0x20         PAE\n"))
    #expect(answer.text.hasPrefix("session ") && answer.text.contains("  ab\n"))
    #expect(!answer.text.split(separator: "\n").contains { $0.hasSuffix(" ") })
    #expect(
      try client.get(path + "/vcpus/0", fields: [("Accept", "text/plain, application/json;q=0.5")])
        .text.hasPrefix("vCPU 0  L1"))
  }
}
