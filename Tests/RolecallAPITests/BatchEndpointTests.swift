import HTTPCore
import JSON
import Testing

@testable import RolecallAPI

@Suite struct BatchEndpointTests {
  let client = TestClient { $0.wholeResults = 3 }

  @Test func aBatchIsItsOperationsOneByOne() throws {
    let first = try client.session(#"{"preset": "intel-shadow", "machine": {"vcpus": 2}}"#)
    let second = try client.session(#"{"preset": "intel-shadow", "machine": {"vcpus": 2}}"#)
    let cr3 = #""register": "cr3", "value": "0x3000""#
    let batch = try client.post(
      first + "/batch",
      "{\"operations\": [{\"op\": \"set-cr\", \(cr3)}, {\"op\": \"zap-all\"}, {\"op\": \"enter-guest\", \"vcpu\": 1}]}"
    )
    #expect(batch.status == 200)
    #expect(batch.field("ETag") == "\"4\"")
    let single = [
      try client.post(second + "/vcpus/0/set-cr", "{\(cr3)}"), try client.post(second + "/zap-all"),
      try client.post(second + "/vcpus/1/enter-guest"),
    ]
    #expect(batch.json["results"].elements == single.map { $0.json.without("names") })
    #expect(batch.json["session"] == (try client.get(first).json))
    #expect(batch.json["session"]["vcpus"] == (try client.get(second).json["vcpus"]))
    #expect(batch.json["session"]["stats"] == (try client.get(second).json["stats"]))
  }

  @Test func aMalformedOperationRefusesAll() throws {
    let path = try client.session()
    let answer = try client.post(
      path + "/batch",
      """
      {"operations": [{"op": "zap-all"}, {"op": "zap"}, {"vcpu": 0}, {"op": "set-cr", "register": "cr0", "set": ["XX"]},
        {"op": "zap-all", "vcpu": 0}, {"op": "enter-guest", "vcpu": 1}, 5], "stop_on": "error"}
      """)
    client.expectProblem(
      answer, 400, "invalid-body",
      [
        "/operations/1/op", "/operations/2/op", "/operations/3/set/0", "/operations/4/vcpu",
        "/operations/5/vcpu", "/operations/6", "/stop_on",
      ])
    #expect(try client.get(path).json["revision"].integer == 1)
    for body in ["{}", #"{"operations": null}"#] {
      client.expectProblem(try client.post(path + "/batch", body), 400, "invalid-body", ["/operations"])
    }
    client.expectProblem(
      try client.post(path + "/batch", #"{"operations": [{"op": "enter-guest", "vcpu": 64}]}"#), 422,
      "rule-violated", ["/operations/0/vcpu"])
  }

  @Test func aConflictStandsInItsPlace() throws {
    let path = try client.session()
    let answer = try client.post(
      path + "/batch",
      #"{"operations": [{"op": "zap-all"}, {"op": "nested-exit", "vcpu": 0}, {"op": "zap-all"}]}"#)
    let results = answer.json["results"]
    #expect(results.elements.count == 3)
    #expect(results[1].keys == ["problem"])
    #expect(results[1]["problem"]["status"].integer == 409)
    #expect(results[1]["problem"]["errors"][0]["pointer"].string == "/operations/1")
    #expect(results[2]["revision"].integer == 3)
  }

  @Test func itCanStopOnAnException() throws {
    let operations = """
      [{"op": "zap-all"}, {"op": "set-cr", "vcpu": 0, "register": "cr0", "clear": ["PE"]}, {"op": "zap-all"}]
      """
    for (stop, count) in [("exception", 2), ("never", 3)] {
      let path = try client.session()
      let answer = try client.post(
        path + "/batch", "{\"operations\": \(operations), \"stop_on\": \"\(stop)\"}")
      #expect(answer.json["results"].elements.count == count)
      #expect(answer.json["session"]["revision"].integer == count + 1)
    }
  }

  @Test func longBatchesHaveMinimalResults() throws {
    let path = try client.session()
    func batch(_ count: Int, _ prefer: String? = nil) throws -> TestClient.Answer {
      let operations = Array(repeating: #"{"op": "set-pkru", "vcpu": 0, "value": 1}"#, count: count)
      return try client.post(
        path + "/batch", "{\"operations\": [\(operations.joined(separator: ","))]}",
        fields: prefer.map { [("Prefer", $0)] } ?? [])
    }
    #expect(try batch(3).json["results"][2]["vcpu"] != .null)
    let long = try batch(4)
    #expect(!long.json["results"][3].keys.contains("vcpu"))
    #expect(long.field("Preference-Applied") == "return=minimal")
    #expect(try batch(4, "return=representation").json["results"][3]["vcpu"] != .null)
    #expect(!(try batch(1, "return=minimal").json["results"][0].keys.contains("narration")))
  }

  @Test func anAnswerThatReachesItsBoundTellsTheRestInShort() throws {
    let client = TestClient { $0.answerBytes = 20_000 }
    let path = try client.session()
    let operations = Array(
      repeating: #"{"op": "set-cr", "vcpu": 0, "register": "cr3", "value": 4096}"#, count: 30)
    let bad = #"{"op": "nested-exit", "vcpu": 0}"#
    let answer = try client.post(
      path + "/batch", "{\"operations\": [\((operations + [bad]).joined(separator: ","))]}")
    let results = answer.json["results"].elements
    #expect(results.count == 31)
    let first = try #require(results.firstIndex { $0.keys == ["revision", "outcome"] })
    #expect(first > 0)
    #expect(results[..<first].allSatisfy { $0["vcpu"] != .null })
    #expect(results[first..<30].allSatisfy { $0.keys == ["revision", "outcome"] })
    #expect(results[30].keys == ["problem"])
    #expect(results[29]["revision"].integer == 31)
    #expect(answer.json["truncated"]["pointer"].string == "/results/\(first)")
    #expect(answer.json["truncated"]["detail"].string?.contains("20000 bytes") == true)
    #expect(answer.json["session"]["revision"].integer == 31)
    #expect(try client.post(path + "/batch", #"{"operations": []}"#).json["truncated"] == .null)
  }

  @Test func twentyThousandOperationsAndNoMore() throws {
    let path = try client.session(#"{"preset": "amd-shadow"}"#)
    let operations = (0..<20_000).map {
      #"{"op":"set-cr","vcpu":0,"register":"cr3","value":"# + "\(($0 % 9 + 1) * 4096)}"
    }
    let answer = try client.post(
      path + "/batch?fields=session", "{\"operations\": [\(operations.joined(separator: ","))]}")
    #expect(answer.status == 200)
    #expect(answer.json["session"]["revision"].integer == 20_001)
    #expect(answer.json["session"]["stats"]["operations"].integer == 20_000)

    let tooMany = Array(repeating: "0", count: 20_001).joined(separator: ",")
    let refused = try client.post(path + "/batch", "{\"operations\": [\(tooMany)]}")
    client.expectProblem(refused, 422, "limit-exceeded", ["/operations"])
    #expect(refused.json["detail"].string?.contains("20000") == true)
  }

  @Test func aScriptOfTheSameMachineIsABatch() throws {
    let source = try client.session(#"{"preset": "amd-shadow", "boot": "pae", "name": "lab"}"#)
    _ = try client.post(source + "/vcpus/0/set-pkru", #"{"value": 3}"#)
    _ = try client.post(source + "/zap-all")
    let script = try client.get(source + "/export").text
    let path = try client.session(#"{"preset": "amd-shadow", "boot": "pae"}"#)
    let answer = try client.post(path + "/batch", script)
    #expect(answer.status == 200, "\(answer.text)")
    #expect(answer.json["session"]["vcpus"] == (try client.get(source).json["vcpus"]))
    client.expectProblem(
      try client.post(try client.session() + "/batch", script), 422, "rule-violated", ["/boot", "/machine"])
    client.expectProblem(
      try client.post(
        path + "/batch", #"{"format": "rolecall-script/2", "preset": "amd-npt", "operations": []}"#), 400,
      "invalid-body", ["/format", "/machine"])
    #expect(try client.get(path).json["revision"].integer == 3)
  }
}
