import JSON
import Labs
import RolecallAPI
import Testing

@Suite("The labs that come with the program")
struct BuiltInLabsTests {
  private func labs() throws -> [LabFile] { try LabLibrary.builtIn() }

  private func script(_ operations: [JSONValue]) -> [UInt8] {
    var json = JSONWriter()
    json.value(.object([("operations", .array(operations))]))
    return json.finish()
  }

  @Test("twelve labs, in order, each with wrong attempts")
  func twelve() throws {
    let labs = try labs()
    #expect(labs.map { String($0.id.prefix(2)) } == (1...12).map { $0 < 10 ? "0\($0)" : "\($0)" })
    for lab in labs {
      #expect(lab.standard.steps.allSatisfy { $0.wrong.count >= 3 }, "\(lab.id)")
      #expect(!lab.standard.learn.isEmpty)
      #expect(!lab.standard.parameters.isEmpty, "\(lab.id): nothing differs from student to student")
    }
  }

  @Test("each is solved by its solution, and its wrong attempts are told what is missing")
  func trial() throws {
    for lab in try labs() {
      do { try lab.trial() } catch { Issue.record("\(error)") }
    }
  }

  @Test("solutions solve every student's variant, and mostly not that of another")
  func students() throws {
    let students = (1...12).map { "student \($0)" }
    for file in try labs() {
      let variants = try students.map { try file.lab(for: $0) }
      var copies = 0
      for (index, lab) in variants.enumerated() {
        let grader = try Grader.grade(script: script(lab.solution), lab)
        #expect(grader.isSolved, "\(file.id) for \(students[index]): \(LabReport(grader).text)")
        let neighbour = variants[(index + 1) % variants.count]
        if try Grader.grade(script: script(neighbour.solution), lab).isSolved { copies += 1 }
      }
      #expect(copies <= variants.count / 3, "\(file.id): \(copies) of \(variants.count) copies pass")
    }
  }

  @Test("doing nothing solves nothing, and is told something")
  func nothing() throws {
    for file in try labs() {
      let report = LabReport(try Grader.grade(script: script([]), file.standard))
      #expect(report.score == 0, "\(file.id)")
      #expect(report.steps[0].output.count > 10, "\(file.id)")
    }
  }

  @Test("no text is left with a placeholder, and Markdown stays simple")
  func texts() throws {
    for file in try labs() {
      for student in [nil, "ada", "bob"] {
        let text = try file.lab(for: student).markdown(withAnswers: true)
        #expect(!text.contains("${"), "\(file.id)")
        #expect(!text.contains("<"), "\(file.id): no HTML")
      }
    }
  }

  @Test("the template for authors passes its trial")
  func template() throws {
    let file = try LabFile(file: "template.yaml", text: LabLibrary.template)
    try file.trial()
  }
}
