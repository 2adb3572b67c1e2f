import JSON
import KVMModel
import Testing

@testable import RolecallAPI

@Suite struct WalkTests {
  let client = TestClient()
  let enterL2 = #"[{"op": "nested-enter", "ept": true, "eptp": "0x2105e", "l2": {"cr3": "0x1000"}}]"#

  private func walk(_ session: String, _ body: String) throws -> JSONValue {
    let answer = try client.post(session + "/vcpus/0/walk", body)
    #expect(answer.status == 200, "\(answer.text)")
    return answer.json
  }

  @Test func everyStepOfAFourLevelWalkIsThere() throws {
    let session = try client.session(GuestTables.fourLevel.session())
    let result = try walk(session, #"{"address": "0x7123", "access": "write", "user": true}"#)
    let walk = result["walk"]
    #expect(walk.keys == ["gpa", "fault", "references", "steps", "memory_changes"])
    #expect(walk["gpa"].string == "0x5123" && walk["fault"] == .null && walk["references"].integer == 4)
    for (step, level) in zip(walk["steps"].elements, [4, 3, 2, 1]) {
      #expect(
        step.keys == [
          "stage", "nesting", "level", "table", "index", "entry_gpa", "entry_hpa", "entry", "flags",
          "conclusion", "references",
        ])
      let table = UInt64(5 - level) << 12
      let index = level == 1 ? 7 : 0
      #expect(step["stage"].string == "guest" && step["nesting"].integer == 0)
      #expect(step["level"].integer == level && step["references"].integer == 5 - level)
      #expect(step["table"].string == hex(table) && step["index"].integer == index)
      #expect(step["entry_gpa"].string == hex(table + UInt64(index) * 8) && step["entry_hpa"] == .null)
      #expect(step["entry"].string == hex(table + 0x1007))
      #expect(step["flags"].elements.map(\.string) == ["P", "RW", "US"])
      #expect(step["conclusion"].string?.isEmpty == false)
    }
    #expect(walk["steps"].elements.count == 4)
    #expect(
      walk["memory_changes"].elements.map { [$0["gpa"].string, $0["from"].string, $0["to"].string] } == [
        ["0x1000", "0x2007", "0x2027"], ["0x2000", "0x3007", "0x3027"], ["0x3000", "0x4007", "0x4027"],
        ["0x4038", "0x5007", "0x5067"],
      ])
    #expect(walk["memory_changes"].elements.allSatisfy { $0["bytes"].integer == 8 })
    #expect(result["trace"][0].string == "kvm_mmu_pagetable_walk: addr 7123 pferr 6 W|U")
    #expect(result["trace"].elements.count == 10)
    #expect(try client.get(session + "/memory?gpa=0x4038&words=1").json["words"][0].string == "0x5067")
    let again = try self.walk(session, #"{"address": "0x7123", "access": "write", "user": true}"#)
    #expect(again["walk"]["memory_changes"].elements.isEmpty)
  }

  @Test func aPDPTEIsNoReferenceAndHasNoPlaceInMemory() throws {
    var tables = GuestTables()
    tables.words.append((0x1008, 0x2001))
    tables.path([0x2000, 0x3000], to: 0x5000, for: 0x4000_7000, flags: 1 << 63 | 7)
    tables.path([0x2000], to: 0x40_0000, for: 0x4020_0000, flags: 0x83, lastLevel: 2)
    let session = try client.session(
      tables.session(boot: "pae", operations: #"[{"op": "set-efer", "set": ["NX"]}]"#))
    let small = try walk(session, #"{"address": "0x40007008", "user": true}"#)["walk"]
    #expect(small["gpa"].string == "0x5008" && small["references"].integer == 2)
    #expect(small["steps"].elements.map { $0["level"].integer } == [3, 2, 1])
    #expect(small["steps"][0]["table"] == .null && small["steps"][0]["entry_gpa"] == .null)
    #expect(small["steps"][0]["entry"].string == "0x2001" && small["steps"][0]["index"].integer == 1)
    #expect(
      small["steps"][2]["flags"].elements.map(\.string) == ["P", "RW", "US", "NX"])
    let large = try walk(session, #"{"address": "0x40234567", "access": "write"}"#)["walk"]
    #expect(large["gpa"].string == "0x434567" && large["references"].integer == 1)
    #expect(large["steps"][1]["flags"].elements.map(\.string) == ["P", "RW", "PS"])
    let missing = try walk(session, #"{"address": "0x80000000"}"#)["walk"]
    #expect(missing["fault"]["error_code"].string == "0x0" && missing["references"].integer == 0)
    let fetch = try walk(session, #"{"address": "0x40007000", "access": "fetch", "user": true}"#)
    #expect(fetch["outcome"]["error_code"].string == "0x15")
  }

  @Test func entriesOfFourBytes() throws {
    // Page directory at 0x1000: entry 0 leads to 0x2000, entry 1 is a page of 4 MiB with address bit 32 set (PSE-36).
    // Page table at 0x2000: entry 3 maps 0x5000.
    let tables = GuestTables(words: [(0x1000, 0x0080_2083 << 32 | 0x2007), (0x2008, 0x5007 << 32)])
    let session = try client.session(tables.session(boot: "32-bit"))
    let small = try walk(session, #"{"address": "0x3abc", "access": "write"}"#)["walk"]
    #expect(small["gpa"].string == "0x5abc" && small["references"].integer == 2)
    #expect(small["steps"][1]["entry_gpa"].string == "0x200c" && small["steps"][1]["index"].integer == 3)
    #expect(
      small["memory_changes"].elements.map { [$0["gpa"].string, $0["from"].string, $0["to"].string] } == [
        ["0x1000", "0x2007", "0x2027"], ["0x200c", "0x5007", "0x5067"],
      ])
    #expect(small["memory_changes"].elements.allSatisfy { $0["bytes"].integer == 4 })
    let large = try walk(session, #"{"address": "0x712345"}"#)["walk"]
    #expect(large["gpa"].string == "0x100b12345" && large["references"].integer == 1)
    #expect(
      try client.get(session + "/memory?gpa=0x1000&words=1").json["words"][0].string == "0x8020a300002027")
  }

  @Test func twoDimensionsTakeTwentyFourAndThirtyFiveReferences() throws {
    for (preset, boot, eptp, cr3, levels, references) in [
      ("intel-ept", "long-mode", "0x2105e", "0x1000", 4, 24),
      ("intel-ept-5level", "long-mode-la57", "0x20066", "0x6000", 5, 35),
    ] {
      let session = try client.session(
        GuestTables.twoDimensional(levels: levels).session(
          preset, boot: boot,
          operations:
            "[{\"op\": \"nested-enter\", \"ept\": true, \"eptp\": \"\(eptp)\", \"l2\": {\"cr3\": \"\(cr3)\"}}]"
        ))
      let result = try walk(session, #"{"address": "0x7123", "user": true}"#)
      let walk = result["walk"]
      #expect(result["outcome"]["status"].string == "ok", "\(result["outcome"])")
      #expect(walk["gpa"].string == "0x5123" && walk["references"].integer == references)
      let steps = walk["steps"].elements
      #expect(steps.map { $0["references"].integer } == (1...references).map { $0 })
      // L1's tables are walked for each table of L2, and once more for the page.
      let column = (1...levels).reversed().map { "ept \($0) 1" }
      let expected = (1...levels).reversed().flatMap { column + ["guest \($0) 0"] } + column
      #expect(
        steps.map { "\($0["stage"].string ?? "") \($0["level"].integer ?? 0) \($0["nesting"].integer ?? 0)" }
          == expected)
    }
  }

  @Test func aFaultInEPTIsAnExitUnlessItIsNotInjected() throws {
    var tables = GuestTables.twoDimensional(levels: 4)
    tables.path([0x4000], to: 0x9_0000, for: 0x8000, flags: 7)
    let session = try client.session(tables.session(operations: enterL2))
    let quiet = try walk(session, #"{"address": "0x8123", "inject": false, "exit_qualification": "0x181"}"#)
    #expect(quiet["outcome"]["status"].string == "ok" && quiet["vcpu"]["guest_mode"].bool == true)
    let fault = quiet["walk"]["fault"]
    // KVM translates the page that L2's tables map, not the address in it.
    #expect(fault.keys == ["vector", "error_code", "address", "nested", "exit_qualification"])
    #expect(
      fault["nested"].bool == true && fault["address"].string == "0x90000"
        && fault["error_code"].string == "0x4")
    #expect(fault["exit_qualification"].string == "0x181")
    #expect(quiet["walk"]["gpa"] == .null)

    let direct = try walk(session, #"{"address": "0x90123", "space": "l2-physical", "inject": false}"#)
    #expect(direct["walk"]["fault"]["address"].string == "0x90123")
    #expect(
      direct["walk"]["steps"].elements.allSatisfy {
        $0["stage"].string == "ept" && $0["nesting"].integer == 0
      })

    let loud = try walk(session, #"{"address": "0x8123", "access": "write"}"#)
    #expect(loud["outcome"]["status"].string == "vmexit" && loud["outcome"]["exit_code"].string == "0x30")
    #expect(loud["outcome"]["guest_physical_address"].string == "0x90000")
    #expect(loud["vcpu"]["guest_mode"].bool == false)
    #expect(loud["changes"].elements.contains { $0["path"].string == "guest_mode" })
  }

  @Test func aFaultOfL2sOwnTablesStaysInL2() throws {
    let session = try client.session(GuestTables.twoDimensional(levels: 4).session(operations: enterL2))
    let result = try walk(session, #"{"address": "0x9123"}"#)
    #expect(result["outcome"]["status"].string == "exception" && result["outcome"]["vector"].string == "#PF")
    #expect(result["outcome"]["address"].string == "0x9123")
    #expect(result["walk"]["fault"]["nested"].bool == false)
    #expect(result["walk"]["fault"]["exit_qualification"] == .null)
    #expect(result["vcpu"]["guest_mode"].bool == true)
  }

  @Test func aFaultInNPTHasNoExitQualification() throws {
    var tables = GuestTables.fourLevel
    tables.identity([0x20000, 0x21000, 0x22000, 0x23000], pages: 1..<5, flags: 7, leafFlags: 7)
    let session = try client.session(
      tables.session(
        "amd-npt",
        operations: """
          [{"op": "set-efer", "set": ["SVME"]},
           {"op": "nested-enter", "npt": true, "ncr3": "0x20000", "l2": {"cr3": "0x1000"}}]
          """))
    let result = try walk(session, #"{"address": "0x7123", "access": "write"}"#)
    #expect(result["walk"]["fault"]["nested"].bool == true && result["walk"]["references"].integer == 24)
    #expect(result["walk"]["fault"]["exit_qualification"] == .null)
    #expect(result["walk"]["steps"][0]["stage"].string == "npt")
    #expect(
      result["outcome"]["status"].string == "vmexit" && result["outcome"]["exit_code"].string == "0x400")
    #expect(result["outcome"]["info2"].string == "0x5000")
  }

  @Test func anL2PhysicalAddressNeedsNestedPaging() throws {
    let body = #"{"address": "0x7000", "space": "l2-physical"}"#
    for operations in ["[]", #"[{"op": "nested-enter", "ept": false}]"#] {
      let session = try client.session(GuestTables.fourLevel.session("intel-shadow", operations: operations))
      let before = try client.get(session).json
      client.expectProblem(try client.post(session + "/vcpus/0/walk", body), 409, "conflict")
      client.expectProblem(
        try client.get(session + "/vcpus/0/translate?address=0&space=l2-physical"), 409, "conflict")
      #expect(try client.get(session).json == before)
      let listed = #"{"operations": [{"op": "walk", "address": 0, "space": "l2-physical"}]}"#
      let results = try client.post(session + "/batch", listed).json["results"]
      #expect(results[0]["problem"]["status"].integer == 409)
      #expect(results[0]["problem"]["errors"][0]["pointer"].string == "/operations/0")
    }
  }

  @Test func aTableThatPointsToItselfEndsTheWalkAtItsLowestLevel() throws {
    let session = try client.session(GuestTables(words: [(0x1000, 0x1007)]).session())
    let walk = try walk(session, #"{"address": "0xabc", "access": "write"}"#)["walk"]
    #expect(walk["gpa"].string == "0x1abc")
    #expect(walk["steps"].elements.prefix(4).map { $0["level"].integer } == [4, 3, 2, 1])
    #expect(walk["steps"].elements.allSatisfy { $0["entry_gpa"].string == "0x1000" })
    #expect(try client.get(session + "/memory?gpa=0x1000&words=1").json["words"][0].string == "0x1067")
  }

  @Test func aTableOutsideMemoryIsAFaultOfAnAbsentEntry() throws {
    let tables = GuestTables(words: [(0x1000, 0x3fff_ffff_f007)])
    let walk = try walk(try client.session(tables.session()), #"{"address": 0, "inject": false}"#)["walk"]
    #expect(walk["fault"]["error_code"].string == "0x0" && walk["references"].integer == 1)
    #expect(walk["steps"][1]["table"].string == "0x3ffffffff000" && walk["steps"][1]["entry"] == .null)
  }

  @Test func everyAddressHasAnAnswerInEveryMode() throws {
    let tables = GuestTables(words: (0..<512).map { (0x1000 + $0 * 8, $0 % 2 == 0 ? .max : 0x10e7) })
    for boot in Boot.allCases where boot != .pae {
      let session = try client.session(tables.session("intel-ept-5level", boot: boot.rawValue))
      for shift in 0..<64 {
        for address in [UInt64.max << UInt64(shift), UInt64.max >> UInt64(shift)] {
          for access in ["read", "write", "fetch"] {
            let query = "/vcpus/0/translate?address=\(address)&access=\(access)"
            #expect(try client.get(session + query).status == 200, "\(boot) \(query)")
          }
        }
      }
    }
  }

  @Test func namesDetailAndFieldsLeaveTheWalkAsItIs() throws {
    let session = try client.session(GuestTables.fourLevel.session())
    let path = session + "/vcpus/0/walk"
    _ = try client.post(path, #"{"address": "0x7000"}"#)
    let walk = try client.post(path, #"{"address": "0x7000"}"#).json["walk"]
    let upstream = try client.post(path + "?names=upstream", #"{"address": "0x7000"}"#).json
    #expect(upstream["walk"] == walk && upstream["vcpu"]["root_mmu"].keys.contains("cpu_role"))
    let minimal = try client.post(path, #"{"address": "0x7000"}"#, fields: [("Prefer", "return=minimal")])
      .json
    #expect(minimal["walk"] == walk && !minimal.keys.contains("narration"))
    #expect(
      try client.post(path + "?fields=walk,trace", #"{"address": "0x7000"}"#).json.keys == ["walk", "trace"])
    #expect(try client.post(session + "/zap-all?fields=walk,trace").json.keys == ["trace"])
  }

  @Test func translateTellsWhatAWalkWouldDoAndDoesNothing() throws {
    var tables = GuestTables.twoDimensional(levels: 4)
    tables.path([0x4000], to: 0x9_0000, for: 0x8000, flags: 7)
    let session = try client.session(tables.session(operations: enterL2))
    let before = try client.get(session).json
    let memory = try client.get(session + "/memory?gpa=0x1000&words=4096").json
    for (query, body) in [
      ("address=0x7123&access=write&user=true", #"{"address": "0x7123", "access": "write", "user": true}"#),
      ("address=28963&implicit=true&ac=true", #"{"address": 28963, "implicit": true, "ac": true}"#),
      ("address=0x8000", #"{"address": "0x8000"}"#),
      (
        "address=0x7000&space=l2-physical&access=fetch",
        #"{"address": "0x7000", "space": "l2-physical", "access": "fetch"}"#
      ),
    ] {
      let answer = try client.get(session + "/vcpus/0/translate?" + query)
      #expect(answer.status == 200 && answer.json.keys == WalkReport.documentKeys, "\(answer.text)")
      #expect(answer.field("ETag") == (try client.get(session).field("ETag")))
      #expect(try client.get(session).json == before)
      #expect(try client.get(session + "/memory?gpa=0x1000&words=4096").json == memory)
      let other = try client.session(tables.session(operations: enterL2))
      #expect(try walk(other, body)["walk"] == answer.json, "\(query)")
    }
  }

  @Test func translateChecksItsQuery() throws {
    let session = try client.session(GuestTables.fourLevel.session())
    let path = session + "/vcpus/0/translate"
    for query in [
      "", "?access=read", "?address=", "?address=0x", "?address=-1", "?address=0x10000000000000000",
      "?address=1&access=execute", "?address=1&user=1", "?address=1&implicit", "?address=1&ac=no",
      "?address=1&space=physical", "?address=1&fields=vcpu", "?address=1&nmaes=upstream",
      "?address=1&address=2",
      "?address=1&inject=false",
    ] {
      client.expectProblem(try client.get(path + query), 400, "invalid-query", [nil])
    }
    client.expectProblem(try client.get(session + "/vcpus/1/translate?address=0"), 404, "unknown-vcpu")
    client.expectProblem(try client.post(path, "{}"), 405, "method-not-allowed")
    #expect(try client.get(path + "?address=0x7000&fields=gpa,fault").json.keys == ["gpa", "fault"])
    let tag = try #require(try client.get(path + "?address=0x7000").field("ETag"))
    #expect(try client.get(path + "?address=0x7000", fields: [("If-None-Match", tag)]).status == 304)
  }
}
