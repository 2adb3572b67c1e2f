import JSON
import KVMModel
public import Labs

/// Why a script cannot be graded: a line for each thing that is wrong.
public struct HandInError: Error, CustomStringConvertible {
  /// The lines.
  public let description: String
}

extension Grader {
  /// Grades a script that a student handed in: the export of a session, or just its operations.
  ///
  /// Nothing in it counts but the operations, which are done again on the lab's own machine.
  public static func grade(script bytes: [UInt8], _ lab: Lab) throws(HandInError) -> Grader {
    do throws(ProblemDetails) {
      let script: JSONValue
      do { script = try JSONValue(parsing: bytes) } catch {
        throw ProblemDetails(.malformedJSON, [JSONProblem(error)])
      }
      var run = try LabRun(lab)
      try run.apply(script: script)
      return run.grader
    } catch {
      throw HandInError(description: error.summary)
    }
  }
}

extension LabRun {
  /// Applies the student's operations of a script, which must not be another lab's or another student's.
  mutating func apply(script: JSONValue) throws(ProblemDetails) {
    var body = Body(script)
    body.readFormat()
    _ = body.members.optionalValue("name")
    if let lab = body.members.optionalString("lab"), lab != grader.lab.id {
      body.refuse("lab", "the script is of another lab than \(grader.lab.id)")
    }
    if let student = body.members.optionalString("student"), student != grader.lab.student {
      let whose = grader.lab.student.map { "\"\($0)\"" } ?? "a student without a name"
      body.refuse("student", "the script is of \"\(student)\", and is graded as that of \(whose)")
    }
    let operations = try body.operations(after: start, limit: Grader.operationLimit * 2)
    try body.finish()
    for (index, request) in zip(operations.indices, operations) where !grader.isOverLimit {
      do throws(OperationError) {
        try apply(request.resolved(on: machine), revision: grader.revision + 1)
      } catch {
        throw request.problem(error, at: "/operations/\(index)")
      }
    }
  }
}

extension ProblemDetails {
  /// Everything that is wrong, a line for each place.
  var summary: String {
    let lines = items.map { item in "\(item.pointer.map { $0 + ": " } ?? "")\(item.detail)" }
    return (lines.isEmpty ? [detail] : lines).joined(separator: "\n")
  }
}
