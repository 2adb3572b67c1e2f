import Testing

/// A request that is refused, and what the client is told.
private struct Refused {
  var method = "POST"
  /// `{s}` stands for the session.
  let path: String
  var body: String?
  var headers: [String] = []
  let status: Int
  let type: String
  /// The pointers and parameters of all errors.
  var places: Set<String> = []
  /// Words that the problem's text has.
  let says: [String]
  /// A field of the answer.
  var field: (name: String, value: String)?
}

private let malformed = [
  Refused(
    path: "{s}/vcpus/0/set-cr", body: #"{"register":"cr4","set":["PGE"]"#, status: 400,
    type: "malformed-json",
    places: [""], says: ["too early", "byte 31"]),
  Refused(
    path: "{s}/vcpus/0/set-cr", body: #"{"register":"cr3","value":18446744073709551616}"#, status: 400,
    type: "malformed-json", places: ["/value"], says: ["2^53", "string", "byte 26"]),
  Refused(
    path: "{s}/vcpus/0/set-cr", body: #"{"register":"cr3","register":"cr4"}"#, status: 400,
    type: "malformed-json", places: ["/register"], says: ["twice", "byte 18"]),
  Refused(
    path: "/v1/sessions", body: #"{"machine":{"memory":{"words":[["0x0",}]]}}}"#, status: 400,
    type: "malformed-json", places: ["/machine/memory/words/0/1"], says: ["byte 38"]),
]

private let forms = [
  Refused(
    path: "{s}/vcpus/0/set-cr", body: #"{"register":"cr4","sett":["PGE"]}"#, status: 400,
    type: "invalid-body",
    places: ["/sett", "/value"], says: [#"\"set\""#]),
  Refused(
    path: "/v1/sessions", body: #"{"boot":"real","machine":{"vendor":"via","vcpus":0,"hosts":{}},"x":1}"#,
    status: 400,
    type: "invalid-body",
    places: ["/boot", "/machine/vendor", "/machine/vcpus", "/machine/hosts", "/x"], says: ["5 things", "amd"]),
  Refused(
    path: "{s}/batch", body: #"{"operations":[{"op":"zap-all"},{"op":"no"},{},7],"stop_on":1}"#, status: 400,
    type: "invalid-body", places: ["/operations/1/op", "/operations/2/op", "/operations/3", "/stop_on"],
    says: ["4 things"]),
  Refused(
    path: "{s}/vcpus/0/set-cr", body: #"{"register":"cr3","value":"0x10000000000000000"}"#, status: 400,
    type: "invalid-body", places: ["/value"], says: ["64 bits"]),
  Refused(
    method: "GET", path: "{s}?fields=id,nme&size=3", status: 400, type: "invalid-query", places: ["size"],
    says: ["unknown"]),
  Refused(
    method: "GET", path: "{s}?fields=nme", status: 400, type: "invalid-query", places: ["fields"],
    says: ["revision", "nme"]),
]

private let rules = [
  Refused(
    path: "/v1/sessions", body: #"{"machine":{"vcpus":65,"prev_roots":17,"cpuid":{"maxphyaddr":53}}}"#,
    status: 422,
    type: "rule-violated", places: ["/machine/vcpus", "/machine/prev_roots", "/machine/cpuid/maxphyaddr"],
    says: ["64", "16", "52"]),
  Refused(
    path: "{s}/write-memory", body: #"{"gpa":"0x1004","words":["0x1"]}"#, status: 422, type: "rule-violated",
    places: ["/gpa"], says: ["multiple"]),
  Refused(
    path: "{s}/vcpus/0/nested-exit", body: "{}", status: 409, type: "conflict", says: ["nested-enter"]),
  Refused(
    path: "{s}/vcpus/0/invlpga", body: #"{"gva":"0x0","asid":1}"#, status: 409, type: "conflict",
    says: ["AMD", "Intel"]),
  Refused(
    path: "/v1/sessions", body: #"{"operations":[{"op":"zap-all"},{"op":"nested-exit","vcpu":0}]}"#,
    status: 409,
    type: "conflict", places: ["/operations/1"], says: ["nested-enter"]),
]

private let resources = [
  Refused(
    method: "GET", path: "/v1/sessions/AAAAAAAAAAAAAAAAAAAAAA", status: 404, type: "unknown-session",
    says: ["deleted"]),
  Refused(method: "GET", path: "/v1/sessions/short", status: 404, type: "unknown-session", says: ["deleted"]),
  Refused(method: "GET", path: "{s}/vcpus/1", status: 404, type: "unknown-vcpu", says: ["0"]),
  Refused(
    method: "GET", path: "{s}/vcpus/18446744073709551616", status: 404, type: "unknown-vcpu", says: ["0"]),
  Refused(
    path: "{s}/vcpus/1/set-pkru", body: #"{"value":0}"#, status: 404, type: "unknown-vcpu", says: ["0"]),
  Refused(
    method: "GET", path: "{s}/shadow-pages/0x1000", status: 404, type: "unknown-shadow-page", says: ["freed"]),
  Refused(path: "{s}/vcpus/0/set-cr8", body: "{}", status: 404, type: "not-found", says: ["path"]),
  Refused(
    method: "PUT", path: "{s}", status: 405, type: "method-not-allowed", says: ["PUT"],
    field: ("Allow", "GET, HEAD, DELETE, OPTIONS")),
  Refused(
    method: "GET", path: "{s}", headers: ["Accept: image/png"], status: 406, type: "not-acceptable",
    says: ["application/json", "text/plain"], field: ("Vary", "Accept")),
  Refused(
    path: "{s}/zap-all", body: "{}", headers: ["If-Match: \"7\""], status: 412, type: "precondition-failed",
    says: ["revision"], field: ("ETag", "\"1\"")),
  Refused(
    path: "/v1/sessions", body: "preset=intel-ept",
    headers: ["Content-Type: application/x-www-form-urlencoded"],
    status: 415, type: "unsupported-media-type", says: ["application/json"]),
  Refused(
    path: "{s}/zap-all", body: "{}", headers: ["Content-Encoding: gzip"], status: 415,
    type: "unsupported-media-type", says: ["encoded"], field: ("Accept-Encoding", "identity")),
]

@Suite("What is refused, as a client is told")
struct ProblemTests {
  @Test("each kind of problem has its status, its type, every place and a reason, and changes nothing")
  func problems() throws {
    let service = try Service()
    let description = try APIDescription(from: service.server.url)
    let schema = try #require(description.checker.resolve("#/components/schemas/Problem"))
    let session = try service.session()
    let before = try service.send("GET", session).text
    for refused in malformed + forms + rules + resources {
      let path = refused.path.replacing("{s}", with: session)
      let response = try service.send(refused.method, path, refused.body, headers: refused.headers)
      let place: Comment = "\(refused.method) \(refused.path) \(refused.body ?? "") gave \(response.text)"
      #expect(response.status == refused.status, place)
      #expect(response.header("Content-Type") == "application/problem+json", place)
      if let (name, value) = refused.field { #expect(response.header(name) == value, place) }

      let problem = try JSONDocument(response.body)
      #expect(description.checker.faults(of: problem, by: schema) == [], place)
      #expect(problem["type"] == .string("/problems/" + refused.type), place)
      #expect(problem["status"] == .number(Double(refused.status)), place)
      let errors = problem["errors"]?.array ?? []
      let places = errors.compactMap { $0["pointer"]?.string ?? $0["parameter"]?.string }
      #expect(Set(places) == refused.places, place)
      for words in refused.says { #expect(response.text.contains(words), place) }
    }
    #expect(try service.send("GET", session).text == before)
    try service.server.stop()
  }

  @Test("a deleted session is unknown")
  func deleted() throws {
    let service = try Service()
    let session = try service.session()
    #expect(try service.send("DELETE", session, headers: ["If-Match: \"2\""]).status == 412)
    #expect(try service.send("DELETE", session).status == 204)
    for (method, path) in [("GET", ""), ("DELETE", ""), ("POST", "/zap-all"), ("GET", "/vcpus/0")] {
      let response = try service.send(method, session + path)
      #expect(response.status == 404)
      #expect(response.text.contains("/problems/unknown-session"))
    }
    try service.server.stop()
  }
}
