import JSON
import Testing

@testable import Labs

/// A value from its text.
func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

/// A small lab's file.
enum Sample {
  static let text = """
    title: Sample
    summary: A sample.
    learn: [a thing]
    variant:
      cr3: ["0x1000", "0x2000", "0x3000"]
      count: {from: 2, to: 4}
      pair:
        - {name: one, value: 1}
        - {name: two, value: 2}
    start: {preset: intel-shadow, operations: [{op: set-cr, register: cr3, value: "${cr3}"}]}
    steps:
      - id: first
        title: First
        points: 2
        task: Go to ${cr3}, ${pair.name}.
        checks:
          - that: vcpu.cr3 == ${cr3}
            otherwise: CR3 is ${vcpu.cr3}.
          - that: count(attempts) >= ${count}
            otherwise: Too few.
            hidden: true
        hints:
          - {after: 5, text: Late.}
          - {after: 1, text: Early.}
        explanation: So.
        solution: [{op: enter-guest}]
        wrong:
          - {operations: [], says: CR3 is}
      - id: second
        title: Second
        task: Then fail.
        checks:
          - that: 'any(a in attempts: a.outcome.status == "exception")'
            otherwise: Nothing was refused.
        explanation: So.
        solution: [{op: enter-guest}]
    """

  static func file(_ change: (inout String) -> Void = { _ in }) throws -> LabFile {
    var text = text
    change(&text)
    return try LabFile(file: "labs/99-sample.yaml", text: text)
  }

  /// What is wrong with the sample after a change, a line each.
  static func problems(_ change: (inout String) -> Void) -> [String] {
    do throws(LabProblems) {
      var text = text
      change(&text)
      _ = try LabFile(file: "99-sample.yaml", text: text)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }
}
