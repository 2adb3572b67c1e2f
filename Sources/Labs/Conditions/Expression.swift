import JSON

/// A condition, or a part of one.
indirect enum Expression: Sendable, Equatable {
  case literal(JSONValue)
  case list([Expression])
  case path(Path)
  case not(Expression)
  case and(Expression, Expression)
  case or(Expression, Expression)
  case comparison(Comparison, Expression, Expression)
  case quantifier(Quantifier)

  enum Comparison: String, Sendable, CaseIterable {
    case equal = "=="
    case unequal = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case less = "<"
    case greater = ">"
    /// The left is one of the elements of the right.
    case `in`
    /// The left, a word, has all bits of the right; or the left, a list, has the right as an element.
    case has
  }

  /// A way into a document.
  struct Path: Sendable, Equatable {
    enum Step: Sendable, Equatable {
      case key(String)
      case index(Int)
    }

    /// A document's name, or a variable.
    let root: String
    var steps: [Step] = []
  }

  /// `any`, `all` or `count` over a list.
  struct Quantifier: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable { case any, all, count }

    let kind: Kind
    let variable: String
    let source: Expression
    let body: Expression
    /// Its place among those of the condition, so that what it found before can be kept.
    let number: Int
    /// The body speaks of nothing but the variable: what it says of an element never changes.
    let isClosed: Bool
  }

  /// The documents and variables that it speaks of and does not bring itself.
  var freeNames: Set<String> {
    switch self {
    case .literal: []
    case .list(let elements): elements.reduce(into: []) { $0.formUnion($1.freeNames) }
    case .path(let path): [path.root]
    case .not(let operand): operand.freeNames
    case .and(let left, let right), .or(let left, let right), .comparison(_, let left, let right):
      left.freeNames.union(right.freeNames)
    case .quantifier(let quantifier):
      quantifier.source.freeNames.union(quantifier.body.freeNames.subtracting([quantifier.variable]))
    }
  }

  /// The keys that its paths ask for, at any depth.
  var keys: Set<String> {
    switch self {
    case .literal: []
    case .list(let elements): elements.reduce(into: []) { $0.formUnion($1.keys) }
    case .path(let path):
      path.steps.reduce(into: []) { keys, step in if case .key(let key) = step { keys.insert(key) } }
    case .not(let operand): operand.keys
    case .and(let left, let right), .or(let left, let right), .comparison(_, let left, let right):
      left.keys.union(right.keys)
    case .quantifier(let quantifier): quantifier.source.keys.union(quantifier.body.keys)
    }
  }
}
