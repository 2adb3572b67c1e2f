import JSON

/// Makes a lab of a file's document and a variant's values.
struct LabDecoder {
  /// Bounds that keep a lab readable and its grading cheap.
  private enum Limit {
    static let steps = 1...20
    static let checks = 1...10
    static let hints = 0...6
    static let points = 1...100
  }

  private let document: YAMLDocument
  private let variant: Variant
  private var problems: [LabProblem] = []

  init(_ document: YAMLDocument, _ values: [(name: String, value: JSONValue)]) {
    self.document = document
    variant = Variant(values: values)
  }

  /// The whole lab, or everything that is wrong with it.
  mutating func lab(id: String, student: String?) throws(LabProblems) -> Lab {
    var found: [JSONProblem] = []
    let value = variant.applied(to: document.value, at: "") { found.append($0) }
    let source: JSONDocument
    do { source = try JSONDocument(value) } catch {
      throw LabProblems([document.problem("\(error)", at: "")])
    }
    var members = ObjectDecoder(source)
    let title = members.string("title")
    let summary = members.string("summary")
    let learn = members.array("learn", of: { $0.string() })
    let minutes = members.optionalInteger("minutes", in: 1...600) ?? 20
    _ = members.optionalValue("variant")
    let start = members.value("start")
    if start.type != .object { members.refuse("start", "must be an object, as POST /v1/sessions takes it") }
    let steps = members.array("steps", count: Limit.steps) { element in
      let pointer = element.pointer
      return element.object { step(&$0, at: pointer) }
    }
    do { try members.finish() } catch { found += error.problems }
    problems += found.map { document.problem(Self.phrase($0), at: $0.pointer) }
    for (index, step) in steps.enumerated() where steps[..<index].contains(where: { $0.id == step.id }) {
      problems.append(document.problem("the id \"\(step.id)\" stands twice", at: "/steps/\(index)/id"))
    }
    guard problems.isEmpty else { throw LabProblems(problems.sorted { $0.line < $1.line }) }
    return Lab(
      id: id, title: title, summary: summary, learn: learn, minutes: minutes, student: student,
      parameters: variant.values, start: start, steps: steps)
  }

  private mutating func step(_ members: inout ObjectDecoder, at pointer: String) -> Lab.Step {
    let id = members.string("id")
    if !id.isHyphenated {
      members.refuse("id", "must be of lower-case letters, digits and hyphens")
    }
    let title = members.string("title")
    let points = members.optionalInteger("points", in: Limit.points) ?? 1
    let task = markdown("task", &members)
    let checks = members.array("checks", count: Limit.checks) { element in
      let pointer = element.pointer
      return element.object { check(&$0, at: pointer) }
    }
    if !checks.isEmpty, checks.allSatisfy(\.isHidden) {
      members.refuse("checks", "are all hidden; a student needs one to go by")
    }
    let hints = members.optionalArray("hints", count: Limit.hints) { element in
      element.object { Lab.Hint(after: $0.integer("after", in: 0...1_000), text: markdown("text", &$0)) }
    }
    let explanation = markdown("explanation", &members)
    let solution = members.array("solution", count: 1...1_000) { $0.value }
    let wrong = members.optionalArray("wrong") { element in
      element.object { attempt in
        Lab.WrongAttempt(operations: attempt.array("operations") { $0.value }, says: attempt.string("says"))
      }
    }
    return Lab.Step(
      id: id, title: title, points: points, task: task, hints: (hints ?? []).sorted { $0.after < $1.after },
      explanation: explanation, solution: solution, wrong: wrong ?? [], checks: checks)
  }

  private mutating func check(_ members: inout ObjectDecoder, at pointer: String) -> Lab.Check {
    let condition = parsed("that", of: &members, at: pointer, or: Condition.always) {
      text throws(ConditionError) in
      try Condition(text)
    }
    let message = parsed("otherwise", of: &members, at: pointer, or: Message.empty) {
      text throws(ConditionError) in
      try Message(text)
    }
    return Lab.Check(
      condition: condition, otherwise: message, isHidden: members.optionalBool("hidden") ?? false)
  }

  /// What `parse` makes of a text; of a wrong one the placeholder, and the problem is noted.
  private mutating func parsed<Value>(
    _ key: StaticString, of members: inout ObjectDecoder, at pointer: String, or placeholder: Value,
    _ parse: (String) throws(ConditionError) -> Value
  ) -> Value {
    // One that is missing or no text is told by the decoder.
    guard let text = members.required(key, { $0.string() }) else { return placeholder }
    do throws(ConditionError) {
      return try parse(text)
    } catch {
      problems.append(
        document.problem(error.detail, at: "\(pointer)/\(key)", spot: (error.offset, text)))
      return placeholder
    }
  }

  private func markdown(_ key: StaticString, _ members: inout ObjectDecoder) -> String {
    let text = members.string(key)
    if text.contains("${") {
      members.refuse(key, "has a value of a document, which only \"otherwise\" may have")
    }
    return text
  }

  /// A problem with the key that it is about, for lines that hold several.
  private static func phrase(_ problem: JSONProblem) -> String {
    guard let key = problem.pointer.split(separator: "/").last else { return problem.detail }
    return "\(key): \(problem.detail)"
  }
}
