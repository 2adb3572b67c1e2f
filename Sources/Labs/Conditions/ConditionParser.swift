import JSON

/// Reads the condition language:
///
///     condition  = conjunction { "or" conjunction }
///     conjunction = negation { "and" negation }
///     negation   = "not" negation | comparison
///     comparison = operand [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "has") operand ]
///     operand    = number | text | "true" | "false" | "null" | list | path | "(" condition ")"
///                | ("any" | "all" | "count") "(" name "in" operand ":" condition ")" | "count" "(" operand ")"
///     list       = "[" operand { "," operand } "]"
///     path       = name { "." name | "[" number "]" }
struct ConditionParser {
  /// Conditions stay readable, and their cost bounded.
  static let lengthLimit = 2_000
  static let depthLimit = 24

  private let tokens: [Token]
  private var position = 0
  private var depth = 0
  private var quantifiers = 0
  /// The documents, then the variables of the quantifiers around this place.
  private var names: [String]

  /// A whole condition that may speak of `documents`.
  static func parse(_ text: String, documents: [String]) throws(ConditionError) -> Expression {
    guard text.count <= lengthLimit else {
      throw ConditionError(
        offset: lengthLimit,
        detail: "the condition is longer than \(lengthLimit) characters; make several checks of it")
    }
    var parser = ConditionParser(tokens: try Token.all(of: text), names: documents)
    let expression = try parser.condition()
    guard parser.token.kind == .end else {
      throw parser.error(
        "\(parser.token.phrase) stands where the condition could end; \"and\" or \"or\" may be missing")
    }
    return expression
  }

  private init(tokens: [Token], names: [String]) {
    self.tokens = tokens
    self.names = names
  }

  private var token: Token { tokens[position] }

  private func error(_ detail: String) -> ConditionError {
    ConditionError(offset: token.offset, detail: detail)
  }

  /// Goes past a keyword or sign, if it is the next.
  private mutating func take(_ text: String) -> Bool {
    guard token.kind == .name(text) || token.kind == .sign(text) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ sign: String) throws(ConditionError) {
    guard take(sign) else { throw error("\"\(sign)\" was expected, not \(token.phrase)") }
  }

  // MARK: Truth

  private mutating func condition() throws(ConditionError) -> Expression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw error("the condition is nested too deep") }
    var expression = try conjunction()
    while take("or") { expression = .or(expression, try conjunction()) }
    return expression
  }

  private mutating func conjunction() throws(ConditionError) -> Expression {
    var expression = try negation()
    while take("and") { expression = .and(expression, try negation()) }
    return expression
  }

  private mutating func negation() throws(ConditionError) -> Expression {
    var isNegated = false
    while take("not") { isNegated.toggle() }
    let expression = try comparison()
    return isNegated ? .not(expression) : expression
  }

  private mutating func comparison() throws(ConditionError) -> Expression {
    let left = try operand()
    for comparison in Expression.Comparison.allCases where take(comparison.rawValue) {
      return .comparison(comparison, left, try operand())
    }
    return left
  }

  // MARK: Operands

  private mutating func operand() throws(ConditionError) -> Expression {
    let found = token
    switch found.kind {
    case .number(let text):
      position += 1
      return .literal(.string("0x" + String(Token.number(text) ?? 0, radix: 16)))
    case .text(let text):
      position += 1
      return .literal(.string(text))
    case .sign("("):
      position += 1
      let expression = try condition()
      try expect(")")
      return expression
    case .sign("["):
      position += 1
      return try list()
    case .name(let name): return try named(name)
    case .sign, .end: throw error("a value or a path was expected, not \(found.phrase)")
    }
  }

  private mutating func list() throws(ConditionError) -> Expression {
    var elements: [Expression] = []
    repeat {
      depth += 1
      defer { depth -= 1 }
      guard depth <= Self.depthLimit else { throw error("the condition is nested too deep") }
      elements.append(try operand())
    } while take(",")
    try expect("]")
    return .list(elements)
  }

  private mutating func named(_ name: String) throws(ConditionError) -> Expression {
    let literals: [String: JSONValue] = ["true": .bool(true), "false": .bool(false), "null": .null]
    if let literal = literals[name] {
      position += 1
      return .literal(literal)
    }
    if let kind = Expression.Quantifier.Kind(rawValue: name) { return try quantifier(kind) }
    return .path(try path())
  }

  private mutating func path() throws(ConditionError) -> Expression.Path {
    guard case .name(let root) = token.kind, names.contains(root) else {
      throw error("\(token.phrase) is not known here; known are \(names.joined(separator: ", "))")
    }
    position += 1
    var path = Expression.Path(root: root)
    while true {
      if take(".") {
        guard case .name(let key) = token.kind else { throw error("a name was expected after \".\"") }
        position += 1
        path.steps.append(.key(key))
      } else if take("[") {
        guard case .number(let text) = token.kind, let index = Int(text) else {
          throw error("a number was expected in the brackets")
        }
        position += 1
        try expect("]")
        path.steps.append(.index(index))
      } else {
        return path
      }
    }
  }

  private mutating func quantifier(_ kind: Expression.Quantifier.Kind) throws(ConditionError) -> Expression {
    position += 1
    try expect("(")
    let number = quantifiers
    quantifiers += 1
    if kind == .count, position + 1 < tokens.count, tokens[position + 1].kind != .name("in") {
      let source = try operand()
      try expect(")")
      return .quantifier(
        .init(
          kind: kind, variable: "", source: source, body: .literal(.bool(true)), number: number,
          isClosed: true))
    }
    guard case .name(let variable) = token.kind else {
      throw error("a name for the elements was expected, not \(token.phrase)")
    }
    guard !names.contains(variable) else {
      throw error("\"\(variable)\" has a meaning here; take another name")
    }
    position += 1
    try expect("in")
    let source = try operand()
    try expect(":")
    names.append(variable)
    let body = try condition()
    names.removeLast()
    try expect(")")
    return .quantifier(
      .init(
        kind: kind, variable: variable, source: source, body: body, number: number,
        isClosed: body.freeNames.subtracting([variable]).isEmpty))
  }
}
