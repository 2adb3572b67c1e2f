public import JSON

/// What a student reached in a lab, ready to be written in the forms that people and autograders read.
public struct LabReport: Sendable {
  /// Where a step stands.
  public enum Standing: String, Sendable {
    /// Its checks held when it was its turn.
    case solved
    /// It is the one to be solved next.
    case current
    /// Steps before it are not solved.
    case later
  }

  /// A step's result.
  public struct Step: Sendable {
    /// The step.
    public let step: Lab.Step
    /// Where it stands.
    public let standing: Standing
    /// The revision that solved it.
    public let solvedAt: Int?
    /// The revisions that went into it, those included that were undone since.
    public let attempts: Int
    /// How its checks stand; none unless it is current.
    public let state: Grader.StepState?

    /// The points that it brings.
    public var score: Int { standing == .solved ? step.points : 0 }

    /// What a student is told of it.
    public var output: String {
      switch standing {
      case .solved: return "Solved at revision \(solvedAt ?? 0)."
      case .later: return "The steps before it come first."
      case .current:
        let missing = (state?.checks ?? []).compactMap(\.message)
        return missing.isEmpty
          ? "All that is shown holds, and something that is not shown does not."
          : missing.joined(separator: "\n")
      }
    }
  }

  /// The lab.
  public let lab: Lab
  /// The revision that the report speaks of.
  public let revision: Int
  /// The steps, in order.
  public let steps: [Step]
  /// Operations came after the limit, and do not count.
  public let isOverLimit: Bool

  /// The points reached.
  public var score: Int { steps.reduce(0) { $0 + $1.score } }
  /// Every step is solved.
  public var isSolved: Bool { steps.allSatisfy { $0.standing == .solved } }

  /// The report of what was graded.
  ///
  /// - Parameter revision: the present one, if revisions came that do not count, as those that were undone.
  public init(_ grader: Grader, at revision: Int? = nil) {
    let now = max(grader.revision, revision ?? 0)
    lab = grader.lab
    self.revision = now
    isOverLimit = grader.isOverLimit
    var begun = grader.start ?? now
    steps = grader.lab.steps.enumerated().map { index, step in
      guard index < grader.solved.count else {
        let isCurrent = index == grader.solved.count
        return Step(
          step: step, standing: isCurrent ? .current : .later, solvedAt: nil,
          attempts: isCurrent ? now - begun : 0,
          state: isCurrent ? grader.current : nil)
      }
      let solved = grader.solved[index].revision
      defer { begun = solved }
      return Step(step: step, standing: .solved, solvedAt: solved, attempts: solved - begun, state: nil)
    }
  }
}

// MARK: - Forms

extension LabReport {
  /// The report for a terminal.
  public var text: String {
    var lines = ["\(lab.id)  \(lab.title)" + (lab.student.map { "  (\($0))" } ?? "")]
    for step in steps {
      let points = "\(step.score)/\(step.step.points)"
      lines.append("  \(step.standing == .solved ? "ok  " : "    ") \(points)  \(step.step.title)")
      if step.standing == .current {
        lines += step.output.split(separator: "\n").map { "             \($0)" }
      }
    }
    lines.append("\(score) of \(lab.points) points")
    if isOverLimit { lines.append(overLimit) }
    return lines.joined(separator: "\n") + "\n"
  }

  var overLimit: String {
    "The last operations do not count: there are more than \(Grader.operationLimit), or too many shadow pages. Undo some, or "
      + "begin anew."
  }

  /// Writes the report as JSON.
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("lab", lab.id)
      json.member("title", lab.title)
      json.member("student", lab.student)
      json.member("revision", revision)
      json.member("score", score)
      json.member("max_score", lab.points)
      json.member("solved", isSolved)
      json.member("over_limit", isOverLimit)
      json.key("steps")
      json.array { json in
        for step in steps {
          json.object { json in
            json.member("id", step.step.id)
            json.member("title", step.step.title)
            json.member("state", step.standing.rawValue)
            json.member("score", step.score)
            json.member("max_score", step.step.points)
            json.member("solved_at", step.solvedAt)
            json.member("attempts", step.attempts)
            json.member("output", step.output)
          }
        }
      }
    }
  }

  /// Writes the report as Gradescope's `results.json`.
  ///
  /// - Parameter showsHidden: also tells what hidden checks found, in tests that Gradescope keeps from students. Only for
  ///   results that go to Gradescope or to a teacher.
  public func writeGradescope(to json: inout JSONWriter, showsHidden: Bool) {
    json.object { json in
      json.member("score", score)
      json.member("output", isOverLimit ? overLimit : "\(lab.title): \(score) of \(lab.points) points.")
      json.member("visibility", "visible")
      json.key("tests")
      json.array { json in
        for step in steps {
          writeTest(step.step.title, step.score, step.step.points, step.output, "visible", to: &json)
          guard showsHidden, let hidden = step.state?.hidden, !hidden.isEmpty else { continue }
          writeTest(
            "\(step.step.title) (hidden checks)", 0, 0, hidden.joined(separator: "\n"), "hidden", to: &json)
        }
      }
    }
  }

  private func writeTest(
    _ name: String, _ score: Int, _ most: Int, _ output: String, _ visibility: String,
    to json: inout JSONWriter
  ) {
    json.object { json in
      json.member("name", name)
      json.member("score", score)
      json.member("max_score", most)
      json.member("status", most > 0 && score == most ? "passed" : "failed")
      json.member("output", output)
      json.member("visibility", visibility)
    }
  }

  /// The report as JUnit XML: a test case for each step.
  public var junit: String {
    var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    let failures = steps.count { $0.standing == .current }
    let skipped = steps.count { $0.standing == .later }
    xml +=
      "<testsuites>\n  <testsuite name=\"\(lab.id.xml)\" tests=\"\(steps.count)\" failures=\"\(failures)\""
    xml += " errors=\"0\" skipped=\"\(skipped)\">\n"
    for step in steps {
      xml += "    <testcase classname=\"\(lab.id.xml)\" name=\"\(step.step.title.xml)\""
      switch step.standing {
      case .solved: xml += "/>\n"
      case .current:
        xml += ">\n      <failure message=\"not solved\">\(step.output.xml)</failure>\n    </testcase>\n"
      case .later: xml += ">\n      <skipped message=\"\(step.output.xml)\"/>\n    </testcase>\n"
      }
    }
    return xml + "  </testsuite>\n</testsuites>\n"
  }
}

extension String {
  /// The text for XML 1.0: its signs escaped, and characters that XML cannot hold replaced.
  var xml: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result += "&#\(scalar.value);"
      case "\u{20}"..., "\r":
        let isLegal = scalar != "\u{fffe}" && scalar != "\u{ffff}" && scalar != "\r"
        result.unicodeScalars.append(isLegal ? scalar : "\u{fffd}")
      default: result += "\u{fffd}"
      }
    }
    return result
  }
}
