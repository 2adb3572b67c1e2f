import HTTPCore
import JSON
import Labs
import RolecallAPI
import Testing

@Suite("Labs over HTTP")
struct LabEndpointsTests {
  private static let token = "0123456789abcdef0123456789abcdef"
  private let client: TestClient
  private let smep = #"{"register": "cr4", "set": ["SMEP"]}"#

  /// The template for authors with a second step.
  init() throws {
    let text =
      LabLibrary.template + """
          - id: smap
            title: Set SMAP
            task: Now SMAP.
            checks:
              - {that: vcpu.root_mmu.vcpu_role.ext.cr4_smap, otherwise: SMAP is not set.}
            hints: [{after: 1, text: It is bit 21.}, {after: 4, text: Really.}]
            explanation: Likewise.
            solution: [{op: set-cr, register: cr4, set: [SMAP]}]

        """
    client = TestClient(token: Self.token, labs: [try LabFile(file: "50-smep.yaml", text: text)])
  }

  private func lab(_ body: String = #"{"lab": "50-smep"}"#) throws -> String { try client.session(body) }

  private func progress(_ session: String) throws -> JSONValue {
    let answer = try client.get(session + "/lab")
    #expect(answer.status == 200, "\(answer.text)")
    return answer.json
  }

  private func states(_ session: String) throws -> [String?] {
    try progress(session)["steps"].elements.map { $0["state"].string }
  }

  private func setCR4(_ session: String, _ bit: String) throws {
    let answer = try client.post("\(session)/vcpus/0/set-cr", #"{"register": "cr4", "set": ["\#(bit)"]}"#)
    #expect(answer.status == 200, "\(answer.text)")
  }

  @Test("the list, and a lab, without what only a session tells")
  func list() throws {
    let list = try client.get("/v1/labs").json["labs"]
    #expect(list.elements.map { $0["id"].string } == ["50-smep"])
    #expect(list[0].keys == ["id", "title", "summary", "minutes", "points", "steps"])
    let lab = try client.get("/v1/labs/50-smep")
    #expect(lab.json["steps"][0].keys == ["id", "title", "points"])
    for secret in ["SMEP is not set", "bit 20", "upper half", "0x9000", "user space"] {
      #expect(!lab.text.contains(secret), "\(secret)")
    }
    client.expectProblem(try client.get("/v1/labs/51-none"), 404, "unknown-lab")
    client.expectProblem(try client.get("/v1/labs/50-smep?name=ada"), 400, "invalid-query", [nil])
  }

  @Test("a student's variant is the same in the lab and in every session")
  func variants() throws {
    for student in ["ada", "bob", "grace", "ünal"] {
      let encoded = student.replacing("ü", with: "%C3%BC")
      let start = try client.get("/v1/labs/50-smep?student=\(encoded)").json["start"]["operations"][0][
        "value"
      ].string
      for _ in 1...2 {
        let session = try client.get(try lab(#"{"lab": "50-smep", "student": "\#(student)"}"#)).json
        #expect(session["vcpus"][0]["registers"]["cr3"].string == start)
        #expect(session["lab"]["student"].string == student)
      }
    }
  }

  @Test("steps are solved one after the other, and tell more and more")
  func solving() throws {
    let session = try lab()
    #expect(try client.get(session).json["links"]["lab"].string == session + "/lab")
    var steps = try progress(session)["steps"]
    #expect(steps.elements.map { $0["state"].string } == ["current", "later"])
    #expect(steps[0]["task"].string?.contains("`0x1000`") == true)
    #expect(
      steps[0]["checks"].elements.map { $0["message"].string } == ["SMEP is not set; CR4 is 0x20.", nil])
    #expect(steps[0]["hidden_checks"].integer == 1)
    #expect(steps[0]["next_hint_after"].integer == 2)
    #expect(steps[0]["explanation"] == .null)
    #expect(steps[1]["task"] == .null)
    #expect(steps[1]["hints_left"].integer == 2)

    try setCR4(session, "PGE")
    try setCR4(session, "PGE")
    #expect(try progress(session)["steps"][0]["hints"].elements.count == 1)
    try setCR4(session, "SMEP")
    try setCR4(session, "PGE")
    steps = try progress(session)["steps"]
    #expect(steps.elements.map { $0["state"].string } == ["solved", "current"])
    #expect(steps[0]["solved_at"].integer == 5)
    #expect(steps[0]["attempts"].integer == 3)
    #expect(steps[0]["explanation"].string?.contains("upper half") == true)
    #expect(steps[1]["hints"].elements.map(\.string) == ["It is bit 21."])
    #expect(steps[1]["next_hint_after"].integer == 4)
    try setCR4(session, "SMAP")
    let progress = try progress(session)
    #expect(progress["solved"].bool == true)
    #expect(progress["points"].integer == 3)
  }

  @Test("undo takes a step back and redo gives it again, and both are attempts")
  func undo() throws {
    let session = try lab()
    try setCR4(session, "SMEP")
    #expect(try states(session) == ["solved", "current"])
    #expect(try client.post(session + "/undo").status == 200)
    #expect(try states(session) == ["current", "later"])
    #expect(try progress(session)["steps"][0]["attempts"].integer == 2)
    #expect(try client.post(session + "/redo").status == 200)
    #expect(try states(session) == ["solved", "current"])
    #expect(try client.post(session + "/undo", #"{"steps": 2}"#).status == 200)
    client.expectProblem(try client.get(session + "/lab"), 409, "conflict")
  }

  @Test("a fork and an export are graded like the session")
  func copies() throws {
    let session = try lab(#"{"lab": "50-smep", "student": "ada"}"#)
    try setCR4(session, "SMEP")
    let fork = try #require(try client.post(session + "/fork").field("Location"))
    let export = try client.get(session + "/export").text
    let again = try client.session(export)
    for copy in [fork, again] { #expect(try states(copy) == ["solved", "current"]) }
    #expect(try client.get(again + "/export").text == export)
  }

  @Test("an export cannot be given what it has not done")
  func forgery() throws {
    let session = try lab()
    let export = try client.get(session + "/export").text
    for (from, to) in [
      ("\"boot\":\"long-mode\"", "\"boot\":\"pae\""), ("\"smep\":true", "\"smep\":false"),
      ("\"kernel\"", "\"points\":3,\"kernel\""), ("\"operations\":[", "\"solved\":true,\"operations\":["),
    ] {
      #expect(export.contains(from), "\(from)")
      let answer = try client.post("/v1/sessions", export.replacing(from, with: to))
      #expect([400, 422].contains(answer.status), "\(to): \(answer.text)")
    }
  }

  @Test("a body for a lab that makes no sense is refused with its place")
  func refused() throws {
    let cases: [(String, UInt16, String, [String?])] = [
      (#"{"lab": "99-none"}"#, 422, "rule-violated", ["/lab"]),
      (#"{"lab": 5}"#, 400, "invalid-body", ["/lab"]),
      (#"{"student": "ada"}"#, 422, "rule-violated", ["/student"]),
      (#"{"lab": "50-smep", "preset": "amd-npt"}"#, 422, "rule-violated", ["/machine"]),
      (#"{"lab": "50-smep", "boot": "reset"}"#, 422, "rule-violated", ["/boot"]),
      (#"{"lab": "50-smep", "operations": [{"op": "nested-exit"}]}"#, 409, "conflict", ["/operations/0"]),
      (
        #"{"lab": "50-smep", "student": "\#(String(repeating: "a", count: 201))"}"#, 422, "rule-violated",
        ["/student"]
      ),
    ]
    for (body, status, type, pointers) in cases {
      client.expectProblem(try client.post("/v1/sessions", body), status, type, pointers)
    }
    client.expectProblem(try client.get(try client.session() + "/lab"), 404, "unknown-lab")
  }

  @Test("a session's own operations come after the lab's")
  func operations() throws {
    let session = try lab(
      #"{"lab": "50-smep", "operations": [{"op": "set-cr", "register": "cr4", "set": ["SMEP"]}]}"#)
    #expect(try states(session) == ["solved", "current"])
    #expect(try client.get(session).json["revision"].integer == 3)
  }

  @Test("progress has an ETag, and a form for the terminal")
  func forms() throws {
    let session = try lab()
    let answer = try client.get(session + "/lab")
    let tag = try #require(answer.field("ETag"))
    #expect(try client.get(session + "/lab", fields: [("If-None-Match", tag)]).status == 304)
    try setCR4(session, "SMEP")
    #expect(try client.get(session + "/lab", fields: [("If-None-Match", tag)]).status == 200)
    let text = try client.get(session + "/lab", fields: [("Accept", "text/plain")]).text
    #expect(
      text.hasPrefix(
        "Turning on SMEP: 2 of 3 points\n\n1. Set SMEP\n\nSolved at revision 3.\n\nSMEP went into"))
    #expect(text.contains("2. Set SMAP\n\nNow SMAP.\n\n- SMAP is not set.\n"))
  }

  @Test("results as JSON, for Gradescope and as JUnit XML; hidden checks for the operator only")
  func results() throws {
    let session = try lab()
    let path = session + "/lab/results"
    #expect(try client.get(path).json["score"].integer == 0)
    _ = try client.post("\(session)/vcpus/0/set-sregs", #"{"cr4": "0x100020"}"#)
    #expect(
      try client.get(path).json["steps"][0]["output"].string
        == "All that is shown holds, and something that is not shown does not.")
    let plain = try client.get(path + "?format=gradescope")
    #expect(plain.json["tests"].elements.count == 2)
    #expect(!plain.text.contains("user space"))
    let shown = try client.get(
      path + "?format=gradescope", fields: [("Authorization", "Bearer \(Self.token)")])
    #expect(shown.json["tests"].elements.map { $0["visibility"].string } == ["visible", "hidden", "visible"])
    let xml = try client.get(path, fields: [("Accept", "application/xml")])
    #expect(xml.field("Content-Type") == "application/xml")
    #expect(xml.text.contains("<testcase classname=\"50-smep\" name=\"Set SMEP\">"))
    client.expectProblem(try client.get(path + "?format=csv"), 400, "invalid-query", [nil])
  }

  @Test("the results of a class as CSV, for the operator")
  func classResults() throws {
    let first = try lab(#"{"lab": "50-smep", "student": "=1+1, \"ada\""}"#)
    let second = try lab(#"{"lab": "50-smep", "student": "bob"}"#)
    _ = try client.session()
    try setCR4(first, "SMEP")
    _ = try client.post(second + "/undo")
    client.expectProblem(try client.get("/v1/labs/50-smep/results"), 401, "unauthorized")
    let answer = try client.get(
      "/v1/labs/50-smep/results", fields: [("Authorization", "Bearer \(Self.token)")])
    #expect(answer.field("Content-Type") == "text/csv; charset=utf-8")
    let lines = answer.text.split(separator: "\r\n")
    #expect(
      lines[0]
        == "student,session,created,updated,score,max_score,attempts,smep_solved_at,smap_solved_at,note")
    #expect(lines.count == 3)
    // In the order of the sessions' random names.
    let rows = lines.dropFirst().sorted()
    #expect(rows[0].hasPrefix("\"'=1+1, \"\"ada\"\"\",\(first.dropFirst("/v1/sessions/".count)),"))
    #expect(rows[0].hasSuffix(",2,3,1,3,,"))
    #expect(rows[1].hasPrefix("bob,"))
    #expect(rows[1].contains("redo them"))
  }
}
