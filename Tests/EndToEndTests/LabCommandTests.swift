import Foundation
import Testing

@Suite("rolecall lab")
struct LabCommandTests {
  @Test("lists and shows labs, with answers only when asked for")
  func read() throws {
    let list = try runCommand(["lab", "list"])
    #expect(list.status == 0)
    #expect(list.output.split(separator: "\n").count == 12)
    let show = try runCommand(["lab", "show", "05-pcid"])
    #expect(show.output.hasPrefix("# PCID and NOFLUSH\n"))
    #expect(!show.output.contains("Hint") && !show.output.contains("Solution"))
    #expect(try runCommand(["lab", "show", "05-pcid", "--all"]).output.contains("**Hint after 2:**"))
    #expect(
      try runCommand(["lab", "show", "05-pcid", "--student", "ada"]).output
        != (try runCommand(["lab", "show", "05-pcid", "--student", "bob"]).output))
  }

  @Test("grades a script, and its exit status says how it went")
  func check() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "lab-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "script.json")
    let command = ["lab", "check", file.path(), "--lab", "05-pcid", "--student", "ada"]
    let solution = try runCommand(["lab", "solution", "05-pcid", "--student", "ada"]).output

    for (script, status, part) in [
      (solution, 0 as Int32, "4 of 4 points"), ("{}", 1, "PCIDE (bit 17) is not set"),
      ("{", 64, "ends too early"),
      (#"{"student": "bob"}"#, 64, "the script is of \"bob\""),
      (#"{"lab": "01-x"}"#, 64, "of another lab than 05-pcid"),
    ] {
      try script.write(to: file, atomically: true, encoding: .utf8)
      let run = try runCommand(command)
      #expect(run.status == status, "\(script)")
      #expect(run.output.contains(part), "\(run.output)")
    }
    try solution.write(to: file, atomically: true, encoding: .utf8)
    let gradescope = try runCommand(command + ["--format", "gradescope"])
    #expect(try JSONDocument(Array(gradescope.output.utf8))["score"]?.number == 4)
    #expect(try runCommand(command + ["--format", "junit"]).output.contains("failures=\"0\""))
    #expect(try runCommand(["lab", "check", folder.path() + "none", "--lab", "05-pcid"]).status == 64)
    let unknown = try runCommand(["lab", "check", file.path(), "--lab", "05-pcit"])
    #expect(unknown.status == 64)
    #expect(unknown.output.contains("There is no lab 05-pcit. There are 01-reading-a-role-word,"))
  }

  @Test("a server's export is graded as the server grades it")
  func export() throws {
    let server = try LiveServer()
    let client = try CurlClient()
    let json = ["Content-Type: application/json"]
    let made = try client.request(
      "POST", server.url + "/v1/sessions", headers: json,
      body: Array(#"{"lab": "01-reading-a-role-word"}"#.utf8))
    let session = server.url + (try #require(made.header("Location")))
    for body in [#"{"register": "cr4", "set": ["SMEP"]}"#, #"{"register": "cr0", "clear": ["WP"]}"#] {
      _ = try client.request("POST", session + "/vcpus/0/set-cr", headers: json, body: Array(body.utf8))
    }
    let results = try client.request("GET", session + "/lab/results")
    let file = FileManager.default.temporaryDirectory.appending(path: "export-\(UUID()).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(client.request("GET", session + "/export").body).write(to: file)
    try server.stop()
    let check = try runCommand([
      "lab", "check", file.path(), "--lab", "01-reading-a-role-word", "--format", "json",
    ])
    #expect(check.status == 1)
    #expect(check.output == results.text + "\n")
    #expect(try JSONDocument(results.body)["score"]?.number == 1)
  }
}
