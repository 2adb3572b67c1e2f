import HTTPCore
import JSON
import Testing

@testable import RolecallAPI

@Suite struct HistoryEndpointsTests {
  let client = TestClient()
  let setSMEP = #"{"register": "cr4", "set": ["SMEP"]}"#

  /// A session with two operations undone and one done again.
  private func session() throws -> String {
    let path = try client.session(#"{"preset": "intel-shadow"}"#)
    _ = try client.post(path + "/vcpus/0/set-cr", setSMEP)
    _ = try client.post(path + "/vcpus/0/set-cr", #"{"register": "cr4", "clear": ["PAE"]}"#)
    _ = try client.post(path + "/zap-all")
    #expect(try client.post(path + "/undo", #"{"steps": 2}"#).status == 200)
    #expect(try client.post(path + "/redo").status == 200)
    return path
  }

  @Test func theHistoryTellsEveryRevision() throws {
    let path = try session()
    let answer = try client.get(path + "/history")
    #expect(answer.field("ETag") == "\"6\"" && answer.field("Link") == nil)
    #expect(answer.json["revision"].integer == 6)
    #expect(answer.json["undoable"].integer == 2 && answer.json["redoable"].integer == 1)
    let entries = answer.json["entries"].elements
    #expect(entries.allSatisfy { $0.keys == History.entryKeys })
    #expect(entries.map { $0["revision"].integer } == Array(1...6))
    #expect(
      entries.map { $0["action"].string } == [
        "create", "operation", "operation", "operation", "undo", "redo",
      ])
    #expect(entries.map { $0["effective"].bool } == [nil, true, true, false, nil, nil])
    #expect(entries.map { $0["steps"].integer } == [nil, nil, nil, nil, 2, 1])
    #expect(entries.map { $0["restores"].integer } == [nil, nil, nil, nil, 2, 3])
    #expect(entries[1]["operation"]["set"][0].string == "SMEP")
    #expect(entries[2]["outcome"]["vector"].string == "#GP")
    #expect(entries[4]["operation"] == .null && entries[4]["outcome"] == .null)
    #expect(entries[5]["time"].string == "2026-11-22T19:31:43Z")
    let text = try client.get(path + "/history", fields: [("Accept", "text/plain")]).text
    let lines = text.split(separator: "\n")
    #expect(lines.count == 6)
    #expect(lines[3] == "4      2026-11-22T19:31:43Z  zap-all: ok  [undone]")
    #expect(lines[4] == "5      2026-11-22T19:31:43Z  undo 2: the state of revision 2")
  }

  @Test func theHistoryComesInPages() throws {
    let path = try session()
    var target = path + "/history?limit=4"
    var revisions: [Int?] = []
    for _ in 0..<2 {
      let answer = try client.get(target)
      revisions += answer.json["entries"].elements.map { $0["revision"].integer }
      let link = answer.field("Link") ?? ""
      target = String(link.dropFirst().prefix { $0 != ">" })
      #expect(link.isEmpty || link == "<\(path)/history?after=4&limit=4>; rel=\"next\"")
    }
    #expect(target.isEmpty && revisions == Array(1...6))
    for after in [6, 7, 1 << 52] {
      let answer = try client.get(path + "/history?after=\(after)")
      #expect(answer.json["entries"].elements.isEmpty && answer.field("Link") == nil, "\(after)")
    }
    for (query, status, type) in [
      ("limit=0", 422, "limit-exceeded"), ("limit=1001", 422, "limit-exceeded"),
      ("after=-1", 400, "invalid-query"), ("after=", 200, ""),
      ("limit=99999999999999999999", 400, "invalid-query"),
      ("revision=1&after=3", 400, "invalid-query"), ("revision=x", 400, "invalid-query"),
    ] where status != 200 {
      client.expectProblem(try client.get(path + "/history?" + query), UInt16(status), type, [nil])
    }
  }

  @Test func aRevisionIsTheDocumentOfThen() throws {
    let path = try client.session(#"{"preset": "intel-shadow", "name": "then"}"#)
    var documents = [try client.get(path)]
    for (operation, body) in [
      ("/vcpus/0/set-cr", setSMEP), ("/zap-all", "{}"), ("/undo", "{}"),
      ("/vcpus/0/set-pkru", "{\"value\": 1}"),
    ] {
      #expect(try client.post(path + operation, body).status == 200)
      documents.append(try client.get(path))
    }
    for (index, document) in documents.enumerated() {
      let past = try client.get(path + "/history?revision=\(index + 1)")
      #expect(past.text == document.text && past.field("ETag") == "\"\(index + 1)\"")
    }
    #expect(documents[3].json["vcpus"] == documents[1].json["vcpus"])
    #expect(
      try client.get(path + "/history?revision=2&names=upstream", fields: [("Accept", "text/plain")]).text
        .contains("revision 2"))
    client.expectProblem(try client.get(path + "/history?revision=6"), 404, "unknown-revision")
    client.expectProblem(try client.get(path + "/history?revision=0"), 404, "unknown-revision")
    #expect(
      try client.get(path + "/history?revision=2", fields: [("If-None-Match", "\"2\"")]).status == 304)
  }

  @Test func undoTellsWhatItTookBack() throws {
    let path = try client.session(#"{"preset": "intel-shadow"}"#)
    _ = try client.post(path + "/vcpus/0/set-cr", setSMEP)
    let answer = try client.post(path + "/undo")
    #expect(answer.json.keys == TravelDocument.keys && answer.field("ETag") == "\"3\"")
    #expect(answer.json["restores"].integer == 1 && answer.json["redone"] == .null)
    #expect(answer.json["undone"].elements.map { $0["revision"].integer } == [2])
    #expect(answer.json["undone"][0]["outcome"]["status"].string == "ok")
    #expect(answer.json["undoable"].integer == 0 && answer.json["redoable"].integer == 1)
    let change = try #require(answer.json["changes"].elements.first)
    #expect(change["path"].string == "vcpus[0].registers.cr4")
    #expect(change["from"].string == "0x100020" && change["to"].string == "0x20")
    #expect(answer.json["vcpus"] == (try client.get(path).json["vcpus"]))

    let redo = try client.post(path + "/redo?names=upstream", fields: [("Prefer", "return=minimal")])
    #expect(redo.field("Preference-Applied") == "return=minimal" && !redo.json.keys.contains("vcpus"))
    #expect(redo.json["redone"][0]["operation"]["op"].string == "set-cr" && redo.json["undone"] == .null)
    #expect(redo.json["changes"].elements.contains { $0["path"].string?.contains("cpu_role") == true })
    let text = try client.post(path + "/undo", fields: [("Accept", "text/plain")]).text
    #expect(
      text.hasPrefix(
        """
        undone  2      set-cr vcpu=0 register=cr4 set=[SMEP] clear=[]

        revision 5 has the state of revision 1; 0 can be undone, 1 redone

        vcpus[0].registers.cr4: 0x100020 -> 0x20

        """), "\(text)")
  }

  @Test func whatIsNotThereIsNotUndone() throws {
    let path = try client.session()
    client.expectProblem(try client.post(path + "/undo"), 409, "conflict")
    client.expectProblem(try client.post(path + "/redo"), 409, "conflict")
    _ = try client.post(path + "/zap-all")
    let answer = try client.post(path + "/undo", #"{"steps": 2}"#)
    client.expectProblem(answer, 422, "rule-violated", ["/steps"])
    #expect(answer.json["detail"].string == "/steps: 1 can be undone, not 2")
    for (body, status, type) in [
      (#"{"steps": 0}"#, 422, "rule-violated"), (#"{"steps": -1}"#, 422, "rule-violated"),
      (#"{"steps": "1"}"#, 400, "invalid-body"), (#"{"step": 1}"#, 400, "invalid-body"),
    ] {
      #expect(
        try client.post(path + "/undo", body).json["type"].string == "/problems/\(type)", "\(body) \(status)")
    }
    client.expectProblem(
      try client.post(path + "/undo", fields: [("If-Match", "\"1\"")]), 412, "precondition-failed")
    #expect(try client.get(path).json["revision"].integer == 2)
    _ = try client.post(path + "/undo")
    _ = try client.post(path + "/vcpus/0/enter-guest")
    client.expectProblem(try client.post(path + "/redo"), 409, "conflict")
  }

  @Test func aForkGoesItsOwnWay() throws {
    let path = try session()
    let fork = try client.post(path + "/fork", #"{"at_revision": 5, "name": "branch"}"#)
    #expect(fork.status == 201 && fork.field("ETag") == "\"5\"")
    let other = try #require(fork.field("Location"))
    #expect(other != path && fork.json["id"].string.map { "/v1/sessions/" + $0 } == other)
    #expect(fork.json["name"].string == "branch" && fork.json["revision"].integer == 5)
    let then = try client.get(path + "/history?revision=5").json
    #expect(fork.json["vcpus"] == then["vcpus"] && fork.json["stats"] == then["stats"])
    let entries = try client.get(path + "/history").json["entries"].elements.prefix(5)
    #expect(
      try client.get(other + "/history").json["entries"].elements.map { $0["operation"] }
        == entries.map { $0["operation"] })
    // What was undone there can still be done again here.
    #expect(try client.post(other + "/redo", #"{"steps": 2}"#).json["restores"].integer == 4)
    #expect(try client.get(path).json["revision"].integer == 6)

    let whole = try client.post(path + "/fork")
    #expect(whole.json["vcpus"] == (try client.get(path).json["vcpus"]) && whole.json["name"] == .null)
    for revision in [0, 7, -1] {
      client.expectProblem(
        try client.post(path + "/fork", "{\"at_revision\": \(revision)}"), 422, "rule-violated",
        ["/at_revision"])
    }
    client.expectProblem(
      try client.post(path + "/fork", fields: [("If-Match", "\"1\"")]), 412, "precondition-failed")
    let full = TestClient { $0.sessions = 1 }
    client.expectProblem(try full.post(try full.session() + "/fork"), 503, "too-many-sessions")
  }

  @Test func aFullHistoryTakesNothingMore() throws {
    let client = TestClient { $0.history = 3 * History.entryBytes }
    let path = try client.session()
    let batch = try client.post(
      path + "/batch",
      #"{"operations": [{"op": "zap-all"}, {"op": "zap-all"}, {"op": "zap-all"}, {"op": "zap-all"}]}"#)
    #expect(batch.json["results"][2]["revision"].integer == 4)
    #expect(batch.json["results"][3]["problem"]["type"].string == "/problems/limit-exceeded")
    for target in ["/zap-all", "/undo"] {
      client.expectProblem(try client.post(path + target), 422, "limit-exceeded", [""])
    }
    let words = Array(repeating: "0", count: 100).joined(separator: ",")
    client.expectProblem(
      try client.post(
        "/v1/sessions", "{\"operations\": [{\"op\": \"write-memory\", \"gpa\": 0, \"words\": [\(words)]}]}"),
      422,
      "limit-exceeded", ["/operations/0"])
    client.expectProblem(
      try client.post("/v1/sessions", #"{"operations": [0, 0, 0, 0]}"#), 422, "limit-exceeded",
      ["/operations"])
    #expect(try client.get(path).json["revision"].integer == 4)
  }
}
