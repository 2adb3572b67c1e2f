import HTTPCore
import RolecallAPI
import Testing

/// What pages of other sites can do. Requests made here are for the host `localhost`.
@Suite struct WebOriginsTests {
  private let client = TestClient(origins: ["https://Lab.example", "http://127.0.0.1:3000"])

  @Test func writesOfForeignPagesAreRefused() throws {
    let path = try client.session()
    let foreign: [[(name: String, value: String)]] = [
      [("Origin", "http://evil.example")], [("Origin", "null")], [("Origin", "")],
      [("Origin", "http://localhost:81")], [("Origin", "http://localhost.evil.example")],
      [("Origin", "ftp://localhost")], [("Origin", "https://lab.example.evil.example")],
      [("Origin", "https://lab.example/")], [("Sec-Fetch-Site", "cross-site")],
      [("Sec-Fetch-Site", "same-site")], [("Sec-Fetch-Site", "no such word")],
      [("Origin", "http://localhost"), ("Sec-Fetch-Site", "cross-site")],
    ]
    for fields in foreign {
      for (method, target) in [
        (.post, "/v1/sessions"), (.delete, path), (.put, "/nowhere"), (.other("PURGE"), "/"),
      ] as [(Method, String)] {
        client.expectProblem(try client.send(method, target, fields: fields), 403, "cross-site")
      }
      let read = try client.get(path, fields: fields)
      #expect(read.status == 200 && read.field("Access-Control-Allow-Origin") == nil)
    }
    #expect(try client.get(path).status == 200)
  }

  @Test func writesOfOwnAndNamedPagesAndOfPrograms() throws {
    let own: [[(name: String, value: String)]] = [
      [], [("Origin", "http://localhost")], [("Origin", "https://LOCALHOST")],
      [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://localhost")], [("Sec-Fetch-Site", "none")],
      [("Origin", "https://lab.example"), ("Sec-Fetch-Site", "cross-site")],
      [("Origin", "http://127.0.0.1:3000")],
    ]
    for fields in own {
      #expect(try client.post("/v1/sessions", fields: fields).status == 201, "\(fields)")
    }
  }

  @Test func namedOriginsAreGrantedTheAnswer() throws {
    let lab = (name: "Origin", value: "https://lab.example")
    for answer in [
      try client.get("/v1/presets", fields: [lab]), try client.get("/nowhere", fields: [lab]),
      try client.post("/v1/sessions", fields: [lab]),
    ] {
      #expect(answer.field("Access-Control-Allow-Origin") == lab.value)
      #expect(answer.field("Access-Control-Expose-Headers")?.contains("ETag") == true)
      #expect(answer.field("Access-Control-Allow-Methods") == nil)
    }
    let question = (name: "Access-Control-Request-Method", value: "POST")
    let preflight = try client.send(.options, "/v1/sessions", fields: [lab, question])
    #expect(preflight.status == 204 && preflight.field("Allow") == "GET, HEAD, POST, OPTIONS")
    #expect(preflight.field("Access-Control-Allow-Origin") == lab.value)
    #expect(preflight.field("Access-Control-Allow-Methods")?.contains("POST") == true)
    #expect(preflight.field("Access-Control-Allow-Headers")?.contains("Content-Type") == true)
    #expect(preflight.field("Access-Control-Max-Age") == "600")

    let evil = (name: "Origin", value: "http://evil.example")
    let refused = try client.send(.options, "/v1/sessions", fields: [evil, question])
    #expect(refused.field("Access-Control-Allow-Origin") == nil)
    #expect(refused.field("Access-Control-Allow-Methods") == nil)
  }

  @Test func cachesAreToldOnlyWhereOriginsMatter() throws {
    #expect(try client.get("/livez").field("Vary") == "Origin")
    #expect(try TestClient().get("/livez").field("Vary") == nil)
  }

  @Test func originsHaveTheirForm() {
    for text in ["https://lab.example", "http://127.0.0.1:3000", "http://[::1]:8080"] {
      #expect(WebOrigins.isValid(text), "\(text)")
    }
    for text in ["*", "null", "lab.example", "https://lab.example/", "https://", "file://x", ""] {
      #expect(!WebOrigins.isValid(text), "\(text)")
    }
  }

  @Test func theProtectionAllowsNoInlineScript() throws {
    let policy = try #require(WebOrigins.protectiveFields["Content-Security-Policy"])
    #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
    #expect(!policy.contains("unsafe") && !policy.contains("*"))
    #expect(WebOrigins.protectiveFields["X-Content-Type-Options"] == "nosniff")
  }
}
