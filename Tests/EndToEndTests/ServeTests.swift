import Foundation
import Testing

@Suite("rolecall serve as a process")
struct ServeTests {
  @Test("a port that is taken is named as such, the status is not 0, and the first server stays")
  func takenPort() throws {
    let server = try LiveServer()
    let port = try #require(server.url.split(separator: ":").last)
    let (status, output) = try runCommand(["serve", "--memory", "--port", "\(port)"])
    #expect(status != 0)
    #expect(output.contains("already in use"))
    #expect(output.contains(port), "\(output)")
    #expect(try CurlClient().request("GET", server.url + "/livez").status == 200)
    try server.stop()
  }

  @Test("SIGTERM ends it with status 0 while a connection is open, and its port is closed")
  func terminated() throws {
    let server = try LiveServer()
    let client = try CurlClient()
    #expect(try client.request("GET", server.url + "/livez").status == 200)
    try server.stop()
    #expect(throws: CurlClient.Failure.self) { try client.request("GET", server.url + "/livez") }
  }

  @Test("a host or port that cannot be is refused with a reason")
  func badArguments() throws {
    for (arguments, words) in [(["--port", "65536"], "65536"), (["--host", "300.0.0.1"], "300.0.0.1")] {
      let (status, output) = try runCommand(["serve"] + arguments)
      #expect(status != 0)
      #expect(output.contains(words), "\(output)")
    }
  }

  @Test("both health checks see that it lives, and that it is gone")
  func healthChecks() throws {
    let script = repository.appending(path: "scripts/healthcheck")
    let server = try LiveServer()
    let port = String(try #require(server.url.split(separator: ":").last))
    #expect(try runCommand([port], of: script).status == 0)
    #expect(try runCommand(["check", server.url]).status == 0)
    try server.stop()
    #expect(try runCommand([port], of: script).status != 0)
    #expect(try runCommand(["check", server.url]).status != 0)
  }

  @Test("on every interface it answers for the address that it was asked at", arguments: ["0.0.0.0", "::"])
  func everyInterface(host: String) throws {
    let server = try LiveServer(["--host", host])
    let port = try #require(server.url.split(separator: ":").last)
    #expect(try CurlClient().request("GET", "http://127.0.0.1:\(port)/livez").status == 200)
    try server.stop()
  }
}
