import JSON
import KVMModel
public import Labs

/// Why a script cannot be graded.
public struct HandInError: Error, CustomStringConvertible {
  /// What is wrong, a line for each place.
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
  /// Applies the operations of a script. Those that the lab itself begins with may stand before the student's own.
  mutating func apply(script: JSONValue) throws(ProblemDetails) {
    let start = try LabStart(grader.lab)
    let configuration = machine.machine
    var body = Body(script)
    _ = body.members.optional("format") { $0.enumeration(of: ["rolecall-script/1"]) }
    for key in ["name", "lab", "student"] { _ = body.members.optionalString(key) }
    if body.members.contains("machine") || body.members.contains("preset"), body.machine() != configuration {
      body.refuse("machine", "is another one than the lab's: work in a session that was made with \"lab\"")
    }
    if let boot = body.members.optionalEnumeration("boot", of: Boot.self), boot != start.boot {
      body.refuse("boot", "the lab begins with \(start.boot.rawValue)")
    }
    var requests = try body.operations(
      OperationDecoder(vendor: configuration.vendor, vcpus: configuration.vcpus),
      limit: Grader.operationLimit * 2)
    try body.finish()
    var skipped = 0
    if requests.count >= start.operations.count,
      zip(requests, start.operations).allSatisfy({ $0.resolved(on: machine) == $1 })
    {
      skipped = start.operations.count
      requests.removeFirst(skipped)
    }
    for (index, request) in requests.enumerated() {
      do throws(OperationError) {
        try apply(request.resolved(on: machine), revision: start.operations.count + index + 2)
      } catch {
        throw request.problem(error, at: "/operations/\(index + skipped)")
      }
    }
  }
}

extension ProblemDetails {
  /// Everything that is wrong, a line for each place.
  var summary: String {
    guard items.count > 1 else { return detail }
    return items.map { "\($0.pointer ?? ""): \($0.detail)" }.joined(separator: "\n")
  }
}
