import JSON
import Labs
import RolecallAPI
import Testing

@Suite("Grading what is handed in")
struct LabHandInTests {
  private let cr3 = #"{"op": "set-cr", "register": "cr3", "value": "0x1000"}"#
  private let smep = #"{"op": "set-cr", "vcpu": 0, "register": "cr4", "set": ["SMEP"]}"#

  private func grade(_ script: String) throws -> Grader {
    let lab = try LabFile(file: "10-x.yaml", text: LabLibrary.template).standard
    return try Grader.grade(script: Array(script.utf8), lab)
  }

  @Test("operations alone, and whole scripts, are the same")
  func forms() throws {
    let scripts = [
      "{\"operations\": [\(smep)]}", "{\"operations\": [\(cr3), \(smep)]}",
      "{\"format\": \"rolecall-script/1\", \"name\": \"x\", \"preset\": \"intel-shadow\", \"operations\": [\(cr3), \(smep)]}",
      "{\"preset\": \"intel-ept\", \"machine\": {\"tdp\": false}, \"boot\": \"long-mode\", \"operations\": [\(smep)]}",
    ]
    for script in scripts { #expect(try grade(script).isSolved, "\(script)") }
    #expect(try grade("{\"operations\": [\(smep)]}").solved[0].revision == 3)
  }

  @Test("the revision is that of a session's, the lab's own operations included")
  func empty() throws {
    let grader = try grade("{}")
    #expect(grader.points == 0)
    #expect(grader.revision == 2)
  }

  @Test("what cannot be graded says why")
  func refused() {
    let cases = [
      ("{", "ends too early"), ("[]", "must be an object"),
      (#"{"operations": [{"op": "jump"}]}"#, "/operations/0/op"),
      (#"{"preset": "amd-npt"}"#, "is another one than the lab's"),
      (#"{"boot": "pae"}"#, "the lab begins with long-mode"),
      (#"{"score": 10}"#, "unknown key"), (#"{"operations": [{"op": "nested-exit"}]}"#, "/operations/0: "),
      (#"{"format": "other/1"}"#, "/format"),
    ]
    for (script, expected) in cases {
      let error = #expect(throws: HandInError.self, "\(script)") { try grade(script) }
      #expect(error?.description.contains(expected) == true, "\(script): \(error?.description ?? "")")
    }
  }
}
