import Foundation
import Testing

@Suite("docs/teaching.md")
struct TeachingGuideTests {
  private let page: String
  private let folder: URL

  init() throws {
    page = try String(contentsOf: repository.appending(path: "docs/teaching.md"), encoding: .utf8)
    folder = FileManager.default.temporaryDirectory.appending(path: "teaching-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// The one fenced block of a language.
  private func block(_ language: String) throws -> String {
    let fence = try Regex("(?m)^```\(language)\n((?s:.*?))^```$")
    let blocks = page.matches(of: fence)
    #expect(blocks.count == 1)
    return String(try #require(blocks.first?.output[1].substring))
  }

  @Test("its lab is the one that rolecall lab new gives, and passes its trial")
  func lab() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let lab = try block("yaml")
    #expect(try runCommand(["lab", "new"]).output == lab)
    let file = folder.appending(path: "20-smep.yaml")
    try lab.write(to: file, atomically: true, encoding: .utf8)
    let check = try runCommand(["lab", "check-file", file.path()])
    #expect(check.status == 0, "\(check.output)")
    #expect(try runCommand(["lab", "list", "--labs", folder.path()]).output.contains("20-smep"))
    let server = try LiveServer(["--labs", folder.path()])
    let listed = try CurlClient().request("GET", server.url + "/v1/labs")
    #expect(listed.text.contains("\"id\":\"20-smep\""))
    try server.stop()

    try lab.replacing("preset: intel-shadow", with: "preset: intel").write(
      to: file, atomically: true, encoding: .utf8)
    for command in [["lab", "check-file", file.path()], ["serve", "--port", "0", "--labs", folder.path()]] {
      let refused = try runCommand(command)
      #expect(refused.status != 0)
      #expect(refused.output.contains("20-smep.yaml:14: /preset: must be one of"), "\(refused.output)")
    }
  }

  @Test("its run_autograder grades a submission")
  func autograder() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for path in ["source", "submission", "results"] {
      try FileManager.default.createDirectory(
        at: folder.appending(path: path), withIntermediateDirectories: true)
    }
    let script = folder.appending(path: "run_autograder")
    try block("bash").write(to: script, atomically: true, encoding: .utf8)
    try FileManager.default.createSymbolicLink(
      at: folder.appending(path: "source/rolecall"), withDestinationURL: try LiveServer.executable)
    try #"{"users": [{"email": "ada@lab.example"}]}"#.write(
      to: folder.appending(path: "submission_metadata.json"), atomically: true, encoding: .utf8)
    let solution = try runCommand(["lab", "solution", "05-pcid", "--student", "ada@lab.example"]).output
    for (submission, score) in [(solution, 4), (#"{"operations": []}"#, 0), ("no script", 0)] {
      try submission.write(
        to: folder.appending(path: "submission/export.json"), atomically: true, encoding: .utf8)
      let run = try runCommand(
        [script.path()], of: URL(filePath: "/bin/bash"), environment: ["AUTOGRADER": folder.path()])
      let results = try JSONDocument(Array(Data(contentsOf: folder.appending(path: "results/results.json"))))
      #expect(results["score"]?.number == Double(score), "\(run.output)")
    }
  }
}
