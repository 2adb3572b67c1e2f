public import JSON

/// Follows a student through a lab, revision by revision.
///
/// A step is solved at the first revision at which all its checks hold, once the steps before it are.
public struct Grader: Sendable {
  /// How many of a student's operations count, so that grading stays cheap.
  public static let operationLimit = 1_000
  /// How great the efforts of the revisions that count may be together.
  public static let effortLimit = 32_768

  /// The lab.
  public let lab: Lab
  /// The steps solved so far, each with the revision that solved it.
  public private(set) var solved: [(step: Lab.Step, revision: Int)] = []
  /// The last revision that was looked at.
  public private(set) var revision = 0
  /// How the current step stands at that revision; nil if all are solved.
  public private(set) var current: StepState?
  /// Operations came after a limit, and were not looked at.
  public private(set) var isOverLimit = false
  /// Checks that had no answer: mistakes of the lab.
  public private(set) var faults: Set<Fault> = []

  /// The first revision that was looked at.
  private(set) var start: Int?
  private var history: [JSONValue] = []
  private var attemptsStart = 0
  private var effort = 0
  private var memory: [QuantifierMemory] = []

  /// How the checks of a step stand.
  public struct StepState: Sendable {
    /// A check that students may know of.
    public struct Check: Sendable {
      /// Whether it holds.
      public let holds: Bool
      /// What is missing if it does not hold.
      public let message: String?
    }

    /// The checks that students may know of.
    public let checks: [Check]
    /// What hidden checks say that do not hold. Never for students.
    public let hidden: [String]
  }

  /// A check that has no answer.
  public struct Fault: Hashable, Sendable {
    /// The check's place in the file, as a JSON pointer.
    public let pointer: String
    /// Why.
    public let detail: String
  }

  /// A student who has done nothing yet.
  public init(_ lab: Lab) {
    self.lab = lab
  }

  /// All steps are solved.
  public var isSolved: Bool { solved.count == lab.steps.count }
  /// The points of the steps solved.
  public var points: Int { solved.reduce(0) { $0 + $1.step.points } }

  /// Looks at the next revision.
  ///
  /// - Parameters:
  ///   - record: what the operation did that led to it; nil at the start.
  ///   - effort: how large the documents can be, in shadow pages or the like.
  ///   - document: makes the document of a name at this revision.
  public mutating func observe(
    revision: Int, record: JSONValue?, effort: Int = 0, document: @escaping (String) -> JSONValue
  ) {
    self.effort += effort
    if let record {
      guard history.count < Self.operationLimit, self.effort <= Self.effortLimit else {
        return isOverLimit = true
      }
      history.append(record)
    }
    self.revision = revision
    start = start ?? revision
    var evaluator = Evaluator(history: history, attemptsStart: attemptsStart) { name in
      name == "result" ? record ?? .null : document(name)
    }
    current = nil
    while !isSolved {
      let step = lab.steps[solved.count]
      if memory.count != step.checks.count {
        memory = Array(repeating: QuantifierMemory(), count: step.checks.count)
      }
      let state = state(of: step, &evaluator)
      guard state.hidden.isEmpty, state.checks.allSatisfy(\.holds) else { return current = state }
      solved.append((step, revision))
      attemptsStart = history.count
      memory = []
      evaluator.attemptsStart = attemptsStart
    }
  }

  private mutating func state(of step: Lab.Step, _ evaluator: inout Evaluator) -> StepState {
    var checks: [StepState.Check] = []
    var hidden: [String] = []
    for (index, check) in step.checks.enumerated() {
      var holds = false
      do throws(EvaluationError) {
        holds = try evaluator.holds(check.condition.expression, &memory[index])
      } catch {
        faults.insert(Fault(pointer: "/steps/\(solved.count)/checks/\(index)/that", detail: error.detail))
      }
      let message = holds ? nil : check.otherwise.text(&evaluator)
      if !check.isHidden {
        checks.append(StepState.Check(holds: holds, message: message))
      } else if let message {
        hidden.append(message)
      }
    }
    return StepState(checks: checks, hidden: hidden)
  }
}
