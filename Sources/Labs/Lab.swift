public import JSON

/// A lab as one student has it: with the values of the student's variant in place.
public struct Lab: Sendable {
  /// The name in paths: the file's name without its ending.
  public let id: String
  /// The title.
  public let title: String
  /// What it is about, in a sentence.
  public let summary: String
  /// What a student has learned at its end.
  public let learn: [String]
  /// How long it takes, in minutes.
  public let minutes: Int
  /// Whose variant it is; nil for the standard one.
  public let student: String?
  /// The values of the variant.
  public let parameters: [(name: String, value: JSONValue)]
  /// The machine it starts on, in the form that `POST /v1/sessions` takes.
  public let start: JSONValue
  /// The steps, which are solved in this order; at least one.
  public let steps: [Step]

  /// The points of all steps.
  public var points: Int { steps.reduce(0) { $0 + $1.points } }

  /// The operations that solve it, step after step.
  public var solution: [JSONValue] { steps.flatMap(\.solution) }

  /// A part of the lab with a task of its own.
  public struct Step: Sendable {
    /// A name that is the only one in the lab.
    public let id: String
    /// The title.
    public let title: String
    /// What solving it is worth.
    public let points: Int
    /// What is to be done, in Markdown.
    public let task: String
    /// Help that opens by and by.
    public let hints: [Hint]
    /// What there was to see, in Markdown, for those who have solved it.
    public let explanation: String
    /// Operations that solve it, after those of the steps before. Never for students.
    public let solution: [JSONValue]
    /// Attempts that do not solve it. Never for students.
    public let wrong: [WrongAttempt]
    /// What must hold; at least one is not hidden.
    let checks: [Check]
  }

  /// Help with a step, in Markdown.
  public struct Hint: Sendable {
    /// How many operations must have been done on the step before it opens.
    public let after: Int
    /// The help.
    public let text: String
  }

  /// An attempt that must not solve a step, to prove that the checks hold and help.
  public struct WrongAttempt: Sendable {
    /// The operations, after the solutions of the steps before.
    public let operations: [JSONValue]
    /// A part of the message that it must get.
    public let says: String
  }

  /// Something that must hold for a step to be solved.
  struct Check: Sendable {
    let condition: Condition
    /// What a student is told while it does not hold.
    let otherwise: Message
    /// Students are not told of it.
    let isHidden: Bool
  }

  /// The keys that conditions and messages ask for: a record need not have others.
  public var keys: Set<String> {
    steps.flatMap(\.checks).reduce(into: []) { keys, check in
      keys.formUnion(check.condition.expression.keys)
      for expression in check.otherwise.expressions { keys.formUnion(expression.keys) }
    }
  }
}
