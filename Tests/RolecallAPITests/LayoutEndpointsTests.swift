import HTTPCore
import JSON
import KVMModel
import Testing

@testable import RolecallAPI

@Suite struct LayoutEndpointsTests {
  let client = TestClient()

  @Test func aRoleIsTakenApart() throws {
    let role = try client.get("/v1/decode/mmu-role/0x3784?kernel=6.1").json
    #expect(role["value"].string == "0x3784")
    #expect(role["member"].string == "root_role")
    #expect(role["layouts"][0]["id"].string == "P9")
    let fields = role["fields"].elements
    #expect(fields.map { $0["name"].string }.contains("passthrough"))
    let access = try #require(fields.first { $0["name"].string == "access" })
    #expect(access["value"].string == "wux")
    #expect(access["bits"].elements.map(\.integer) == [8, 10])
    #expect(access["meaning"].string?.isEmpty == false)
    #expect(role["against"] == .null && role["difference"] == .null)
  }

  @Test func twoRolesAreCompared() throws {
    let answer = try client.get("/v1/decode/vcpu-role/0x8100003704?against=0x8900001704").json
    #expect(answer["difference"]["fields"].elements.map { $0["name"].string } == ["cr0_wp", "cr4_pke"])
    #expect(answer["difference"]["fields"][0]["from"].bool == true)
    #expect(answer["difference"]["fields"][0]["to"].bool == false)
    #expect(answer["against"]["value"].string == "0x8900001704")
    #expect(answer["fields"].elements.last?["bits"].elements.map(\.integer) == [39, 39])
  }

  @Test func whatCannotBeDecodedIsRefused() throws {
    client.expectProblem(try client.get("/v1/decode/page-role/1"), 404, "not-found")
    client.expectProblem(try client.get("/v1/decode/mmu-role/x"), 400, "invalid-query")
    for target in [
      "mmu-role/0x100000000", "mmu-role/1?against=0x100000000", "vcpu-role/1?kernel=4.19",
      "mmu-role/1?kernel=2.6",
      "mmu-role/1?kernel=windows", "mmu-role/1?kernel=",
    ] {
      client.expectProblem(try client.get("/v1/decode/" + target), 422, "rule-violated", [nil])
    }
  }

  @Test func whatWasDecodedCanBeEncoded() throws {
    var generator = SystemRandomNumberGenerator()
    for kernels in KnownKernels.all {
      let mask = kernels.layouts.pageRole.namedBits
      let value = UInt64.random(in: 0...UInt64(UInt32.max), using: &generator) & mask
      let kernel = "\(kernels.since)"
      let decoded = try client.get("/v1/decode/mmu-role/\(value)?kernel=\(kernel)").json
      var writer = JSONWriter()
      writer.object { writer in
        writer.member("kernel", kernel)
        writer.key("fields")
        writer.object { writer in
          for field in decoded["fields"].elements {
            writer.key(named: field["name"].string ?? "")
            writer.value(field["value"])
          }
        }
      }
      let encoded = try client.post("/v1/encode/mmu-role", String(decoding: writer.finish(), as: UTF8.self))
      #expect(encoded.json == decoded, "\(kernel) \(value)")
    }
  }

  @Test func theHalvesOfA64BitRoleAreGivenApart() throws {
    let answer = try client.post(
      "/v1/encode/vcpu-role",
      #"{"fields": {"base": {"level": 4, "access": "wux", "efer_nx": true, "cr0_wp": true}, "ext": {"valid": true, "efer_lma": 1}}}"#
    )
    #expect(answer.json["value"].string == "0x8100003704")
  }

  @Test func wrongFieldsAreAllFound() throws {
    client.expectProblem(
      try client.post(
        "/v1/encode/mmu-role", #"{"fields": {"level": 16, "direct": "yes", "nxe": true, "smm": 1}}"#),
      422, "rule-violated", ["/fields/level", "/fields/direct", "/fields/nxe"])
    client.expectProblem(
      try client.post(
        "/v1/encode/vcpu-role", #"{"fields": {"level": 1, "base": 5, "ext": {"valid": null}}}"#), 422,
      "rule-violated", ["/fields/level", "/fields/base", "/fields/ext/valid"])
    client.expectProblem(try client.post("/v1/encode/mmu-role"), 400, "invalid-body", ["/fields"])
    for kernel in ["4.19", "6.99", "x"] {
      client.expectProblem(
        try client.post("/v1/encode/vcpu-role", "{\"kernel\": \"\(kernel)\", \"fields\": {}}"), 422,
        "rule-violated",
        ["/kernel"])
    }
  }

  @Test func anUnknownRoleIsSaidToBeOne() throws {
    let answer = try client.get("/v1/decode/foo/0x1")
    client.expectProblem(answer, 404, "not-found")
    #expect(
      answer.json["detail"].string == #"there is no role "foo"; the roles are mmu-role and vcpu-role"#)
  }

  @Test func everyKnownKernelIsListed() throws {
    let answer = try client.get("/v1/kernels").json
    #expect(answer["kernels"].elements.count == KnownKernels.all.count)
    #expect(answer["simulated"].elements.map(\.string) == ["6.1"])
    let simulated = try #require(answer["kernels"].elements.first { !$0["simulated"].elements.isEmpty })
    #expect(simulated["members"]["vcpu_role"].string == "cpu_role")
    #expect(simulated["page_role"]["fields"][0]["name"].string == "level")
    #expect(simulated["page_role"]["holes"][0].elements.map(\.integer) == [19, 23])
    let upstream = try client.get("/v1/kernels?names=upstream").json
    #expect(upstream["kernels"][0]["members"].keys == ["cpu_role", "root_role"])
  }
}
