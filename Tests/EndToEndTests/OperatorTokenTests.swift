import Foundation
import Testing

@Suite("The operator's token")
struct OperatorTokenTests {
  @Test("sessions are listed for whoever shows the token, and for nobody without the option")
  func list() throws {
    let token = try TokenFile()
    let client = try CurlClient()
    for (arguments, environment) in [
      (["--operator-token-file", token.path], [:]), ([], ["ROLECALL_OPERATOR_TOKEN_FILE": token.path]),
    ] {
      let server = try LiveServer(arguments, environment: environment)
      let made = try client.request("POST", server.url + "/v1/sessions")
      let refused = try client.request("GET", server.url + "/v1/sessions")
      #expect(refused.status == 401)
      #expect(refused.header("WWW-Authenticate")?.hasPrefix("Bearer ") == true)
      let listed = try client.request("GET", server.url + "/v1/sessions", headers: [token.field])
      #expect(listed.status == 200)
      let sessions = try JSONDocument(listed.body)["sessions"]?.array
      let id = try JSONDocument(made.body)["id"]
      #expect(sessions?.count == 1 && sessions?[0]["id"] == id)
      try server.stop()
    }
    let server = try LiveServer()
    #expect(try client.request("GET", server.url + "/v1/sessions", headers: [token.field]).status == 404)
    try server.stop()
  }

  @Test("a file that cannot hold a token ends the start with the reason")
  func badFiles() throws {
    let good = String(repeating: "t", count: 32)
    let files = [
      (try TemporaryFile(good, mode: 0o644), "open to everyone"),
      (try TemporaryFile(good, mode: 0o602), "open to everyone"),
      (try TemporaryFile(String(good.dropLast()) + "\n\n"), "at least 32"),
      (try TemporaryFile("\(good) \(good)"), "must hold one token"), (try TemporaryFile(""), "at least 32"),
    ]
    for (file, reason) in files {
      let (status, output) = try runCommand([
        "serve", "--memory", "--port", "0", "--operator-token-file", file.path,
      ])
      #expect(
        status == 64 && output.contains("'\(file.path)' is invalid for '--operator-token-file"), "\(output)")
      #expect(output.contains(reason) && output.contains("Usage: rolecall serve "), "\(output)")
    }
    let (status, output) = try runCommand([
      "serve", "--memory", "--port", "0", "--operator-token-file", "/nowhere/token",
    ])
    #expect(
      status == 64 && output.contains("/nowhere/token: No such file or directory; name a file"), "\(output)")
  }
}
