import Foundation
import Testing

@Suite("The walk-throughs in README.md and docs/guides")
struct WalkThroughTests {
  @Test("every command answers what the page shows", arguments: try pages())
  func commands(path: String) throws {
    let page = try String(contentsOf: repository.appending(path: path), encoding: .utf8)
    let walk = try WalkThrough(page: page)
    #expect(walk.steps.count >= (path == "README.md" ? 10 : 1))
    let server = try LiveServer()
    for (step, output) in zip(walk.steps, try walk.outputs(from: server.url)) {
      #expect(output == step.output, "\(path) is out of date at: \(step.command)")
    }
    try server.stop()
  }

  /// README.md, docs/teaching.md and every guide.
  private static func pages() throws -> [String] {
    let guides = try FileManager.default.contentsOfDirectory(
      atPath: repository.appending(path: "docs/guides").path())
    return ["README.md", "docs/teaching.md"]
      + guides.filter { $0.hasSuffix(".md") }.sorted().map { "docs/guides/" + $0 }
  }

  @Test("an output that has become another is seen")
  func stale() throws {
    let page = """
      ```sh
      service=\(WalkThrough.documentedURL)
      curl -s $service/livez
      ```
      ```
      {"status":"asleep"}
      ```

      ```sh
      curl -s $service/readyz; echo gone >&2
      ```
      ```json
      x
      ```

      """
    let walk = try WalkThrough(page: page)
    #expect(walk.steps.map(\.output) == ["{\"status\":\"asleep\"}\n", "x\n"])
    let server = try LiveServer()
    let outputs = try walk.outputs(from: server.url)
    #expect(outputs.first == "{\"status\":\"live\"}\n")
    #expect(outputs.last?.hasSuffix("}gone\n") == true)
    try server.stop()
  }

  @Test("a command must have its output, and the shell must come to the end")
  func incomplete() throws {
    let command = "```sh\ncurl -s x\n```\n"
    for rest in ["", "\n```\nx\n```\n", command + "```\nx\n```\n"] {
      #expect(throws: WalkThrough.Failure.noOutput(command: "curl -s x\n")) {
        try WalkThrough(page: command + rest)
      }
    }
    let leaving = try WalkThrough(page: "```sh\nexit 0; curl x\n```\n```\n\n```\n")
    #expect(throws: WalkThrough.Failure.unfinished(steps: 0)) { try leaving.outputs(from: "") }
  }

  @Test("other blocks are no commands")
  func others() throws {
    #expect(try WalkThrough(page: "```\ncurl x\n```\n```sh\nls\n```\n").steps.isEmpty)
  }
}
