import JSON
import KVMModel
import Testing

@testable import RolecallAPI

@Suite struct PageFaultTests {
  let client = TestClient()

  private func pageFault(_ session: String, _ address: String, _ code: String) throws -> JSONValue {
    let answer = try client.post(
      session + "/vcpus/0/page-fault", "{\"address\": \"\(address)\", \"error_code\": \"\(code)\"}")
    #expect(answer.status == 200, "\(answer.text)")
    return answer.json
  }

  @Test func theTDPMMUMapsWhatFaults() throws {
    let session = try client.session()
    let first = try pageFault(session, "0x5000", "0x4")
    #expect(first.keys == ResultDocument.keys(having: ["page_fault"]))
    #expect(first["page_fault"]["ret"].string == "fixed" && first["page_fault"]["steps"].elements.isEmpty)
    #expect(
      first["narration"].elements.map { $0["effect"]["kind"].string }.compactMap(\.self) == [
        "created-page", "created-page", "created-page", "wrote-entry",
      ])
    #expect(
      first["trace"].elements.compactMap(\.string).first == "kvm_mmu_spte_requested: gfn 5 pfn 800005 level 1"
    )
    #expect(try pageFault(session, "0x5000", "0x3")["page_fault"]["ret"].string == "spurious")
    let mmio = try pageFault(session, "0x3ffffffff000", "0x4")
    #expect(mmio["page_fault"]["ret"].string == "emulate" && mmio["outcome"]["status"].string == "ok")
    let pages = try client.get(session + "/shadow-pages?entries=true").json["shadow_pages"].elements
    let leaf = try #require(pages.first { $0["role"]["level"].integer == 1 })
    #expect(leaf["tdp_mmu"].bool == true && leaf["parents"].elements.count == 1)
    #expect(leaf["entries"][0]["index"].integer == 5)
    #expect(
      leaf["entries"][0]["flags"].elements.map(\.string) == [
        "R", "W", "X", "IPAT", "A", "D", "MMU-present", "host-writable", "MMU-writable", "MT=6",
      ])
    let stats = try client.get(session).json["stats"]
    #expect(stats["page_faults"]["fixed"].integer == 1 && stats["page_faults"]["spurious"].integer == 1)
    #expect(stats["page_faults"]["emulate"].integer == 1 && stats["page_faults"]["retry"].integer == 0)
    #expect(stats["shadow_pages_created"].integer == pages.count)
    _ = try client.post(session + "/zap-all")
    let zapped = try client.get(session).json["stats"]["shadow_pages_zapped"]
    #expect(zapped.integer == pages.count)
  }

  @Test func theErrorCodeThatHandlersSeeHas32Bits() throws {
    let session = try client.session(#"{"preset": "amd-npt"}"#)
    let result = try pageFault(session, "0x5000", "0x100000006")
    #expect(result["operation"]["error_code"].string == "0x100000006")
    #expect(result["page_fault"]["error_code"].string == "0x6")
    #expect(result["page_fault"]["ret"].string == "fixed")
  }

  @Test func withoutARootTheGuestIsToTryAgain() throws {
    let session = try client.session(#"{"machine": {"auto_enter": false}}"#)
    #expect(try pageFault(session, "0x5000", "0x4")["page_fault"]["ret"].string == "retry")
    #expect(try client.get(session).json["stats"]["page_faults"]["retry"].integer == 1)
  }

  @Test func neighboursComeInAdvanceAsTheHostHandsThemOut() throws {
    for (pages, count) in [(1, 2), (8, 8)] {
      let session = try client.session(
        "{\"preset\": \"intel-shadow\", \"boot\": \"protected\", \"machine\": {\"host\": {\"prefetch_pages\": \(pages)}}}"
      )
      #expect(try client.get(session).json["machine"]["host"]["prefetch_pages"].integer == pages)
      let result = try pageFault(session, "0x7000", "0x2")
      let wrote = result["narration"].elements.filter {
        $0["function"].string == "mmu_set_spte" && $0["effect"]["kind"].string == "wrote-entry"
      }
      #expect(wrote.count == count)
    }
    for pages in [0, 9, -1] {
      client.expectProblem(
        try client.post("/v1/sessions", "{\"machine\": {\"host\": {\"prefetch_pages\": \(pages)}}}"), 422,
        "rule-violated", ["/machine/host/prefetch_pages"])
    }
  }

  @Test func theGuestsTablesDecideUnderShadowPaging() throws {
    let session = try client.session(GuestTables.fourLevel.session("amd-shadow"))
    let fixed = try pageFault(session, "0x7000", "0x6")
    #expect(fixed["page_fault"]["ret"].string == "fixed")
    #expect(fixed["page_fault"]["steps"].elements.allSatisfy { $0["stage"].string == "guest" })
    #expect(fixed["page_fault"]["memory_changes"].elements.count == 4)
    let absent = try pageFault(session, "0x9000", "0x4")
    #expect(absent["outcome"]["vector"].string == "#PF" && absent["page_fault"]["ret"].string == "retry")
    #expect(absent["page_fault"]["steps"].elements.count == 4)
  }

  @Test func aFaultThatNoHardwareReportsIsRefused() throws {
    let bodies: [(preset: String, boot: String, address: String, code: String, pointer: String)] = [
      ("intel-ept", "long-mode", "0x5000", "0x40", "/error_code"),
      ("intel-shadow", "long-mode", "0x5000", "0x1000000000000", "/error_code"),
      ("intel-shadow", "long-mode", "0x5000", "0xffffffffffffffff", "/error_code"),
      ("intel-ept", "long-mode", "0x400000000000", "0x0", "/address"),
      ("amd-npt", "long-mode", "0x1000000000000", "0x0", "/address"),
      ("intel-ept", "long-mode", "0xffffffffffffffff", "0x0", "/address"),
      ("intel-shadow", "long-mode", "0x800000000000", "0x0", "/address"),
      ("intel-shadow", "32-bit", "0x100000000", "0x0", "/address"),
    ]
    for (preset, boot, address, code, pointer) in bodies {
      let session = try client.session("{\"preset\": \"\(preset)\", \"boot\": \"\(boot)\"}")
      let before = try client.get(session).json
      let body = "{\"address\": \"\(address)\", \"error_code\": \"\(code)\"}"
      client.expectProblem(
        try client.post(session + "/vcpus/0/page-fault", body), 422, "rule-violated", [pointer])
      #expect(try client.get(session).json == before)
    }
    let session = try client.session(#"{"preset": "intel-shadow"}"#)
    for (body, pointer) in [(#"{"address": 0}"#, "/error_code"), (#"{"error_code": 0}"#, "/address")] {
      client.expectProblem(
        try client.post(session + "/vcpus/0/page-fault", body), 400, "invalid-body", [pointer])
    }
  }
}
