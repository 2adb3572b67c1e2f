import RolecallAPI
import Testing

@Suite("openapi.yaml and the running service")
struct APIDescriptionTests {
  @Test("the description has every route, and no other")
  func parity() throws {
    let server = try LiveServer()
    let described = try APIDescription(from: server.url).operations.map { "\($0.method) \($0.template)" }
    let served = RolecallService.routes.map { "\($0.method) \($0.template)" }
    #expect(described.sorted() == served.sorted())
    try server.stop()
  }

  @Test("every operation with a body has an example")
  func bodies() throws {
    let server = try LiveServer()
    let description = try APIDescription(from: server.url)
    for (method, template, operation) in description.operations where operation["requestBody"] != nil {
      #expect(
        description.examples.contains { $0.method == method && $0.template == template },
        "\(method) \(template)")
    }
    try server.stop()
  }

  @Test("every example is as its schema says, and so is its answer, with status 2xx")
  func examples() throws {
    let token = try TokenFile()
    let server = try LiveServer(["--operator-token-file", token.path])
    let client = try CurlClient()
    let description = try APIDescription(from: server.url)
    #expect(description.examples.count > 50)
    for example in description.examples {
      let place: Comment = "\(example.method) \(example.template), \(example.name)"
      if let body = example.body {
        let faults = description.checker.faults(of: body, by: example.bodySchema ?? .null)
        #expect(faults.isEmpty, "\(place): \(faults.prefix(5))")
      }
      // A stream has no end to wait for; its own tests follow it.
      if example.template.hasSuffix("/events") { continue }
      let path = try path(of: example, client, server.url)
      let headers = ["Content-Type: application/json"] + (example.needsToken ? [token.field] : [])
      let response = try client.request(
        example.method, server.url + path, headers: headers,
        body: (example.body?.text.utf8).map(Array.init))
      #expect((200..<300).contains(response.status), "\(place): \(response.text)")
      let faults = try description.faults(of: response, by: example.responses)
      #expect(faults.isEmpty, "\(place): \(faults.prefix(5))")
      if example.method == "GET" {
        let head = try client.request("HEAD", server.url + path, headers: headers)
        #expect(head.status == 200 && head.body.isEmpty, place)
        // Metrics are longer for every request that is counted.
        if example.template != "/metrics" {
          #expect(head.header("Content-Length") == response.header("Content-Length"), place)
        }
      }
    }
    try server.stop()
  }

  /// The example's path with its parameters put in; the session that it names is made.
  private func path(of example: APIDescription.Example, _ client: CurlClient, _ url: String) throws -> String
  {
    var path = example.template
    if path.contains("{id}") {
      let machine = example.lab.map { ("lab", $0) } ?? ("preset", example.preset)
      let body = JSONDocument.object([machine.0: .string(machine.1), "operations": example.before])
      let created = try client.request(
        "POST", url + "/v1/sessions", headers: ["Content-Type: application/json"], body: Array(body.text.utf8)
      )
      try #require(created.status == 201, "\(example.template), \(example.name): \(created.text)")
      let session = created.header("Location") ?? ""
      for _ in 0..<example.undone { _ = try client.request("POST", url + session + "/undo") }
      path = session + path.dropFirst("/v1/sessions/{id}".count)
    }
    path.replace("{n}", with: "0")
    path.replace("{file}", with: "main.js")
    path.replace("{lab}", with: "05-pcid")
    path.replace("{type}", with: "invalid-body")
    path.replace("{role}", with: example.role ?? "")
    path.replace("{value}", with: "0x3784?kernel=6.1&against=0x23784")
    path.replace("{hpa}", with: "0x100003000")
    if path.hasSuffix("/memory") { path += "?gpa=0x1000" }
    if path.hasSuffix("/shadow-pages") { path += "?entries=true" }
    if path.hasSuffix("/translate") { path += "?address=0x7123" }
    return path
  }
}
