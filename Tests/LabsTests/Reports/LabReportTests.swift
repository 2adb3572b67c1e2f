import JSON
import Testing

@testable import Labs

@Suite("Results in their forms")
struct LabReportTests {
  /// The first step is solved, the second not, or nothing at all is done.
  private func report(isStarted: Bool = true, _ change: (inout String) -> Void = { _ in }) throws -> LabReport
  {
    var grader = Grader(try Sample.file(change).standard)
    let record = try json(#"{"outcome": {"status": "ok"}}"#)
    for revision in 1...(isStarted ? 3 : 1) {
      grader.observe(revision: revision, record: revision == 1 ? nil : record) { _ in
        .object([("cr3", .string("0x1000"))])
      }
    }
    return LabReport(grader)
  }

  private func written(_ write: (inout JSONWriter) -> Void) throws -> JSONValue {
    var writer = JSONWriter()
    write(&writer)
    return try JSONValue(parsing: writer.finish())
  }

  @Test("for a terminal")
  func text() throws {
    #expect(
      try report().text == """
        99-sample  Sample
          ok   2/2  First
               0/1  Second
                     Nothing was refused.
        2 of 3 points

        """)
  }

  @Test("as JSON")
  func document() throws {
    let value = try written(report().write)
    #expect(value.member("score") == .integer(2))
    #expect(value.member("max_score") == .integer(3))
    #expect(value.member("solved") == .bool(false))
    guard case .array(let steps) = value.member("steps") else { throw TestFailure() }
    #expect(steps.map { $0.member("state") } == [.string("solved"), .string("current")])
    #expect(steps.map { $0.member("solved_at") } == [.integer(3), .null])
    #expect(
      steps.map { $0.member("output") } == [
        .string("Solved at revision 3."), .string("Nothing was refused."),
      ])
  }

  @Test("for Gradescope, with hidden checks for teachers only")
  func gradescope() throws {
    let report = try report(isStarted: false)
    for showsHidden in [false, true] {
      let value = try written { report.writeGradescope(to: &$0, showsHidden: showsHidden) }
      guard case .array(let tests) = value.member("tests") else { throw TestFailure() }
      let hidden = tests.filter { $0.member("visibility") == .string("hidden") }
      #expect(hidden.map { $0.member("output") } == (showsHidden ? [.string("Too few.")] : []))
      let visible = tests.filter { $0.member("visibility") == .string("visible") }
      #expect(visible.map { $0.member("name") } == [.string("First"), .string("Second")])
      #expect(visible.map { $0.member("max_score") } == [.integer(2), .integer(1)])
      #expect(visible.map { $0.member("status") } == [.string("failed"), .string("failed")])
      #expect(
        visible[0].member("output")
          == .string("All that is shown holds, and something that is not shown does not."))
      #expect(visible[1].member("output") == .string("The steps before it come first."))
    }
  }

  @Test("as JUnit XML")
  func junit() throws {
    let xml = try report { $0 = $0.replacing("Nothing was refused.", with: "\"a < b & c\"") }.junit
    #expect(xml.contains(#"<testsuite name="99-sample" tests="2" failures="1" errors="0" skipped="0">"#))
    #expect(xml.contains(#"<testcase classname="99-sample" name="First"/>"#))
    #expect(xml.contains("a &lt; b &amp; c"))
    #expect("a\u{1}\n\u{fffe}".xml == "a\u{fffd}&#10;\u{fffd}")
  }

  @Test("the lab as Markdown, with answers for teachers only")
  func markdown() throws {
    let lab = try Sample.file().standard
    let short = lab.markdown(withAnswers: false)
    #expect(short.contains("## 1. First\n\nGo to 0x1000, one.\n"))
    for secret in ["Early.", "So.", "enter-guest", "Too few."] {
      #expect(!short.contains(secret), "\(secret)")
    }
    let long = lab.markdown(withAnswers: true)
    for answer in ["**Hint after 1:** Early.", "So.", "enter-guest", "`cr3` = `\"0x1000\"`"] {
      #expect(long.contains(answer))
    }
  }
}

struct TestFailure: Error {}
