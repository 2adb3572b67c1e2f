import JSON
import KVMModel
import Testing

@testable import RolecallAPI

@Suite struct MapTests {
  let client = TestClient()
  let page = #"{"format": "4-level", "root": "0x1000", "address": "0x7000", "target": "0x5000"}"#

  @Test func theAnswerTellsEachEntryAndEachTable() throws {
    let session = try client.session()
    let answer = try client.post(session + "/map", page)
    #expect(answer.status == 200, "\(answer.text)")
    let result = answer.json
    #expect(result.keys == ResultDocument.keys(having: ["map"]))
    #expect(result["map"].keys == ["entries", "tables"] && result["vcpu"] == .null)
    #expect(result["outcome"]["status"].string == "ok" && result["revision"].integer == 2)
    #expect(result["map"]["tables"].elements.map(\.string) == ["0x2000", "0x3000", "0x4000"])
    let entries = result["map"]["entries"].elements
    #expect(
      entries.allSatisfy {
        $0.keys == ["level", "table", "index", "gpa", "bytes", "from", "to", "flags"]
          && $0["bytes"].integer == 8 && $0["from"].string == "0x0"
      })
    #expect(entries.map { $0["level"].integer } == [4, 3, 2, 1])
    #expect(entries.map { $0["index"].integer } == [0, 0, 0, 7])
    #expect(entries.map { $0["table"].string } == ["0x1000", "0x2000", "0x3000", "0x4000"])
    #expect(entries.map { $0["gpa"].string } == ["0x1000", "0x2000", "0x3000", "0x4038"])
    #expect(entries.map { $0["to"].string } == ["0x2007", "0x3007", "0x4007", "0x5007"])
    #expect(entries.allSatisfy { $0["flags"].elements.map(\.string) == ["P", "RW", "US"] })
    #expect(result["narration"].elements.allSatisfy { $0["function"].string == "kvm_vm_ioctl" })
    #expect(try client.get(session + "/memory?gpa=0x4038&words=1").json["words"][0].string == "0x5007")
    let walk = try client.get(session + "/vcpus/0/translate?address=0x7123&user=true").json
    #expect(walk["gpa"].string == "0x5123")
    let again = try client.post(session + "/map?fields=map", page)
    #expect(again.text == #"{"map":{"entries":[],"tables":[]}}"#)
    #expect(try client.post(session + "/zap-all").json["map"] == .null)
  }

  @Test func theOperationCanBeSentAgainAsItIsShown() throws {
    for body in [
      page, #"{"format": "32-bit", "root": 4096, "address": 0, "target": 0, "flags": [], "replace": true}"#,
      #"{"format": "pae", "root": 4096, "address": 0, "target": 0, "flags": ["P", "NX", "G"], "size": "2m"}"#,
      #"{"format": "5-level", "root": 4096, "address": 0, "target": 0, "flags": ["PS", "PAT", "PK=9"], "size": "1g", "tables": "0x9000"}"#,
      #"{"format": "ept", "root": 4096, "address": 0, "target": 0, "flags": ["X", "MT=0"]}"#,
    ] {
      let first = try client.post(try client.session() + "/map", body).json
      #expect(first["operation"]["op"].string == "map", "\(first)")
      var json = JSONWriter()
      json.value(first["operation"])
      let operation = String(decoding: json.finish(), as: UTF8.self)
      let list = try client.post(try client.session() + "/batch", "{\"operations\": [\(operation)]}")
      #expect(list.json["results"][0]["operation"] == first["operation"], "\(list.text)")
      #expect(list.json["results"][0]["map"] == first["map"], "\(list.text)")
    }
  }

  @Test func aTextIsALineForEachEntry() throws {
    let asText = [(name: "Accept", value: "text/plain")]
    let path = try client.session() + "/map?fields=map"
    let text = try client.post(
      path,
      #"{"format": "4-level", "root": "0x1000", "address": "0x200000", "target": "0x200000", "size": "2m", "flags": ["P", "NX"]}"#,
      fields: asText
    ).text
    #expect(
      text == """
        level 4, entry 0 at 0x1000: 0x0 -> 0x2007 P RW US
        level 3, entry 0 at 0x2000: 0x0 -> 0x3007 P RW US
        level 2, entry 1 at 0x3008: 0x0 -> 0x8000000000200081 P PS NX
        new tables 0x2000 0x3000

        """)
    let later = try client.session()
    _ = try client.post(later + "/map", page)
    #expect(
      try client.post(later + "/map?fields=map", page, fields: asText).text
        == "mapped already, nothing written\n")
  }

  @Test func aRefusalNamesThePlaceAndChangesNothing() throws {
    let session = try client.session(GuestTables.fourLevel.session())
    let before = try client.get(session).json
    let memory = try client.get(session + "/memory?gpa=0&words=512").json
    func body(_ members: String) -> String { "{\"root\": \"0x1000\", \(members)}" }
    let form: [(String, [String?])] = [
      (body(#""format": "npt", "address": 0, "target": 1"#), ["/format"]),
      (body(#""format": "ept", "target": 0"#), ["/address"]),
      (
        body(#""format": "ept", "address": 0, "target": 0, "flags": ["r", "PK", 5]"#),
        ["/flags/0", "/flags/1", "/flags/2"]
      ),
      (body(#""format": "ept", "address": 0, "target": 0, "size": "2M", "vcpu": 0"#), ["/size", "/vcpu"]),
    ]
    for (body, pointers) in form {
      client.expectProblem(try client.post(session + "/map", body), 400, "invalid-body", pointers)
    }
    let rules: [(String, [String?])] = [
      (body(#""format": "4-level", "address": "0x800000000000", "target": 1"#), ["/address", "/target"]),
      (
        body(#""format": "pae", "address": "0x100000000", "target": 0, "size": "4m""#), ["/address", "/size"]
      ),
      (body(#""format": "pae", "address": 0, "target": 0, "size": "1g""#), ["/size"]),
      (body(#""format": "pae", "address": 0, "target": 0, "flags": ["P", "PK=1"]"#), ["/flags/1"]),
      (body(#""format": "32-bit", "address": 0, "target": 0, "flags": ["NX", "P"]"#), ["/flags/0"]),
      (
        body(#""format": "ept", "address": 0, "target": 0, "flags": ["R", "US", "MT=8"]"#),
        ["/flags/1", "/flags/2"]
      ),
      (body(#""format": "4-level", "address": 0, "target": "0x10000000000000""#), ["/target"]),
      (
        body(#""format": "5-level", "address": "0x200000000000", "target": 0, "tables": "0x100000000""#),
        ["/tables"]
      ),
    ]
    for (body, pointers) in rules {
      client.expectProblem(try client.post(session + "/map", body), 422, "rule-violated", pointers)
    }
    let other = body(#""format": "4-level", "address": "0x7000", "target": "0x6000""#)
    client.expectProblem(try client.post(session + "/map", other), 409, "conflict")
    let listed = try client.post(
      session + "/batch", "{\"operations\": [{\"op\": \"map\", \(other.dropFirst())]}")
    #expect(listed.json["results"][0]["problem"]["errors"][0]["pointer"].string == "/operations/0")
    #expect(listed.json["results"][0]["problem"]["status"].integer == 409)
    #expect(try client.get(session).json["vcpus"] == before["vcpus"])
    #expect(try client.get(session + "/memory?gpa=0&words=512").json == memory)
  }
}
