import JSON
import KVMModel
public import Labs

extension LabFile {
  /// Students for whom the lab is tried, besides the one without a name.
  private static let sample = (1...8).map { "student-\($0)" }

  /// Tries the lab on machines: its solution must solve it, step by step, and doing nothing and its wrong attempts must not.
  ///
  /// - Throws: what went otherwise.
  public func trial() throws(LabProblems) {
    for student in [nil] + Self.sample {
      let problems = problems(of: try lab(for: student))
      if !problems.isEmpty { throw LabProblems(problems) }
    }
  }

  private func problems(of lab: Lab) -> [LabProblem] {
    let whose = lab.student.map { " (in the variant of \"\($0)\")" } ?? ""
    var problems: [LabProblem] = []
    func note(_ detail: String, _ pointer: String) { problems.append(problem(detail + whose, at: pointer)) }

    var run: LabRun
    do throws(ProblemDetails) { run = try LabRun(lab) } catch {
      return [problem(error.summary + whose, at: "/start" + (error.items.first?.pointer ?? ""))]
    }
    for (index, step) in lab.steps.enumerated() {
      let pointer = "/steps/\(index)"
      if run.grader.solved.count > index {
        note("\"\(step.id)\" is solved before anything is done on it: let its checks ask for more", pointer)
        break
      }
      for (number, attempt) in step.wrong.enumerated() {
        let place = "\(pointer)/wrong/\(number)"
        var wrong = run
        if let (detail, inner) = wrong.apply(attempt.operations) {
          note(detail, "\(place)/operations\(inner)")
        } else if wrong.grader.solved.count > index {
          note("this wrong attempt solves the step \"\(step.id)\"", place)
        } else {
          let messages = wrong.grader.current?.messages ?? []
          if !messages.contains(where: { $0.contains(attempt.says) }) {
            note(
              "this wrong attempt is not told \"\(attempt.says)\", but: \(messages.joined(separator: " | "))",
              place)
          }
        }
        problems += wrong.grader.faults.map { problem($0.detail + whose, at: $0.pointer) }
      }
      if let (detail, inner) = run.apply(step.solution) { note(detail, "\(pointer)/solution\(inner)") }
      guard run.grader.solved.count > index else {
        let messages = run.grader.current?.messages ?? []
        note(
          "the solution does not solve \"\(step.id)\": \(messages.joined(separator: " | "))",
          "\(pointer)/solution")
        break
      }
    }
    return problems + run.grader.faults.map { problem($0.detail + whose, at: $0.pointer) }
  }
}

extension Grader.StepState {
  /// What is missing, to students and beyond.
  fileprivate var messages: [String] { checks.compactMap(\.message) + hidden }
}

extension LabRun {
  /// Applies operations as a script lists them; what is wrong with one, and where in the list, if something is.
  fileprivate mutating func apply(_ operations: [JSONValue]) -> (detail: String, pointer: String)? {
    do throws(ProblemDetails) {
      try apply(script: .object([("operations", .array(operations))]))
      return nil
    } catch {
      return (error.summary, String((error.items.first?.pointer ?? "").dropFirst("/operations".count)))
    }
  }
}
