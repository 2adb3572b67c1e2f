import JSON
import KVMModel
import Testing

@testable import RolecallAPI

@Suite struct AccessTests {
  let client = TestClient()

  private func access(_ session: String, _ body: String) throws -> JSONValue {
    let answer = try client.post(session + "/vcpus/0/access", body)
    #expect(answer.status == 200, "\(answer.text)")
    return answer.json
  }

  /// The steps of a walk: whose table, at which level.
  private func stages(_ steps: JSONValue) -> [String] {
    steps.elements.map { "\($0["stage"].string ?? "") \($0["level"].integer ?? 0)" }
  }

  @Test func oneFaultBuildsThePathOfShadowPages() throws {
    let session = try client.session(GuestTables.fourLevel.session("intel-shadow"))
    let result = try access(session, #"{"address": "0x7008", "access": "write", "cpl": 3, "value": "0x2a"}"#)
    #expect(result["outcome"]["status"].string == "ok" && result["tries"].integer == 2)
    let access = result["access"]
    #expect(access.keys == ["tries", "emulated", "mmio", "value", "faults"])
    #expect(access["tries"].integer == 2 && access["emulated"].bool == false)
    #expect(access["mmio"].bool == false && access["value"].string == "0x2a")
    let fault = result["page_fault"]
    #expect(access["faults"].elements == [fault])
    #expect(
      fault.keys == [
        "address", "error_code", "ret", "write_fault_to_shadow_pgtable", "steps", "memory_changes",
      ])
    #expect(fault["address"].string == "0x7008" && fault["error_code"].string == "0x6")
    #expect(fault["ret"].string == "fixed" && fault["write_fault_to_shadow_pgtable"].bool == false)
    #expect(stages(fault["steps"]) == ["guest 4", "guest 3", "guest 2", "guest 1"])
    #expect(
      fault["memory_changes"].elements.map { $0["gpa"].string } == ["0x1000", "0x2000", "0x3000", "0x4038"])
    let walk = result["walk"]
    #expect(walk["gpa"].string == "0x5008" && walk["fault"] == .null)
    #expect(stages(walk["steps"]) == ["shadow 4", "shadow 3", "shadow 2", "shadow 1"])
    #expect(
      walk["steps"].elements.map { $0["entry_hpa"].string } == [
        "0x100000000", "0x100001000", "0x100002000", "0x100003038",
      ])
    #expect(walk["steps"].elements.allSatisfy { $0["entry_gpa"] == .null })
    #expect(walk["memory_changes"].elements.last?["gpa"].string == "0x5008")
    #expect(walk["memory_changes"].elements.last?["to"].string == "0x2a")
    #expect(try client.get(session + "/memory?gpa=0x5008&words=1").json["words"][0].string == "0x2a")
    #expect(
      result["trace"].elements.compactMap(\.string).suffix(3) == [
        "kvm_mmu_get_page: sp gen 0 gfn 4 l1 8-byte q0 wux nxe ad root 0 sync new",
        "kvm_mmu_spte_requested: gfn 5 pfn 800005 level 1",
        "kvm_mmu_set_spte: gfn 5 spte 800005e67 (rwxu) level 1 at 100003038",
      ])
    let again = try self.access(session, #"{"address": "0x7008", "cpl": 3}"#)
    #expect(again["tries"].integer == 1 && again["access"]["value"].string == "0x2a")
    #expect(!again.keys.contains("page_fault") && again["access"]["faults"].elements.isEmpty)
    #expect(again["trace"].elements.isEmpty)
  }

  @Test func theEntriesOfShadowPagesAreDecoded() throws {
    let session = try client.session(GuestTables.fourLevel.session("intel-shadow"))
    _ = try access(session, #"{"address": "0x7008", "cpl": 3}"#)
    let pages = try client.get(session + "/shadow-pages?entries=true").json["shadow_pages"].elements
    #expect(pages.map { $0["gfn"].string } == ["0x1", "0x2", "0x3", "0x4"])
    #expect(pages.map { $0["role"]["level"].integer } == [4, 3, 2, 1])
    #expect(pages.allSatisfy { $0.keys == ShadowPage.documentKeys && $0["present"].integer == 1 })
    #expect(pages[0]["parents"].elements.isEmpty)
    for (parent, child) in zip(pages, pages.dropFirst()) {
      #expect(child["parents"].elements.map(\.keys) == [["hpa", "index"]])
      #expect(child["parents"][0]["hpa"] == parent["hpa"] && child["parents"][0]["index"].integer == 0)
      let entry = parent["entries"][0]
      #expect(entry.keys == ["index", "value", "kind", "hpa", "gfn", "flags"])
      #expect(entry["kind"].string == "table" && entry["hpa"] == child["hpa"] && entry["gfn"] == .null)
    }
    let leaf = pages[3]["entries"][0]
    #expect(leaf["index"].integer == 7 && leaf["kind"].string == "page" && leaf["gfn"].string == "0x5")
    #expect(leaf["value"].string == "0x800005a25" && leaf["hpa"].string == "0x800005000")
    #expect(
      leaf["flags"].elements.map(\.string) == ["P", "U", "A", "host-writable", "MMU-present"])
    #expect(try client.get(session + "/shadow-pages/0x100003000").json == pages[3])
    let some = try client.get(session + "/shadow-pages/0x100003000?fields=entries,parents").json
    #expect(some.keys == ["parents", "entries"] && some["entries"] == pages[3]["entries"])
  }

  @Test func theProcessorWalksBothDimensions() throws {
    let session = try client.session(GuestTables.fourLevel.session())
    let result = try access(session, #"{"address": "0x7000", "cpl": 3, "bytes": 4}"#)
    // Each table and the page fault once; the tables of the TDP MMU come with the first.
    #expect(result["tries"].integer == 6)
    let faults = result["access"]["faults"].elements
    #expect(
      faults.map { $0["address"].string } == ["0x1000", "0x2000", "0x3000", "0x4038", "0x5000"])
    #expect(faults.allSatisfy { $0["ret"].string == "fixed" && $0["steps"].elements.isEmpty })
    #expect(result["page_fault"] == faults.last)
    let column = [4, 3, 2, 1].map { "ept \($0)" }
    let expected = [4, 3, 2, 1].flatMap { column + ["guest \($0)"] } + column
    #expect(stages(result["walk"]["steps"]) == expected && result["walk"]["references"].integer == 24)
  }

  @Test func aWriteToATrackedTableIsEmulated() throws {
    var tables = GuestTables.fourLevel
    tables.path([0x4000], to: 0x3000, for: 0x8000, flags: 7)
    let session = try client.session(tables.session("intel-shadow"))
    _ = try access(session, #"{"address": "0x7000"}"#)
    let result = try access(session, #"{"address": "0x8000", "access": "write", "value": "0x4027"}"#)
    #expect(result["outcome"]["status"].string == "ok" && result["access"]["emulated"].bool == true)
    #expect(result["access"]["value"].string == "0x4027" && result["tries"].integer == 1)
    #expect(result["page_fault"]["ret"].string == "emulate")
    #expect(result["page_fault"]["write_fault_to_shadow_pgtable"].bool == true)
    let level2 = try client.get(session + "/shadow-pages/0x100002000").json
    #expect(level2["present"].integer == 0 && level2["entries"].elements.isEmpty)
    let stats = try client.get(session).json["stats"]
    #expect(stats["shadow_pages_created"].integer == 4 && stats["shadow_pages_zapped"].integer == 0)
    #expect(stats["page_faults"].keys == ["retry", "emulate", "invalid", "fixed", "spurious"])
    #expect(stats["page_faults"].elementsOfObject.map(\.integer) == [0, 1, 0, 1, 0])
  }

  @Test func aShadowPageGoesOutOfDateAndIsSynced() throws {
    var tables = GuestTables.fourLevel
    tables.path([0x4000], to: 0x4000, for: 0x8000, flags: 7)
    let session = try client.session(tables.session("intel-shadow"))
    _ = try access(session, #"{"address": "0x7000"}"#)
    let page = session + "/shadow-pages/0x100003000?fields=unsync"
    let write = try access(session, #"{"address": "0x8038", "access": "write", "value": "0x6007"}"#)
    let effects = write["narration"].elements.map { $0["effect"] }
    #expect(effects.contains { $0["kind"].string == "unsync-page" && $0["hpa"].string == "0x100003000" })
    let wrote = try #require(effects.first { $0["kind"].string == "wrote-entry" })
    #expect(wrote.keys == ["kind", "hpa", "index", "value"] && wrote["index"].integer == 8)
    #expect(try client.get(page).json["unsync"].bool == true)
    #expect(try client.get(session + "/shadow-pages/0x100000000").json["unsync_children"].integer == 1)
    // The old translation serves on.
    #expect(try access(session, #"{"address": "0x7000"}"#)["walk"]["gpa"].string == "0x5000")
    let load = try client.post(
      session + "/vcpus/0/set-cr", #"{"register": "cr3", "value": "0x1000"}"#
    ).json
    #expect(load["narration"].elements.contains { $0["effect"]["kind"].string == "synced-page" })
    #expect(try client.get(page).json["unsync"].bool == false)
    #expect(try access(session, #"{"address": "0x7000"}"#)["walk"]["gpa"].string == "0x6000")
  }

  @Test func anAddressWithoutMemoryIsADevices() throws {
    for preset in ["intel-shadow", "amd-npt"] {
      var tables = GuestTables()
      tables.path([0x1000, 0x2000, 0x3000, 0x4000], to: 0x1_0000_0000, for: 0x7000, flags: 7)
      let session = try client.session(tables.session(preset))
      for codeBit3: UInt64 in [0, 8] {
        let result = try access(session, #"{"address": "0x7010", "bytes": 4}"#)
        #expect(result["outcome"]["status"].string == "ok" && result["access"]["value"] == .null)
        #expect(result["access"]["emulated"].bool == true && result["access"]["mmio"].bool == true)
        let code = result["page_fault"]["error_code"].string.flatMap { UInt64($0.dropFirst(2), radix: 16) }
        #expect(result["page_fault"]["ret"].string == "emulate" && (code ?? 0) & 8 == codeBit3, "\(preset)")
      }
      let pages = try client.get(session + "/shadow-pages?entries=true").json["shadow_pages"].elements
      let entries = pages.flatMap { $0["entries"].elements }.filter { $0["kind"].string == "mmio" }
      #expect(entries.count == 1 && entries[0]["hpa"] == .null && entries[0]["gfn"].string == "0x100000")
      #expect(entries[0]["flags"].elements.map(\.string) == ["MMIO", "generation=2"])
    }
  }

  @Test func aFaultOfTheGuestsOwnIsItsException() throws {
    for (preset, keys) in [
      ("intel-shadow", ["walk", "page_fault", "access", "tries"]),
      ("intel-ept", ["walk", "page_fault", "access", "tries"]),
    ] {
      let session = try client.session(GuestTables.fourLevel.session(preset))
      let result = try access(session, #"{"address": "0x9000", "access": "write", "cpl": 3, "value": 1}"#)
      #expect(result.keys == ResultDocument.keys(having: keys))
      #expect(result["outcome"]["vector"].string == "#PF" && result["outcome"]["error_code"].string == "0x6")
      #expect(result["outcome"]["address"].string == "0x9000" && result["access"]["value"] == .null)
      #expect(result["walk"]["gpa"] == .null)
      // Under shadow paging the processor finds KVM's tables wanting, and KVM the guest's.
      #expect(result["walk"]["fault"]["nested"].bool == (preset == "intel-shadow"))
      #expect(result["walk"]["fault"]["exit_qualification"] == .null)
    }
    let session = try client.session()
    let wide = try access(session, #"{"address": "0x800000000000"}"#)
    #expect(wide["outcome"]["vector"].string == "#GP" && !wide.keys.contains("access"))
  }

  @Test func aFaultInL1sTablesIsAnExit() throws {
    var tables = GuestTables.twoDimensional(levels: 4)
    tables.path([0x4000], to: 0x9_0000, for: 0x8000, flags: 7)
    let operations = #"[{"op": "nested-enter", "ept": true, "eptp": "0x2105e", "l2": {"cr3": "0x1000"}}]"#
    let session = try client.session(tables.session(operations: operations))
    let good = try access(session, #"{"address": "0x7000", "access": "write", "value": 7}"#)
    #expect(good["outcome"]["status"].string == "ok" && good["walk"]["references"].integer == 24)
    #expect(good["vcpu"]["guest_mode"].bool == true)
    #expect(stages(good["page_fault"]["steps"]) == ["ept 4", "ept 3", "ept 2", "ept 1"])
    #expect(good["page_fault"]["steps"][0]["entry_gpa"].string == "0x21000")
    let exit = try access(session, #"{"address": "0x8000"}"#)
    #expect(exit["outcome"]["status"].string == "vmexit" && exit["outcome"]["exit_code"].string == "0x30")
    #expect(exit["outcome"]["guest_physical_address"].string == "0x90000")
    #expect(exit["vcpu"]["guest_mode"].bool == false && exit["page_fault"]["ret"].string == "retry")
  }

  @Test func whatNoProcessorDoesIsRefused() throws {
    let session = try client.session(GuestTables.fourLevel.session("intel-shadow"))
    let before = try client.get(session).json
    let path = session + "/vcpus/0/access"
    for (members, pointer) in [
      (#""bytes": 3"#, "/bytes"), (#""access": "write", "bytes": 1, "value": 256"#, "/value"),
      (#""value": 0"#, "/value"), (#""access": "fetch", "value": 0"#, "/value"),
    ] {
      client.expectProblem(
        try client.post(path, "{\"address\": \"0x7000\", \(members)}"), 422, "rule-violated", [pointer])
    }
    for body in [#"{"address": "0x7ff9"}"#, #"{"address": "0xfff", "bytes": 2}"#] {
      client.expectProblem(try client.post(path, body), 422, "rule-violated", ["/address"])
    }
    for (member, pointer) in [
      (#""cpl": 4"#, "/cpl"), (#""cpl": -1"#, "/cpl"), (#""bytes": 0"#, "/bytes"), (#""bytes": 9"#, "/bytes"),
    ] {
      client.expectProblem(
        try client.post(path, "{\"address\": \"0x7000\", \(member)}"), 400, "invalid-body", [pointer])
    }
    #expect(try client.get(session).json == before)
    #expect(try access(session, #"{"address": "0x7ff8"}"#)["outcome"]["status"].string == "ok")
    let narrow = try client.session(#"{"boot": "32-bit"}"#)
    client.expectProblem(
      try client.post(narrow + "/vcpus/0/access", #"{"address": "0x100000000"}"#), 422, "rule-violated",
      ["/address"])
  }

  @Test func fieldsAndPreferenceChooseWhatIsTold() throws {
    let session = try client.session(GuestTables.fourLevel.session("intel-shadow"))
    let path = session + "/vcpus/0/access"
    let body = #"{"address": "0x7000"}"#
    #expect(
      try client.post(path + "?fields=tries,page_fault,access", body).json.keys
        == ["page_fault", "access", "tries"])
    #expect(try client.post(path + "?fields=page_fault,tries", body).text == #"{"tries":1}"#)
    let minimal = try client.post(path, body, fields: [("Prefer", "return=minimal")]).json
    #expect(
      minimal.keys
        == ResultDocument.keys(having: ["walk", "access", "tries"]).filter {
          !["narration", "vcpu"].contains($0)
        })
  }
}

extension JSONValue {
  /// The values of an object's members, in order.
  fileprivate var elementsOfObject: [JSONValue] { keys.map { self[$0] } }
}
