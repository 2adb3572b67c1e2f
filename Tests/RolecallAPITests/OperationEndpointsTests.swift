import HTTPCore
import JSON
import KVMModel
import Testing

@testable import RolecallAPI

@Suite struct OperationEndpointsTests {
  let client = TestClient()

  /// A body that works for each vCPU operation, and one that does not, with the places of its faults.
  static let bodies: [(name: String, good: String, bad: String, pointers: [String])] = [
    (
      "set-cr", #"{"register": "cr3", "value": 4096}"#, #"{"register": "cr2", "value": -1}"#,
      ["/register", "/value"]
    ),
    ("set-efer", #"{"set": ["NX"], "clear": []}"#, #"{"set": ["NXE"]}"#, ["/set/0"]),
    ("set-pkru", #"{"value": "0X0C"}"#, #"{"value": "0x100000000"}"#, ["/value"]),
    ("set-cs", #"{"l": true}"#, #"{"l": 1}"#, ["/l"]),
    ("set-sregs", #"{"cr3": "0x2000"}"#, #"{"cr3": 1.5, "cr5": 0}"#, ["/cr3", "/cr5"]),
    ("set-cpuid", #"{"maxphyaddr": 40, "nx": false}"#, #"{"nx": "no", "avx": true}"#, ["/nx", "/avx"]),
    ("smm-enter", "{}", #"{"now": true}"#, ["/now"]),
    ("smm-leave", "{}", #"{"enter_guest": 1}"#, ["/enter_guest"]),
    ("enter-guest", #"{"enter_guest": false}"#, "[]", [""]),
    (
      "nested-enter", #"{"ept": false}"#, #"{"pdptrs": ["0x0"], "vpid": 65536, "l2": {"pkru": 0}}"#,
      ["/pdptrs", "/vpid", "/l2/pkru"]
    ),
    ("nested-exit", #"{"reason": "done"}"#, #"{"reason": 1}"#, ["/reason"]),
    ("ept-load", #"{"eptp": "0x1e"}"#, "{}", ["/eptp"]),
    ("invlpg", #"{"gva": "0x1000"}"#, #"{"gva": null, "eptp": 1}"#, ["/gva", "/eptp"]),
    ("invpcid", #"{"type": "single-context", "pcid": 1}"#, #"{"type": "all"}"#, ["/type"]),
    ("invept", #"{"type": 7}"#, #"{"type": "all-contexts"}"#, ["/type"]),
    ("invvpid", #"{"type": "0x2"}"#, "{}", ["/type"]),
    ("invlpga", #"{"gva": 0, "asid": 1}"#, #"{"gva": 0, "asid": "0x1ffffffff"}"#, ["/asid"]),
    ("vmxon", "{}", #"{"a": 1}"#, ["/a"]),
    ("vmxoff", "", #"{"a": 1}"#, ["/a"]),
    (
      "walk", #"{"address": "0x1000", "access": "write", "user": true, "inject": false}"#,
      #"{"access": "execute", "user": 1, "implicit": 0, "ac": "yes", "space": "physical", "inject": null, "exit_qualification": -1, "gva": 0}"#,
      ["/access", "/user", "/implicit", "/ac", "/space", "/exit_qualification", "/gva", "/address"]
    ),
    (
      "page-fault", #"{"address": "0x5000", "error_code": 2}"#,
      #"{"address": 1.5, "error_code": true, "gva": 0}"#, ["/address", "/error_code", "/gva"]
    ),
    (
      "access",
      #"{"address": "0x1000", "access": "write", "cpl": 3, "ac": true, "value": "0x7", "bytes": 1}"#,
      #"{"access": "exec", "cpl": 4, "implicit": 0, "ac": 1, "value": -1, "bytes": "8", "user": true}"#,
      ["/access", "/cpl", "/implicit", "/ac", "/value", "/bytes", "/user", "/address"]
    ),
  ]

  /// What the result of an operation has besides what every result has.
  static let reports = [
    "walk": ["walk"], "page-fault": ["page_fault"], "access": ["walk", "page_fault", "access", "tries"],
  ]

  @Test func everyOperationTakesItsBodyAndNoOther() throws {
    #expect(Self.bodies.map(\.name) == OperationDecoder.vcpuOperations.map(\.name))
    for (name, good, bad, pointers) in Self.bodies {
      let path = try client.session()
      let before = try client.get(path).json
      client.expectProblem(
        try client.post(path + "/vcpus/0/\(name)", bad), 400, "invalid-body", pointers.map(Optional.some))
      #expect(try client.get(path).json == before)
      let answer = try client.post(path + "/vcpus/0/\(name)", good)
      #expect([200, 409].contains(answer.status), "\(name): \(answer.text)")
      if answer.status == 200 {
        #expect(
          answer.json.keys == ResultDocument.keys(having: Self.reports[name] ?? []), "\(name)")
        #expect(answer.json["operation"]["op"].string == name)
        #expect(answer.json["vcpu"] == (try client.get(path + "/vcpus/0").json.without("names")))
      }
    }
  }

  @Test func theEchoedOperationCanBeGivenAgain() throws {
    for preset in ["intel-ept", "amd-npt"] {
      for (name, good, _, _) in Self.bodies {
        let path = try client.session("{\"preset\": \"\(preset)\"}")
        let first = try client.post(path + "/vcpus/0/\(name)", good)
        guard first.status == 200 else { continue }
        var writer = JSONWriter()
        writer.value(first.json["operation"])
        let listed = String(decoding: writer.finish(), as: UTF8.self)
        let other = try client.session("{\"preset\": \"\(preset)\"}")
        let second = try client.post(other + "/batch", "{\"operations\": [\(listed)]}")
        #expect(second.json["results"][0] == first.json.without("names"), "\(name)")
      }
    }
  }

  @Test func theOtherVendorsKeysAndOperationsAreRefused() throws {
    let amd = try client.session(#"{"preset": "amd-npt"}"#)
    client.expectProblem(
      try client.post(
        amd + "/vcpus/0/nested-enter",
        #"{"ept": true, "eptp": 0, "vpid": 1, "pdptrs": [0,0,0,0], "host": {}, "ncr3": 0}"#), 422,
      "rule-violated", ["/ept", "/eptp", "/vpid", "/pdptrs", "/host"])
    let intel = try client.session()
    client.expectProblem(
      try client.post(intel + "/vcpus/0/nested-enter", #"{"npt": true, "ncr3": 0}"#), 422, "rule-violated",
      ["/npt", "/ncr3"])
    client.expectProblem(try client.post(intel + "/vcpus/0/invlpga", #"{"gva": 0}"#), 409, "conflict")
    client.expectProblem(try client.post(amd + "/vcpus/0/vmxon"), 409, "conflict")
    client.expectProblem(try client.post(intel + "/vcpus/0/nested-exit"), 409, "conflict")
    #expect(try client.get(intel).json["revision"].integer == 1)
  }

  @Test func aRegisterIsWrittenByValueOrByBits() throws {
    let path = try client.session() + "/vcpus/0/set-cr"
    for nothing in ["", #", "value": null"#, #", "set": null"#] {
      client.expectProblem(
        try client.post(path, "{\"register\": \"cr4\"\(nothing)}"), 400, "invalid-body", ["/value"])
    }
    client.expectProblem(
      try client.post(path, #"{"register": "cr4", "value": 0, "set": []}"#), 422, "rule-violated", ["/value"])
    client.expectProblem(
      try client.post(path, #"{"register": "cr4", "set": ["PGE"], "clear": ["PGE"]}"#), 422, "rule-violated",
      ["/clear"])
    client.expectProblem(
      try client.post(path, #"{"register": "cr3", "set": ["PGE"]}"#), 422, "rule-violated", ["/set"])
    for value in ["0x10000000000000000", "-1", "+1", "0x", "", " 1", "1e3", "18446744073709551616"] {
      client.expectProblem(
        try client.post(path, "{\"register\": \"cr3\", \"value\": \"\(value)\"}"), 400, "invalid-body",
        ["/value"])
    }
    for value in ["9007199254740993", "1.0", "-1"] {
      #expect(try client.post(path, "{\"register\": \"cr3\", \"value\": \(value)}").status == 400)
    }
    for value in ["\"0X2000\"", "\"8192\"", "8192"] {
      let answer = try client.post(path, "{\"register\": \"cr3\", \"value\": \(value)}")
      #expect(answer.json["vcpu"]["registers"]["cr3"].string == "0x2000")
    }
  }

  @Test func onlyWhatIsWrongByItselfIsSaid() throws {
    let path = try client.session() + "/vcpus/0/set-cr"
    client.expectProblem(
      try client.post(path, #"{"register": "cr5", "set": ["SMEPP"]}"#), 400, "invalid-body", ["/register"])
    client.expectProblem(
      try client.post(path, #"{"set": ["SMEP"]}"#), 400, "invalid-body", ["/register"])
    client.expectProblem(
      try client.post(path, #"{"register": "cr5", "set": [7]}"#), 400, "invalid-body",
      ["/register", "/set/0"])
    client.expectProblem(try client.post(path, "[]"), 400, "invalid-body", [""])
  }

  @Test func faultsOfFormAndOfRuleAreInTheOrderOfTheBody() throws {
    let answer = try client.post(
      "/v1/sessions",
      #"{"machine": {"vcpus": 0, "tdp": 1, "prev_roots": 0}, "operations": [{"op": "set-cr", "vcpu": 9}], "boot": 1}"#
    )
    client.expectProblem(
      answer, 400, "invalid-body",
      [
        "/machine/vcpus", "/machine/tdp", "/machine/prev_roots", "/operations/0/vcpu",
        "/operations/0/register",
        "/operations/0/value", "/boot",
      ])
    #expect(answer.json["detail"].string == "7 things are wrong with the body")
  }

  @Test func aLoneFaultIsToldWithItsPlace() throws {
    let answer = try client.post("/v1/sessions", #"{"machine": {"vcpus": 0}}"#)
    client.expectProblem(answer, 422, "rule-violated", ["/machine/vcpus"])
    #expect(answer.json["detail"].string == "/machine/vcpus: must be from 1 to 64, is 0")
    let late = try client.post("/v1/sessions", #"{"operations": [{"op": "nested-exit"}]}"#)
    #expect(late.json["detail"].string?.hasPrefix("/operations/0: ") == true)
    #expect(try client.post("/v1/sessions", "[]").json["detail"].string == "must be an object, not an array")
    let path = try client.session() + "/vcpus/1"
    #expect(try client.get(path).json["detail"].string == "the machine has one vCPU, 0")
  }

  @Test func effectsHoldRolesAsWords() throws {
    let path = try client.session(#"{"preset": "intel-shadow"}"#) + "/vcpus/0/set-cr"
    for (naming, vcpuRole, mmuRole) in [
      ("", "vcpu_role", "mmu_role"), ("?names=upstream", "cpu_role", "root_role"),
    ] {
      let answer = try client.post(path + naming, #"{"register": "cr0", "clear": ["WP"]}"#)
      _ = try client.post(path, #"{"register": "cr0", "set": ["WP"]}"#)
      let effects = answer.json["narration"].elements.map { $0["effect"] }
      let roles = try #require(effects.first { $0["kind"].string == "roles" })
      #expect(roles[vcpuRole] == answer.json["vcpu"]["root_mmu"][vcpuRole]["value"])
      #expect(roles[mmuRole].string == "0x1704")
      let page = try #require(effects.first { ["created-page", "found-page"].contains($0["kind"].string) })
      #expect(page["role"].string == "0x1704")
    }
  }

  @Test func anEntryThatNamesNoPointerUsesTheOneLoaded() throws {
    let path = try client.session() + "/vcpus/0"
    _ = try client.post(path + "/ept-load", #"{"eptp": "0x10005e"}"#)
    let answer = try client.post(path + "/nested-enter", #"{"l2": {"cr3": "0x2000"}}"#)
    #expect(answer.json["vcpu"]["nested"]["ept"].bool == true)
    #expect(answer.json["vcpu"]["nested"]["eptp"].string == "0x10005e")
    #expect(!answer.json["operation"].keys.contains("ept"))
    let without = try client.post(try client.session() + "/vcpus/0/nested-enter")
    #expect(without.json["vcpu"]["nested"]["ept"].bool == false)
  }

  @Test func candidatesHaveTheirTopLevelValue() throws {
    let path = try client.session(#"{"preset": "intel-shadow"}"#) + "/vcpus/0/set-cr"
    let answer = try client.post(path, #"{"register": "cr3", "value": "0x2000"}"#)
    let candidates = answer.json["lookups"][0]["candidates"].elements
    #expect(candidates.map { $0["pgd"].string } == ["0x1000", nil, nil, nil])
    #expect(candidates.allSatisfy { $0.keys.contains("pgd") })
  }

  @Test func whatTheMachineRefusesIsAResult() throws {
    let path = try client.session()
    let answer = try client.post(path + "/vcpus/0/set-cr", #"{"register": "cr0", "clear": ["PE"]}"#)
    #expect(answer.status == 200)
    #expect(answer.json["revision"].integer == 2)
    #expect(answer.json["outcome"].keys == ["status", "vector", "error_code", "reason", "function"])
    #expect(answer.json["outcome"]["vector"].string == "#GP")
  }

  @Test func minimalResultsLeaveOutNarrationAndVCPU() throws {
    let path = try client.session()
    let answer = try client.post(
      path + "/vcpus/0/set-pkru", #"{"value": 1}"#, fields: [("Prefer", "wait=1, return=minimal")])
    #expect(
      answer.json.keys
        == ResultDocument.keys(having: []).filter { !["narration", "vcpu"].contains($0) })
    #expect(answer.field("Preference-Applied") == "return=minimal")
    #expect(try client.post(path + "/zap-all").json["vcpu"] == .null)
    #expect(try client.post(path + "/zap-all").json.keys.contains("vcpu"))
  }

  @Test func memoryIsWrittenInWordsOfBothSizes() throws {
    let path = try client.session()
    #expect(
      try client.post(path + "/write-memory", #"{"gpa": "0x1000", "words": ["0x1122334455667788", 1]}"#)
        .status == 200)
    #expect(
      try client.post(
        path + "/write-memory", #"{"gpa": "0x1004", "word_bytes": 4, "words": ["0xaabbccdd", 5]}"#
      ).status == 200)
    #expect(try client.post(path + "/write-memory", #"{"at": [["0x1010", "0x7"]]}"#).status == 200)
    let memory = try client.get(path + "/memory?gpa=0x1000&words=3").json
    #expect(memory["words"].elements.map(\.string) == ["0xaabbccdd55667788", "0x5", "0x7"])

    let write = path + "/write-memory"
    client.expectProblem(
      try client.post(write, #"{"gpa": 4, "words": []}"#), 422, "rule-violated", ["/gpa"])
    client.expectProblem(
      try client.post(write, #"{"gpa": "0xfffffffffffffff8", "words": [1, 2]}"#), 422, "rule-violated",
      ["/words"])
    client.expectProblem(
      try client.post(write, #"{"at": [["0x0", 1], ["0x700000000000", 1]]}"#), 422, "rule-violated", ["/at/1"]
    )
    client.expectProblem(
      try client.post(write, #"{"at": [["0x0", 1]], "gpa": 0}"#), 422, "rule-violated", ["/gpa"])
    client.expectProblem(
      try client.post(write, #"{"gpa": 0, "words": ["0x100000000"], "word_bytes": 4}"#), 400, "invalid-body",
      ["/words/0"])
    client.expectProblem(
      try client.post(write, #"{"gpa": 0, "words": [], "word_bytes": 5}"#), 422, "rule-violated",
      ["/word_bytes"])
  }

  @Test func memoryIsReadWithinLimits() throws {
    let path = try client.session(
      #"{"machine": {"memory": {"bytes": "0x1000", "words": [["0xff8", "0x9"]]}}}"#)
    let words = try client.get(path + "/memory?gpa=0xff8&words=2").json["words"].elements
    #expect(words == [.string("0x9"), .null])
    #expect(try client.get(path + "/memory?gpa=0xfffffffffffffff8&words=1").status == 200)
    for (query, status) in [
      ("", 400), ("?gpa=x", 400), ("?gpa=4", 422), ("?gpa=0&words=0", 422), ("?gpa=0&words=4097", 422),
      ("?gpa=0xfffffffffffffff8&words=2", 422), ("?gpa=0&words=-1", 400),
    ] as [(String, UInt16)] {
      #expect(try client.get(path + "/memory" + query).status == status, "\(query)")
    }
  }

  @Test func shadowPagesAreListedAndFound() throws {
    let path = try client.session(#"{"preset": "intel-shadow"}"#)
    let pages = try client.get(path + "/shadow-pages").json["shadow_pages"]
    #expect(pages.elements.count == 1)
    #expect(pages[0].keys == ShadowPage.documentKeys.dropLast())
    #expect(
      try client.get(path + "/shadow-pages?entries=true").json["shadow_pages"][0].keys
        == ShadowPage.documentKeys)
    #expect(pages[0]["hpa"].string == "0x100000000" && pages[0]["gfn"].string == "0x1")
    #expect(try client.get(path + "/shadow-pages/0x100000000").json["role"] == pages[0]["role"])
    for hpa in ["0x100001000", "nowhere", "0x"] {
      client.expectProblem(try client.get(path + "/shadow-pages/\(hpa)"), 404, "unknown-shadow-page")
    }
    client.expectProblem(try client.get(path + "/shadow-pages?entries=1"), 400, "invalid-query", [nil])
  }
}

extension ResultDocument {
  /// The keys of a result that has of the reports only these.
  static func keys(having reports: [String]) -> [String] {
    keys.filter { key in
      !["walk", "page_fault", "access", "tries", "map"].contains(key) || reports.contains(key)
    }
  }
}

extension JSONValue {
  /// The object without a member.
  func without(_ key: String) -> JSONValue {
    guard case .object(let object) = self else { return self }
    var writer = JSONWriter()
    writer.object { writer in
      for member in object.members where member.key != key {
        writer.key(named: member.key)
        writer.value(member.value)
      }
    }
    return (try? JSONValue(parsing: writer.finish())) ?? .null
  }
}
