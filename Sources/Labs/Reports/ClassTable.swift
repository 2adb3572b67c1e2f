/// The results of a class as CSV (RFC 4180): a line for each student's session.
public struct ClassTable: Sendable {
  private var text: String
  private let width: Int

  /// An empty table of a lab.
  public init(_ lab: Lab) {
    width = lab.steps.count
    text = Self.line(
      ["student", "session", "created", "updated", "score", "max_score", "attempts"]
        + lab.steps.map { "\($0.id)_solved_at" } + ["note"])
  }

  /// Adds a session, with its report or why there is none.
  public mutating func add(
    student: String?, session: String, created: String, updated: String, _ report: LabReport?,
    note: String = ""
  ) {
    var cells = [student ?? "", session, created, updated]
    if let report {
      cells += [report.score, report.lab.points, report.steps.reduce(0) { $0 + $1.attempts }].map(String.init)
      cells += report.steps.map { $0.solvedAt.map(String.init) ?? "" }
    } else {
      cells += Array(repeating: "", count: width + 3)
    }
    text += Self.line(cells + [note])
  }

  /// The table.
  public var csv: String { text }

  private static func line(_ cells: [String]) -> String { cells.map(cell).joined(separator: ",") + "\r\n" }

  /// A cell. What a spreadsheet would take for a formula gets an apostrophe.
  private static func cell(_ text: String) -> String {
    var text = text
    if let first = text.first, "=+-@\t\r".contains(first) { text = "'" + text }
    guard text.contains(where: { ",\"\r\n".contains($0) || $0.isNewline }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
