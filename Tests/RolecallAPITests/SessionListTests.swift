import HTTPCore
import JSON
import Testing

@testable import RolecallAPI

@Suite struct SessionListTests {
  private let token = "0123456789abcdefghij-._~+/=ABCDEFGHIJ"

  private func bearer(_ text: String) -> [(name: String, value: String)] { [("Authorization", text)] }

  @Test func withoutTheOptionNothingIsThere() throws {
    let client = TestClient()
    for fields in [[], bearer("Bearer \(token)")] {
      let answer = try client.get("/v1/sessions", fields: fields)
      client.expectProblem(answer, 404, "not-found")
      #expect(answer.json["detail"] == (try client.get("/v1/nowhere").json["detail"]))
    }
  }

  @Test func onlyTheTokenIsAdmitted() throws {
    let client = TestClient(token: " \(token)\n")
    let answer = try client.get("/v1/sessions")
    client.expectProblem(answer, 401, "unauthorized")
    #expect(answer.field("WWW-Authenticate") == "Bearer realm=\"rolecall\"")
    for text in [
      "Bearer", "Bearer ", "Bearer x", "Bearer \(token)x", "Bearer \(token.dropLast())", "Basic \(token)",
      token,
      "Bearer \(token.uppercased())", "Bearer \(token)\(token)",
    ] {
      let answer = try client.get("/v1/sessions", fields: bearer(text))
      client.expectProblem(answer, 401, "unauthorized")
      #expect(
        answer.field("WWW-Authenticate") == "Bearer realm=\"rolecall\", error=\"invalid_token\"", "\(text)")
    }
    for text in ["Bearer \(token)", "bearer  \(token)"] {
      #expect(try client.get("/v1/sessions", fields: bearer(text)).status == 200, "\(text)")
    }
    #expect(try client.send(.head, "/v1/sessions").status == 401)
  }

  @Test func tokensAreLongAndPlain() {
    for text in [
      "", String(repeating: "a", count: 31), String(repeating: "é", count: 40), "a b" + token,
      token + "\n" + token,
    ] {
      #expect(OperatorToken(text) == nil, "\(text)")
    }
    #expect(OperatorToken("\t" + String(repeating: "a", count: 32) + "\r\n") != nil)
  }

  @Test func sessionsComeInTheOrderOfTheirMaking() throws {
    let client = TestClient(token: token)
    let paths = try (0..<5).map { try client.session("{\"name\": \"s\($0)\"}") }
    _ = try client.post(paths[1] + "/zap-all")
    _ = try client.post(paths[1] + "/undo")
    _ = try client.post(paths[4] + "/zap-all")
    _ = try client.send(.delete, paths[2])
    var listed: [JSONValue] = []
    var target = "/v1/sessions?limit=3"
    while !target.isEmpty {
      let answer = try client.get(target, fields: bearer("Bearer \(token)"))
      #expect(answer.json["total"].integer == 4 && answer.field("Cache-Control") == "no-store")
      listed += answer.json["sessions"].elements
      let link = answer.field("Link") ?? ""
      #expect(link.isEmpty || link.hasSuffix("; rel=\"next\""))
      target = String(link.dropFirst().prefix { $0 != ">" })
    }
    #expect(listed.map { $0["name"].string } == ["s0", "s1", "s3", "s4"])
    #expect(listed.map { $0["revision"].integer } == [1, 3, 1, 2])
    #expect(listed.map { $0["operations"].integer } == [0, 0, 0, 1])
    #expect(listed[0].keys == ["id", "name", "revision", "created", "updated", "operations"])
    // With the id from the list, the operator can do what its owner can.
    let id = try #require(listed[3]["id"].string)
    #expect("/v1/sessions/" + id == paths[4])
    #expect(try client.send(.delete, "/v1/sessions/" + id).status == 204)
    client.expectProblem(
      try client.get("/v1/sessions?limit=0", fields: bearer("Bearer \(token)")), 422, "limit-exceeded", [nil])
  }
}
