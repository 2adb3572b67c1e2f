import JSON

/// Why a condition has no answer: it asks for what is not there, or for too much.
struct EvaluationError: Error, Equatable {
  let detail: String
}

/// What the closed quantifiers of a condition found in the records they have seen, so that each is looked at once.
struct QuantifierMemory: Sendable {
  /// How many elements were seen, and for how many of them the body held.
  var found: [Int: (seen: Int, held: Int)] = [:]
}

/// Works out conditions at one revision.
struct Evaluator {
  /// How many steps the conditions of a revision may take.
  static let fuelLimit = 200_000

  /// Objects whose keys depend on what happened: what one of them has not is null, anywhere else it is an error.
  private static let varying: Set = ["operation", "outcome", "tlb", "effect"]

  /// The records of `history`, oldest first.
  let history: [JSONValue]
  /// Where in `history` those of `attempts` begin.
  var attemptsStart: Int
  /// Makes the document of a name.
  let load: (String) -> JSONValue
  private var documents: [String: JSONValue] = [:]
  private var variables: [(name: String, value: JSONValue)] = []
  private var fuel = fuelLimit

  init(history: [JSONValue], attemptsStart: Int, load: @escaping (String) -> JSONValue) {
    self.history = history
    self.attemptsStart = attemptsStart
    self.load = load
  }

  /// Whether a condition holds.
  mutating func holds(
    _ expression: Expression, _ memory: inout QuantifierMemory
  ) throws(EvaluationError) -> Bool {
    switch expression {
    case .not(let operand): return try !holds(operand, &memory)
    case .and(let left, let right):
      guard try holds(left, &memory) else { return false }
      return try holds(right, &memory)
    case .or(let left, let right):
      guard try !holds(left, &memory) else { return true }
      return try holds(right, &memory)
    case .comparison, .literal, .list, .path, .quantifier:
      switch try value(of: expression, &memory) {
      case .bool(let truth): return truth
      case .null: return false
      case let other: throw EvaluationError(detail: "\(other.type.phrase) stands where a condition is needed")
      }
    }
  }

  /// The value of an operand.
  mutating func value(
    of expression: Expression, _ memory: inout QuantifierMemory
  ) throws(EvaluationError) -> JSONValue {
    try burn()
    switch expression {
    case .literal(let value): return value
    case .list(let elements):
      var values: [JSONValue] = []
      for element in elements { values.append(try value(of: element, &memory)) }
      return .array(values)
    case .path(let path): return try value(at: path)
    case .not, .and, .or: return .bool(try holds(expression, &memory))
    case .comparison(let comparison, let left, let right):
      return .bool(comparison.holds(try value(of: left, &memory), try value(of: right, &memory)))
    case .quantifier(let quantifier): return try value(of: quantifier, &memory)
    }
  }

  private mutating func burn(_ steps: Int = 1) throws(EvaluationError) {
    fuel -= steps
    guard fuel >= 0 else {
      throw EvaluationError(detail: "the condition takes too many steps; make it simpler")
    }
  }

  // MARK: Paths

  private mutating func value(at path: Expression.Path) throws(EvaluationError) -> JSONValue {
    var value: JSONValue
    var steps = path.steps[...]
    if let variable = variables.last(where: { $0.name == path.root }) {
      value = variable.value
    } else if let records = records(of: path.root) {
      guard case .index(let index)? = steps.popFirst() else { return .array(Array(records)) }
      value = index < records.count ? records[records.startIndex + index] : .null
    } else {
      value = document(path.root)
    }
    var place = path.root
    var isVarying = false
    for step in steps {
      try burn()
      switch (step, value) {
      case (_, .null): return .null
      case (.key(let key), .object(let object)):
        guard let member = object[key] else {
          if isVarying { return .null }
          let known = object.members.map(\.key).joined(separator: ", ")
          throw EvaluationError(detail: "\(place) has no \"\(key)\"; it has \(known)")
        }
        isVarying = isVarying || Self.varying.contains(key)
        place += "." + key
        value = member
      case (.index(let index), .array(let elements)):
        place += "[\(index)]"
        value = index < elements.count ? elements[index] : .null
      case (.key(let key), _):
        throw EvaluationError(detail: "\(place) is \(value.type.phrase) and has no \"\(key)\"")
      case (.index, _): throw EvaluationError(detail: "\(place) is \(value.type.phrase), not a list")
      }
    }
    return value
  }

  private func records(of root: String) -> ArraySlice<JSONValue>? {
    switch root {
    case "history": history[...]
    case "attempts": history[attemptsStart...]
    default: nil
    }
  }

  private mutating func document(_ name: String) -> JSONValue {
    if let document = documents[name] { return document }
    let document = load(name)
    documents[name] = document
    return document
  }

  // MARK: Quantifiers

  private mutating func value(
    of quantifier: Expression.Quantifier, _ memory: inout QuantifierMemory
  ) throws(EvaluationError) -> JSONValue {
    var elements: ArraySlice<JSONValue>
    var (seen, held) = (0, 0)
    var remembers = false
    if case .path(let path) = quantifier.source, path.steps.isEmpty, let records = records(of: path.root) {
      elements = records
      remembers = quantifier.isClosed
      if remembers, let found = memory.found[quantifier.number] {
        (seen, held) = found
        elements = records.dropFirst(seen)
      }
    } else {
      switch try value(of: quantifier.source, &memory) {
      case .array(let array): elements = array[...]
      case .null: elements = []
      case let other:
        throw EvaluationError(detail: "\(quantifier.kind) needs a list, not \(other.type.phrase)")
      }
    }
    for element in elements {
      try burn()
      variables.append((quantifier.variable, element))
      let holds = Result { () throws(EvaluationError) in try self.holds(quantifier.body, &memory) }
      variables.removeLast()
      seen += 1
      if try holds.get() { held += 1 }
    }
    if remembers { memory.found[quantifier.number] = (seen, held) }
    return switch quantifier.kind {
    case .any: .bool(held > 0)
    case .all: .bool(held == seen)
    case .count: .integer(held)
    }
  }
}

extension Expression.Comparison {
  /// Whether two values compare so. Words, integers and hexadecimal strings are numbers; values of different kinds are
  /// unequal and in no order.
  func holds(_ left: JSONValue, _ right: JSONValue) -> Bool {
    switch self {
    case .equal: return left.isSame(as: right)
    case .unequal: return !left.isSame(as: right)
    case .in: return Self.has.holds(right, left)
    case .has:
      if case .array(let elements) = left { return elements.contains { $0.isSame(as: right) } }
      guard let word = left.word, let bits = right.word else { return false }
      return word & bits == bits
    case .less, .lessOrEqual, .greater, .greaterOrEqual:
      guard let left = left.word, let right = right.word else { return false }
      return switch self {
      case .less: left < right
      case .lessOrEqual: left <= right
      case .greater: left > right
      default: left >= right
      }
    }
  }
}

extension JSONValue {
  /// The value as a number: an integer that is not negative, or a string of `0x` and hexadecimal digits.
  var word: UInt64? {
    switch self {
    case .number(let number): number.integer.flatMap(UInt64.init(exactly:))
    case .string(let text): text.hasPrefix("0x") ? Token.number(text) : nil
    case .null, .bool, .array, .object: nil
    }
  }

  /// Whether it is the same, numbers by their value.
  fileprivate func isSame(as other: JSONValue) -> Bool {
    if case .array(let left) = self, case .array(let right) = other {
      return left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
    }
    if let word, let other = other.word { return word == other }
    return self == other
  }
}
