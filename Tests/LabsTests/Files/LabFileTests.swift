import JSON
import Testing

@testable import Labs

@Suite("Labs as files")
struct LabFileTests {
  @Test("a file becomes a lab, and a student's variant of it")
  func read() throws {
    let file = try Sample.file()
    let lab = file.standard
    #expect(file.id == "99-sample")
    #expect(lab.title == "Sample")
    #expect(lab.minutes == 20)
    #expect(lab.points == 3)
    #expect(lab.student == nil)
    #expect(lab.steps.map(\.id) == ["first", "second"])
    #expect(lab.steps[0].task == "Go to 0x1000, one.")
    #expect(lab.steps[0].hints.map(\.text) == ["Early.", "Late."])
    #expect(
      lab.start.member("operations")
        == (try json(#"[{"op": "set-cr", "register": "cr3", "value": "0x1000"}]"#)))
    #expect(lab.keys == ["cr3", "outcome", "status"])
    #expect(lab.solution.count == 2)

    let other = try #require(
      (1...20).map { "s\($0)" }.first { try file.lab(for: $0).steps[0].task.contains("0x3000") })
    let variant = try file.lab(for: other)
    #expect(variant.student == other)
    #expect(try file.lab(for: other).steps[0].task == variant.steps[0].task)
    #expect(try file.lab(for: "").student == nil)
  }

  @Test("a malformed file is refused with the line and what to do")
  func refused() {
    let cases: [(from: String, to: String, expected: String)] = [
      ("title: Sample", "tilte: Sample", "99-sample.yaml:1: tilte: unknown key (did you mean \"title\"?)"),
      ("title: Sample\n", "", "title: is missing"),
      ("learn: [a thing]", "learn: a thing", "99-sample.yaml:3: learn: must be an array"),
      ("id: second", "id: first", "99-sample.yaml:29: the id \"first\" stands twice"),
      ("id: second", "id: Second Step", "99-sample.yaml:29: id: must be of lower-case letters"),
      ("points: 2", "points: 0", "99-sample.yaml:14: points: must be an integer from 1 to 100"),
      ("vcpu.cr3 == ${cr3}", "vcpu.cr3 = ${cr3}", "99-sample.yaml:17:24: \"=\" means nothing in a condition"),
      ("vcpu.cr3 == ${cr3}", "vcup.cr3 == 1", "99-sample.yaml:17:15: \"vcup\" is not known here"),
      ("CR3 is ${vcpu.cr3}.", "CR3 is ${vcpu..cr3}.", "99-sample.yaml:18:34: a name was expected"),
      (
        "Go to ${cr3}", "Go to ${cr4}",
        "99-sample.yaml:15: task: ${cr4} is no parameter; there are cr3, count, pair"
      ),
      (
        "Go to ${cr3}", "Go to ${vcpu.cr3}",
        "task: has a value of a document, which only \"otherwise\" may have"
      ),
      ("hidden: true", "hidden: maybe", "99-sample.yaml:21: hidden: must be a Boolean"),
      (
        "cr3: [\"0x1000\", \"0x2000\", \"0x3000\"]", "cr3: 0x1000",
        "99-sample.yaml:5: cr3 must be a list of values"
      ),
      ("{from: 2, to: 4}", "{from: 4, to: 2}", "99-sample.yaml:6: count must be a list of values"),
      ("{from: 2, to: 4}", "{from: 0, to: 4000}", "count must be a list of values"),
      ("count: {from", "vcpu: {from", "99-sample.yaml:6: vcpu begins like a document's name"),
      (
        "explanation: So.\n    solution: [{op: enter-guest}]\n    wrong", "explanation: So.\n    wrong",
        "solution: is missing"
      ),
      ("start: {preset", "start: [1]\nnext: {preset", "start: must be an object"),
    ]
    for (from, to, expected) in cases {
      let problems = Sample.problems { text in
        #expect(text.contains(from), "\(from)")
        text = text.replacing(from, with: to, maxReplacements: 1)
      }
      #expect(problems.contains { $0.contains(expected) }, "\(expected): \(problems)")
    }
  }

  @Test("every value of a parameter is tried when the file is read")
  func values() {
    let problems = Sample.problems { $0 = $0.replacing("\"0x3000\"]", with: "\"0x3000 0\"]") }
    #expect(
      problems.contains { $0.contains(":17: near") && $0.contains("\"and\" or \"or\" may be missing") },
      "\(problems)")
  }

  @Test("a step whose checks are all hidden is refused")
  func hidden() {
    let problems = Sample.problems {
      $0 = $0.replacing("otherwise: CR3 is ${vcpu.cr3}.", with: "otherwise: x\n        hidden: true")
    }
    #expect(problems.contains { $0.contains("are all hidden") }, "\(problems)")
  }

  @Test("the file's name is the lab's id")
  func names() {
    for name in ["05 pcid.yaml", "05-PCID.yaml", "pcid.yml", ".yaml", "-a.yaml", ""] {
      let error = #expect(throws: LabProblems.self) { try LabFile(file: name, text: Sample.text) }
      #expect(error?.description.contains("name the file NN-name.yaml") == true, "\(name)")
    }
    let long = Sample.text + String(repeating: "#", count: LabFile.sizeLimit)
    let error = #expect(throws: LabProblems.self) { try LabFile(file: "a.yaml", text: long) }
    #expect(error?.description.contains("longer than") == true)
  }

  @Test("an added lab takes the place of one with the same id")
  func library() throws {
    let first = try LabFile(file: "a/10-x.yaml", text: Sample.text)
    let second = try LabFile(file: "b/10-x.yaml", text: Sample.text)
    let third = try LabFile(file: "b/05-y.yaml", text: Sample.text)
    let library = LabLibrary([second, third]) { [first] }
    #expect(library.labs.map(\.id) == ["05-y", "10-x"])
    #expect(library["10-x"]?.file == "b/10-x.yaml")
    #expect(library["z"] == nil)
  }
}
