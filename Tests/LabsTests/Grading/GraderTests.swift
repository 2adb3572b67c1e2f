import JSON
import Testing

@testable import Labs

@Suite("Grading")
struct GraderTests {
  /// A grader that has seen CR3 values, each reached by an operation with that outcome; the first without one.
  private func grader(
    _ steps: [(cr3: String, status: String)], _ change: (inout String) -> Void = { _ in }
  ) throws -> Grader {
    var grader = Grader(try Sample.file(change).standard)
    for (index, step) in steps.enumerated() {
      let record = index == 0 ? nil : try json("{\"outcome\": {\"status\": \"\(step.status)\"}}")
      grader.observe(revision: index + 1, record: record) { _ in .object([("cr3", .string(step.cr3))]) }
    }
    return grader
  }

  @Test("steps are solved in order, each at the first revision at which all its checks hold")
  func order() throws {
    let grader = try grader([
      ("0x0", ""), ("0x0", "exception"), ("0x1000", "ok"), ("0x1000", "ok"), ("0x1000", "exception"),
      ("0x0", "ok"),
    ])
    #expect(grader.solved.map(\.revision) == [3, 5])
    #expect(grader.isSolved)
    #expect(grader.points == 3)
    #expect(grader.current == nil)
    #expect(LabReport(grader).steps.map(\.attempts) == [2, 2])
    #expect(LabReport(grader, at: 9).revision == 9)
    #expect(grader.faults.isEmpty)
  }

  @Test("what an earlier step took does not count as an attempt at the next")
  func attempts() throws {
    let grader = try grader([("0x0", ""), ("0x0", "exception"), ("0x1000", "exception"), ("0x1000", "ok")])
    #expect(grader.solved.map(\.revision) == [3])
    #expect(grader.current?.checks.map(\.message) == ["Nothing was refused."])
  }

  @Test("hidden checks count, and students are not told of them")
  func hidden() throws {
    let grader = try grader([("0x0", ""), ("0x1000", "ok")])
    #expect(grader.solved.isEmpty)
    #expect(grader.current?.checks.map(\.holds) == [true])
    #expect(grader.current?.hidden == ["Too few."])
  }

  @Test("one revision can solve several steps")
  func several() throws {
    let grader = try grader([("0x0", ""), ("0x1000", "ok"), ("0x1000", "ok")]) {
      $0 = $0.replacing("any(a in attempts: a.outcome.status == \"exception\")", with: "vcpu.cr3 == 0x1000")
    }
    #expect(grader.solved.map(\.revision) == [3, 3])
  }

  @Test("a check without an answer does not hold, and is noted")
  func faults() throws {
    let grader = try grader([("0x0", ""), ("0x1000", "ok")]) {
      $0 = $0.replacing("that: vcpu.cr3", with: "that: vcpu.cr5")
    }
    #expect(grader.solved.isEmpty)
    #expect(grader.faults.map(\.pointer) == ["/steps/0/checks/0/that"])
    #expect(grader.faults.first?.detail == "vcpu has no \"cr5\"; it has cr3")
  }

  @Test("operations past the limit do not count")
  func limit() throws {
    var grader = Grader(try Sample.file().standard)
    let record = try json(#"{"outcome": {"status": "ok"}}"#)
    for revision in 1...Grader.operationLimit + 2 {
      let cr3 = revision > Grader.operationLimit + 1 ? "0x1000" : "0x0"
      grader.observe(revision: revision, record: revision == 1 ? nil : record) { _ in
        .object([("cr3", .string(cr3))])
      }
    }
    #expect(grader.isOverLimit)
    #expect(grader.solved.isEmpty)
    #expect(grader.revision == Grader.operationLimit + 1)
  }

  @Test("nor do operations past the limit of effort")
  func effort() throws {
    var grader = Grader(try Sample.file().standard)
    let record = try json(#"{"outcome": {"status": "ok"}}"#)
    for revision in 1...4 {
      grader.observe(revision: revision, record: revision == 1 ? nil : record, effort: Grader.effortLimit / 3)
      { _ in
        .object([("cr3", .string(revision == 4 ? "0x1000" : "0x0"))])
      }
    }
    #expect(grader.isOverLimit)
    #expect(grader.revision == 3)
    #expect(LabReport(grader).text.contains("The last operations do not count"))
  }
}
