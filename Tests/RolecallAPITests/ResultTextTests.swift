import HTTPCore
import KVMModel
import RolecallAPI
import Testing

@Suite struct ResultTextTests {
  let client = TestClient()
  let asText = [(name: "Accept", value: "text/plain")]

  @Test func aResultIsALineForEachThing() throws {
    let path = try client.session(#"{"preset": "intel-shadow"}"#) + "/vcpus/0/set-cr"
    let body = #"{"register": "cr3", "value": "0x2000"}"#
    let answer = try client.post(path, body, fields: asText)
    #expect(answer.field("Content-Type") == "text/plain; charset=utf-8")
    #expect(answer.field("ETag") == "\"2-text\"" && answer.field("Vary") == "Accept")
    let sections = answer.text.split(separator: "\n\n")
    #expect(sections.count == 5)
    #expect(sections[0].hasPrefix("kvm_set_cr3: CR3 is written: 0x1000 becomes 0x2000.\n  kvm_mmu_new_pgd: "))
    #expect(sections[1] == "outcome: ok")
    #expect(
      sections[2].hasPrefix(
        "registers.cr3: 0x1000 -> 0x2000\nroot_mmu.root.hpa: 0x100000000 -> 0x100001000\n"))
    #expect(
      sections[3] == """
        root_mmu looks for pgd 0x2000, role 0x3704: miss
          current  pgd 0x1000              pgd-differs
          0        pgd -                   invalid
          1        pgd -                   invalid
          2        pgd -                   invalid
        """)
    #expect(
      sections[4].hasPrefix("flush_tlb_current\nload_mmu_pgd 0x100001000, level 4\nflush_tlb_current\n"))
    #expect(answer.text.hasSuffix("\n") && !answer.text.hasSuffix("\n\n"))
  }

  @Test func theTextSaysWhatTheJSONSays() throws {
    let (first, second) = (try client.session(), try client.session())
    let entry = #"{"eptp": "0x10005e", "vpid": 1, "l2": {"cr3": "0x2000"}}"#
    let text = try client.post(first + "/vcpus/0/nested-enter", entry, fields: asText).text
    let json = try client.post(second + "/vcpus/0/nested-enter", entry).json
    let lines = text.split(separator: "\n")
    for step in json["narration"].elements {
      let indent = String(repeating: "  ", count: try #require(step["depth"].integer))
      let line = "\(indent)\(try #require(step["function"].string)): \(try #require(step["text"].string))"
      #expect(lines.contains { $0 == line }, "\(line)")
    }
    for change in json["changes"].elements {
      let path = try #require(change["path"].string)
      #expect(lines.contains { $0.hasPrefix("\(path): ") && $0.contains(" -> ") }, "\(path)")
    }
    for call in json["tlb"].elements {
      let name = try #require(call["call"].string)
      #expect(lines.contains { $0 == name || $0.hasPrefix(name + " ") }, "\(name)")
    }
    let counts = [json["narration"], json["changes"], json["tlb"]].map(\.elements.count)
    let candidates = json["lookups"].elements.map { 1 + $0["candidates"].elements.count }
    #expect(lines.count == (counts + candidates).reduce(1, +))
  }

  @Test func aWalkIsALineForEachEntry() throws {
    let path = try client.session(GuestTables.fourLevel.session()) + "/vcpus/0/walk?fields=walk"
    let text = try client.post(
      path, #"{"address": "0x7123", "access": "write", "user": true}"#, fields: asText
    ).text
    let lines = text.split(separator: "\n")
    #expect(lines.count == 4 + 1 + 4)
    #expect(lines[0].hasPrefix("guest level 4, entry 0, 0x2007 P RW US: "))
    #expect(
      lines[4...] == [
        "gpa 0x5123", "0x1000: 0x2007 -> 0x2027", "0x2000: 0x3007 -> 0x3027",
        "0x3000: 0x4007 -> 0x4027", "0x4038: 0x5007 -> 0x5067",
      ])
    let fault = try client.post(path + ",trace", #"{"address": "0x9000", "inject": false}"#, fields: asText)
      .text
    #expect(fault.contains("\nfault #PF(0x0) at 0x9000\n\nkvm_mmu_pagetable_walk: addr 9000 "))
  }

  @Test func anAccessIsALineForEachFault() throws {
    let path = try client.session(GuestTables.fourLevel.session("intel-shadow")) + "/vcpus/0/access"
    func text(_ query: String, _ body: String) throws -> String {
      try client.post(path + query, body, fields: asText).text
    }
    let body = #"{"address": "0x7008", "access": "write", "cpl": 3, "value": "0x2a"}"#
    let sections = try text("", body).split(separator: "\n\n").map { $0.split(separator: "\n") }
    #expect(sections.count == 5)
    #expect(sections[1] == ["outcome: ok"] && sections[2].count == 4 + 1 + 5)
    #expect(sections[2][0].hasPrefix("shadow level 4, entry 0, 0x100001827 P W U A MMU-present: "))
    #expect(sections[2][4] == "gpa 0x5008" && sections[2].last == "0x5008: 0x0 -> 0x2a")
    // The changes of memory stand with the walk.
    #expect(sections[3].count == 5 && sections[3][0] == "page fault at 0x7008, error code 0x6: fixed")
    #expect(sections[3][4].hasPrefix("guest level 1, entry 7, 0x5007 P RW US: "))
    #expect(
      sections[4] == ["access: 2 tries, value 0x2a", "  page fault at 0x7008, error code 0x6: fixed"])
    #expect(try text("?fields=access", body) == "access: 1 try, value 0x2a\n")
    #expect(try text("?fields=tries", body) == "tries 1\n")
    let fault = try text("?fields=walk,access", #"{"address": "0x9000"}"#).split(separator: "\n")
    #expect(fault.contains("exit to KVM at 0x9000, error code 0x0") && fault.contains("access: 1 try"))
  }

  @Test func aPageFaultIsALineForEachEntry() throws {
    var tables = GuestTables.fourLevel
    tables.path([0x4000], to: 0x3000, for: 0x8000, flags: 7)
    tables.path([0x4000], to: 0x1_0000_0000, for: 0x9000, flags: 7)
    let session = try client.session(tables.session("intel-shadow"))
    let path = session + "/vcpus/0/page-fault?fields=page_fault"
    let lines = try client.post(path, #"{"address": "0x8000", "error_code": 2}"#, fields: asText).text
      .split(separator: "\n")
    #expect(lines.count == 1 + 4 + 4)
    #expect(
      lines[0] == "page fault at 0x8000, error code 0x2: emulate, and the page is one of its own tables")
    #expect(lines[1].hasPrefix("guest level 4, ") && lines[8] == "0x4040: 0x3007 -> 0x3067")
    let device = try client.post(
      session + "/vcpus/0/access?fields=access", #"{"address": "0x9000"}"#, fields: asText
    ).text
    #expect(
      device.hasPrefix("access: 1 try, emulated, MMIO\n  page fault at 0x9000, error code 0x0: emulate"))
    #expect(
      try client.post(
        try client.session() + "/vcpus/0/page-fault?fields=page_fault",
        #"{"address": "0x5000", "error_code": 4}"#, fields: asText
      ).text == "page fault at 0x5000, error code 0x4: fixed\n")
  }

  @Test func fieldsAndPreferenceChooseTheSections() throws {
    let path = try client.session() + "/vcpus/0"
    func text(_ query: String, _ fields: [(name: String, value: String)] = []) throws -> String {
      try client.post(
        path + "/set-cr?" + query, #"{"register": "cr4", "clear": ["PAE"]}"#, fields: asText + fields
      ).text
    }
    #expect(
      try text("fields=outcome")
        == "outcome: exception #GP(0x0): CR4.PAE can't be cleared in long mode (kvm_set_cr4)\n")
    #expect(try text("fields=vcpu") == (try client.get(path, fields: asText).text))
    #expect(try text("fields=outcome,vcpu").contains("(kvm_set_cr4)\n\nvCPU 0  L1"))
    #expect(try !text("names=upstream").contains("vCPU 0  L1"))
    #expect(try text("fields=narration", [("Prefer", "return=minimal")]).isEmpty)
    let upstream = try client.post(
      path + "/set-cr?names=upstream&fields=changes", #"{"register": "cr4", "set": ["SMEP"]}"#, fields: asText
    )
    #expect(upstream.text.contains("root_mmu.cpu_role.ext.cr4_smep: false -> true\n"))
  }

  @Test func everyOutcomeHasItsNumbers() throws {
    let enter = "/vcpus/0/nested-enter?fields=outcome"
    let cases = [
      (#"{"eptp": "0x1000de"}"#, "outcome: vmfail 7, VM entry with invalid control field(s): "),
      (
        #"{"ept": false, "l2": {"cr0": "0x80000000"}}"#,
        "outcome: entry-failed, exit reason 0x80000021, qualification 0x0: "
      ),
    ]
    for (body, beginning) in cases {
      let answer = try client.post(try client.session() + enter, body, fields: asText)
      #expect(answer.text.hasPrefix(beginning), "\(answer.text)")
    }
    let amd = try client.session(
      #"{"preset": "amd-npt", "operations": [{"op": "set-efer", "set": ["SVME"]}]}"#)
    let exit = try client.post(amd + enter, #"{"l2": {"cr0": "0x80000000"}}"#, fields: asText)
    #expect(exit.text.hasPrefix("outcome: vmexit 0xffffffffffffffff, info1 0x0, info2 0x0: "), "\(exit.text)")
    let l2 = try client.session(#"{"operations": [{"op": "nested-enter", "eptp": "0x10005e"}]}"#)
    let load = try client.post(l2 + "/vcpus/0/ept-load?fields=outcome", #"{"eptp": "0x1"}"#, fields: asText)
    #expect(load.text.hasPrefix("outcome: vmexit 0x3b, qualification 0x0: "), "\(load.text)")
  }

  @Test func eitherRepresentationsTagNamesTheRevision() throws {
    let path = try client.session() + "/vcpus/0/set-pkru"
    for (revision, fields) in [(1, asText), (2, asText), (3, []), (4, [])] {
      let tag = revision % 2 == 0 ? "\"\(revision)\"" : "\"\(revision)-text\""
      #expect(try client.post(path, #"{"value": 4}"#, fields: fields + [("If-Match", tag)]).status == 200)
    }
  }

  @Test func aRoleIsDecodedAsTheTerminalHasIt() throws {
    let answer = try client.get("/v1/decode/mmu-role/0x20704?kernel=6.1&against=0x20784", fields: asText)
    #expect(answer.field("Vary") == "Accept")
    let layouts = try RoleLayouts(of: KernelRelease("6.1"))
    let other = try layouts.decode(0x20784, as: .mmuRole)
    #expect(answer.text == (try layouts.decode(0x20704, as: .mmuRole).table(against: other)))
    #expect(answer.text.contains("\n  10:8   access           wux    writable, user, executable; "))
    #expect(answer.text.hasSuffix("\n\nagainst 0x20784:\n  7      direct  0 -> 1\n"))
    let same = try client.get("/v1/decode/mmu-role/1?against=1", fields: asText)
    #expect(same.text.hasSuffix("\n  no difference\n"))
  }
}
