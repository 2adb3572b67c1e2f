/// What is wrong with a lab's file, and where.
public struct LabProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file's name, as it was given.
  public let file: String
  /// The line, from 1.
  public let line: Int
  /// The character in the line, from 1, if it is known.
  public let column: Int?
  /// What is wrong and what to do, as a sentence.
  public let detail: String

  /// A problem at a place.
  public init(file: String, line: Int = 1, column: Int? = nil, detail: String) {
    self.file = file
    self.line = line
    self.column = column
    self.detail = detail
  }

  /// The form of compilers: file, line, column, and what is wrong.
  public var description: String {
    "\(file):\(line):" + (column.map { "\($0):" } ?? "") + " \(detail)"
  }
}

/// Everything that is wrong with a lab; never empty.
public struct LabProblems: Error, Hashable, Sendable, CustomStringConvertible {
  /// The problems in the order of the file.
  public let problems: [LabProblem]

  /// These problems, of which there must be at least one.
  public init(_ problems: [LabProblem]) { self.problems = problems }

  /// A problem a line.
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
