import Foundation
import Testing

@Suite("rolecall replay")
struct ReplayTests {
  @Test("an exported session is the same in another process")
  func export() throws {
    let service = try Service()
    let session = try service.session(
      #"{"preset": "amd-shadow", "boot": "pae", "name": "handed in", "machine": {"vcpus": 2}}"#)
    for (path, body) in [
      ("/vcpus/1/set-cr", #"{"register": "cr4", "set": ["SMEP"]}"#), ("/zap-all", "{}"), ("/undo", "{}"),
      ("/map", #"{"format": "pae", "root": "0x1000", "address": "0x7000", "target": "0x5000"}"#),
      ("/vcpus/0/set-cr", #"{"register": "cr3", "value": "0x1000"}"#),
      ("/vcpus/0/access", #"{"address": "0x7008", "access": "write", "value": "0xffffffffffffffff"}"#),
    ] { #expect(try service.send("POST", session + path, body).status == 200, "\(path)") }
    let script = try service.send("GET", session + "/export").text
    let file = try TemporaryFile(script)
    let replay = try JSONDocument(runCommand(["replay", "--json", file.path]).output.utf8)
    let document = try JSONDocument(service.send("GET", session).body)
    for key in ["name", "boot", "machine", "vcpus", "stats", "names"] {
      #expect(replay[key] == document[key], "\(key)")
    }
    #expect(replay["results"]?.array?.count == 4)
    let copy = try JSONDocument(service.send("GET", try service.session(script)).body)
    #expect(copy["vcpus"] == document["vcpus"] && copy["stats"] == document["stats"])
    try service.server.stop()
  }

  @Test("the script of the guide gives what the guide shows")
  func guide() throws {
    let guide = try String(
      contentsOf: repository.appending(path: "docs/guides/scripts.md"), encoding: .utf8)
    let script = try #require(guide.firstMatch(of: /```json\n((?s:.*?))```/)).1
    let shown = try #require(guide.firstMatch(of: /```sh\nrolecall replay lab.json\n```\n```\n((?s:.*?))```/))
      .1
    let file = try TemporaryFile(String(script))
    let (status, output) = try runCommand(["replay", file.path])
    #expect(status == 0 && output == shown)
  }

  @Test("a script that is wrong is told with every place, and the status is not zero")
  func refusals() throws {
    for (script, lines) in [
      (
        #"{"operations": [{"op": "zap-all"}, {"op": "zap"}, {"op": "set-pkru", "value": -1}], "boots": 1}"#,
        ["/operations/1/op: must be one of", "/operations/2/value: must be a word", "/boots: unknown key"]
      ),
      (#"{"operations": [{"op": "zap-all"}, {"op": "nested-exit"}]}"#, ["/operations/1: no L2 guest runs"]),
      (#"{"format": "rolecall-script/9"}"#, ["/format: must be one of \"rolecall-script/1\""]), ("", [""]),
    ] {
      let file = try TemporaryFile(script)
      let (status, output) = try runCommand(["replay", file.path])
      #expect(
        status == 1 && output.hasPrefix("Error: \(file.path) is no script that can be run:\n"), "\(output)")
      for line in lines { #expect(output.contains("\n" + line), "\(output)") }
    }
    let (status, output) = try runCommand(["replay", "/nowhere/lab.json"])
    #expect(status == 1 && output == "Error: /nowhere/lab.json: No such file or directory\n")
  }

  @Test("a hyphen is standard input")
  func standardInput() throws {
    let executable = try LiveServer.executable.path()
    let (status, output) = try runCommand(
      ["-c", "echo '{\"operations\": [{\"op\": \"zap-all\"}]}' | '\(executable)' replay -"],
      of: URL(filePath: "/bin/sh"))
    #expect(status == 0 && output.hasPrefix("2      zap-all: ok\n\nmachine  intel, EPT"), "\(output)")
  }
}
