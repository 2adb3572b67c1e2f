import JSON

/// A condition over the documents of a revision, ready to be worked out.
struct Condition: Sendable {
  /// The documents that conditions may speak of.
  static let documents = ["vcpu", "vcpus", "machine", "shadow_pages", "result", "history", "attempts"]

  /// What always holds.
  static let always = Condition(expression: .literal(.bool(true)))

  let expression: Expression

  init(_ text: String) throws(ConditionError) {
    self.init(expression: try ConditionParser.parse(text, documents: Self.documents))
  }

  private init(expression: Expression) { self.expression = expression }
}

/// A text with values of the documents in it: `CR4 is ${vcpu.registers.cr4}`.
struct Message: Sendable {
  enum Part: Sendable {
    case text(String)
    case value(Expression)
  }

  /// A text of nothing.
  static let empty = Message(parts: [])

  let parts: [Part]

  private init(parts: [Part]) { self.parts = parts }

  init(_ text: String) throws(ConditionError) {
    var parts: [Part] = []
    var rest = text[...]
    while let start = rest.firstRange(of: "${") {
      let offset = text.distance(from: text.startIndex, to: start.upperBound)
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
        throw ConditionError(offset: offset, detail: "\"${\" is not ended by \"}\"")
      }
      parts.append(.text(String(rest[..<start.lowerBound])))
      do {
        let inner = String(rest[start.upperBound..<end])
        parts.append(.value(try ConditionParser.parse(inner, documents: Condition.documents)))
      } catch {
        throw ConditionError(offset: offset + error.offset, detail: error.detail)
      }
      rest = rest[rest.index(after: end)...]
    }
    self.parts = parts + [.text(String(rest))]
  }

  /// The expressions in it.
  var expressions: [Expression] {
    parts.compactMap { if case .value(let expression) = $0 { expression } else { nil } }
  }

  /// The text at a revision. A value that has no answer is shown as "?".
  func text(_ evaluator: inout Evaluator) -> String {
    parts.map { part in
      switch part {
      case .text(let text): return text
      case .value(let expression):
        var memory = QuantifierMemory()
        return (try? evaluator.value(of: expression, &memory))?.phrase ?? "?"
      }
    }.joined()
  }
}

extension JSONValue {
  /// The value as a message shows it.
  fileprivate var phrase: String {
    switch self {
    case .null: "nothing"
    case .bool(let truth): truth ? "true" : "false"
    case .number(let number): number.text
    case .string(let text): text
    case .array(let elements):
      elements.isEmpty ? "nothing" : elements.map(\.phrase).joined(separator: ", ")
    case .object: "an object"
    }
  }
}
