import Foundation
import Testing

@Suite("Starting and stopping a server, with shell scripts in its place")
struct LiveServerTests {
  private func start(_ script: String) throws -> LiveServer {
    try LiveServer(executable: URL(filePath: "/bin/sh"), arguments: ["-c", script])
  }

  private let wait = "while :; do sleep 0.02; done"

  @Test("the executable lies beside the tests")
  func executable() throws {
    #expect(FileManager.default.isExecutableFile(atPath: try LiveServer.executable.path()))
  }

  @Test("the first line gives the URL, SIGTERM ends it, later output does not block it")
  func serves() throws {
    let server = try start(
      """
      trap 'exit 0' TERM; echo 'listening on http://127.0.0.1:1234/ now'
      head -c 200000 /dev/zero; \(wait)
      """)
    #expect(server.url == "http://127.0.0.1:1234")
    try server.stop()
  }

  @Test("a server that never says where it listens")
  func noURL() {
    #expect(throws: LiveServer.Failure.noFirstLine) { try start("printf http://127.0.0.1:1") }
    #expect(throws: LiveServer.Failure.noURL(firstLine: "hello")) { try start("echo hello; \(wait)") }
  }

  @Test("a server that ends badly")
  func badEnd() throws {
    let failing = try start("trap 'exit 3' TERM; echo http://127.0.0.1:1; \(wait)")
    #expect(throws: LiveServer.Failure.exit(status: 3, bySignal: false)) { try failing.stop() }
    let killed = try start("echo http://127.0.0.1:1; \(wait)")
    #expect(throws: LiveServer.Failure.exit(status: SIGTERM, bySignal: true)) { try killed.stop() }
  }
}
