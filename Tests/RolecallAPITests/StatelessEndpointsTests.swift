import HTTPCore
import JSON
import KVMModel
import Testing

@testable import RolecallAPI

@Suite struct StatelessEndpointsTests {
  let client = TestClient()

  @Test func rolesAreThoseThatAVCPUGets() throws {
    for preset in Preset.all {
      let machine = "\"preset\": \"\(preset.id)\""
      let vcpu = try client.post("/v1/sessions", "{\(machine)}").json["vcpus"][0]
      let mmu = vcpu["root_mmu"]
      let registers = #""registers": {"cr0": "0x80050033", "cr4": "0x20", "efer": "0xd01"}"#
      let roles = try client.post("/v1/calculate/roles", "{\(machine), \(registers)}").json
      for key in ["vcpu_role", "permissions", "pkru_mask", "guest_rsvd_check"] {
        #expect(roles[key] == mmu[key])
      }
      #expect(roles[preset.machine.tdp ? "tdp" : "shadow"]["mmu_role"] == mmu["mmu_role"])
      if !preset.machine.tdp { #expect(roles["shadow"]["shadow_zero_check"] == mmu["shadow_zero_check"]) }
      #expect(
        roles["npt"].keys == [
          "vcpu_role", "permissions", "guest_rsvd_check", "mmu_role", "shadow_zero_check",
        ])
      #expect(roles["npt"]["mmu_role"]["guest_mode"].bool == true)
    }
  }

  @Test func rolesNeedRegisters() throws {
    for body in ["{}", #"{"registers": null}"#] {
      client.expectProblem(try client.post("/v1/calculate/roles", body), 400, "invalid-body", ["/registers"])
    }
    client.expectProblem(
      try client.post("/v1/calculate/roles", #"{"registers": {"cr0": "x", "cr3": 0}, "smm": 1}"#), 400,
      "invalid-body",
      ["/registers/cr0", "/registers/cr3", "/registers/cr4", "/registers/efer", "/smm"])
  }

  @Test func anEPTPointerIsJudged() throws {
    let good = try client.post("/v1/calculate/ept", #"{"eptp": "0x105e"}"#).json
    #expect(good["valid"].bool == true && good["reason"] == .null)
    #expect(good["accessed_dirty"].bool == true && good["huge_page_level"].integer == 3)
    #expect(good["mmu_role"]["level"].integer == 4)
    let bad = try client.post("/v1/calculate/ept", #"{"eptp": "0x1000"}"#).json
    #expect(bad["valid"].bool == false && bad["reason"].string?.isEmpty == false)
    #expect(Set(bad.keys) == Set(good.keys))
    #expect(bad["mmu_role"] == .null && bad["execonly"] == .null)
    let upstream = try client.post("/v1/calculate/ept?names=upstream&fields=root_role", #"{"eptp": 0}"#).json
    #expect(upstream.keys == ["root_role"])
    client.expectProblem(try client.post("/v1/calculate/ept"), 400, "invalid-body", ["/eptp"])
  }

  @Test func presetsAndBootsAreListed() throws {
    let answer = try client.get("/v1/presets").json
    #expect(answer["presets"].elements.map { $0["id"].string } == Preset.all.map(\.id))
    #expect(answer["presets"][0]["default"].bool == true)
    for boot in answer["boots"].elements {
      let id = try #require(boot["id"].string)
      let la57 = id == "long-mode-la57" ? #", "preset": "intel-ept-5level""# : ""
      let session = try client.post("/v1/sessions", "{\"boot\": \"\(id)\"\(la57)}").json
      for register in ["cr0", "cr3", "cr4", "efer", "cs_l"] {
        #expect(
          session["vcpus"][0]["registers"][register] == boot["registers"][register], "\(id) \(register)")
      }
    }
  }

  @Test func theDescriptionIsServedInBothForms() throws {
    let yaml = try client.get("/openapi.yaml")
    #expect(yaml.field("Content-Type") == "application/yaml")
    #expect(yaml.text.hasPrefix("openapi: "))
    let json = try client.get("/openapi.json")
    #expect(json.field("Content-Type") == "application/json")
    #expect(json.json["openapi"].string?.hasPrefix("3.1") == true)
    #expect(json.json["paths"].type == .object)
  }

  @Test func healthIsToldApart() throws {
    #expect(try client.get("/livez").json["status"].string == "live")
    let ready = try client.get("/readyz")
    #expect(ready.json["status"].string == "ready" && ready.json["session_limit"].integer == 10_000)
  }
}
