public import JSON

extension LabReport.Step {
  /// The hints that are open.
  var openHints: ArraySlice<Lab.Hint> {
    switch standing {
    case .solved: step.hints[...]
    case .current: step.hints.prefix { $0.after <= attempts }
    case .later: []
    }
  }
}

extension LabReport {
  /// Writes how a student stands: what is solved and why, what comes next, and the help that is open.
  public func writeProgress(to json: inout JSONWriter) {
    json.object { json in
      json.member("id", lab.id)
      json.member("title", lab.title)
      json.member("student", lab.student)
      json.member("revision", revision)
      json.member("points", score)
      json.member("max_points", lab.points)
      json.member("solved", isSolved)
      json.member("over_limit", isOverLimit)
      json.key("steps")
      json.array { json in for step in steps { step.write(to: &json) } }
    }
  }

  /// How a student stands, for a terminal: the steps that are solved with what there was to see, and the current one with
  /// its task.
  public var progressText: String {
    var text =
      "\(lab.title)" + (lab.student.map { " (\($0))" } ?? "") + ": \(score) of \(lab.points) points\n"
    for (number, step) in zip(1..., steps) where step.standing != .later {
      text += "\n\(number). \(step.step.title)\n\n"
      guard step.standing == .current else {
        text += "Solved at revision \(step.solvedAt ?? 0).\n\n\(step.step.explanation.trimmed)\n"
        continue
      }
      text += "\(step.step.task.trimmed)\n\n"
      for line in step.output.split(separator: "\n") { text += "- \(line)\n" }
      for hint in step.openHints { text += "\nHint: \(hint.text.trimmed)\n" }
    }
    let later = steps.count { $0.standing == .later }
    if later > 0 { text += "\n\(later) more \(later == 1 ? "step" : "steps")\n" }
    if isOverLimit { text += "\n\(overLimit)\n" }
    return text
  }
}

extension LabReport.Step {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("id", step.id)
      json.member("title", step.title)
      json.member("points", step.points)
      json.member("state", standing.rawValue)
      json.member("task", standing == .later ? nil : step.task)
      json.member("solved_at", solvedAt)
      json.member("attempts", attempts)
      json.key("checks")
      json.array { json in
        for check in state?.checks ?? [] {
          json.object { json in
            json.member("holds", check.holds)
            json.member("message", check.message)
          }
        }
      }
      json.member("hidden_checks", step.checks.count(where: \.isHidden))
      json.key("hints")
      json.array { json in for hint in openHints { json.string(hint.text) } }
      json.member("hints_left", step.hints.count - openHints.count)
      let next = standing == .current ? step.hints.dropFirst(openHints.count).first : nil
      json.member("next_hint_after", next?.after)
      json.member("explanation", standing == .solved ? step.explanation : nil)
    }
  }
}
