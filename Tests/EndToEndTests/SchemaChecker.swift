/// Checks documents against the schemas in the API's description, by as much of JSON Schema 2020-12 as these use.
///
/// A keyword that it does not know is a fault, so that nothing in a schema is passed over.
final class SchemaChecker {
  /// What a schema says of one value.
  private struct Verdict {
    var faults: [String] = []
    /// The members that some subschema has looked at.
    var evaluated: Set<String> = []

    mutating func add(_ other: Verdict) {
      faults += other.faults
      evaluated.formUnion(other.evaluated)
    }
  }

  private static let annotations: Set<String> = [
    "title", "description", "default", "example", "examples", "format",
  ]

  private let description: JSONDocument
  private var patterns: [String: Regex<AnyRegexOutput>] = [:]

  /// - Parameter description: what `$ref` refers to.
  init(_ description: JSONDocument) { self.description = description }

  /// What is wrong with a document, each fault with its place; none if it is as the schema says.
  func faults(of document: JSONDocument, by schema: JSONDocument) -> [String] {
    verdict(document, schema, "").faults
  }

  /// What a reference such as `#/components/schemas/Problem` leads to.
  func resolve(_ reference: String) -> JSONDocument? {
    reference.split(separator: "/").dropFirst().reduce(description) { $0?[String($1)] }
  }

  private func verdict(_ value: JSONDocument, _ schema: JSONDocument, _ place: String) -> Verdict {
    if case .bool(let allowed) = schema {
      return Verdict(faults: allowed ? [] : ["\(place): must not be there"])
    }
    guard let keywords = schema.object else { return Verdict(faults: ["\(place): has no schema"]) }
    var all = Verdict()
    for (keyword, argument) in keywords where keyword != "unevaluatedProperties" {
      if let verdict = combined(value, keyword, argument, keywords, place)
        ?? members(value, keyword, argument, keywords, place)
      {
        all.add(verdict)
      } else if let holds = holds(value, keyword, argument) {
        if !holds {
          all.faults.append("\(place): \(value.text.prefix(80)) is against \(keyword) \(argument.text)")
        }
      } else if !Self.annotations.contains(keyword) {
        all.faults.append("\(place): the schema has the unknown keyword \(keyword)")
      }
    }
    if let rest = keywords["unevaluatedProperties"], let object = value.object {
      for (key, member) in object where !all.evaluated.contains(key) {
        all.faults += verdict(member, rest, place + "/" + key).faults
        all.evaluated.insert(key)
      }
    }
    return all
  }

  /// Keywords that apply other schemas to the value itself; nil for other keywords.
  private func combined(
    _ value: JSONDocument, _ keyword: String, _ argument: JSONDocument, _ keywords: [String: JSONDocument],
    _ place: String
  ) -> Verdict? {
    let branches = (argument.array ?? []).map { verdict(value, $0, place) }
    let fitting = branches.filter(\.faults.isEmpty)
    switch keyword {
    case "$ref":
      guard let target = argument.string.flatMap(resolve) else {
        return Verdict(faults: ["\(place): \(argument.text) leads nowhere"])
      }
      return verdict(value, target, place)
    case "allOf":
      return branches.reduce(into: Verdict()) { $0.add($1) }
    case "anyOf" where !fitting.isEmpty, "oneOf" where fitting.count == 1:
      return fitting.reduce(into: Verdict()) { $0.add($1) }
    case "anyOf", "oneOf":
      let nearest = branches.min { $0.faults.count < $1.faults.count }
      return Verdict(
        faults: ["\(place): fits \(fitting.count) schemas of \(keyword)"] + (nearest?.faults ?? []))
    case "not":
      let fits = verdict(value, argument, place).faults.isEmpty
      return Verdict(faults: fits ? ["\(place): is what it must not be"] : [])
    case "if":
      let condition = verdict(value, argument, place)
      guard condition.faults.isEmpty else { return Verdict() }
      var all = condition
      if let consequence = keywords["then"] { all.add(verdict(value, consequence, place)) }
      return all
    case "then": return Verdict()
    default: return nil
    }
  }

  /// Keywords that apply other schemas to members and elements; nil for other keywords.
  private func members(
    _ value: JSONDocument, _ keyword: String, _ argument: JSONDocument, _ keywords: [String: JSONDocument],
    _ place: String
  ) -> Verdict? {
    var all = Verdict()
    switch keyword {
    case "properties":
      for (key, schema) in argument.object ?? [:] {
        guard let member = value[key] else { continue }
        all.faults += verdict(member, schema, place + "/" + key).faults
        all.evaluated.insert(key)
      }
    case "additionalProperties":
      for (key, member) in value.object ?? [:] where keywords["properties"]?[key] == nil {
        all.faults += verdict(member, argument, place + "/" + key).faults
        all.evaluated.insert(key)
      }
    case "prefixItems":
      for (index, (element, schema)) in zip(value.array ?? [], argument.array ?? []).enumerated() {
        all.faults += verdict(element, schema, "\(place)/\(index)").faults
      }
    case "items":
      let first = keywords["prefixItems"]?.array?.count ?? 0
      for (index, element) in (value.array ?? []).enumerated().dropFirst(first) {
        all.faults += verdict(element, argument, "\(place)/\(index)").faults
      }
    case "required":
      guard let object = value.object else { break }
      for key in argument.array?.compactMap(\.string) ?? [] where object[key] == nil {
        all.faults.append("\(place): lacks \(key)")
      }
    default: return nil
    }
    return all
  }

  /// Whether a value keeps to a keyword that only compares; nil for other keywords.
  private func holds(_ value: JSONDocument, _ keyword: String, _ argument: JSONDocument) -> Bool? {
    func compare(_ size: Double?, _ isAllowed: (Double, Double) -> Bool) -> Bool {
      guard let size else { return true }
      return argument.number.map { isAllowed(size, $0) } ?? false
    }
    let elements = value.array.map { Double($0.count) }
    switch keyword {
    case "type": return (argument.array ?? [argument]).contains { value.isOf(type: $0.string ?? "") }
    case "const": return value == argument
    case "enum": return argument.array?.contains(value) ?? false
    case "pattern": return matches(value, argument)
    case "minimum": return compare(value.number, >=)
    case "maximum": return compare(value.number, <=)
    case "minItems": return compare(elements, >=)
    case "maxItems": return compare(elements, <=)
    case "maxLength": return compare(value.string.map { Double($0.unicodeScalars.count) }, <=)
    case "minProperties": return compare(value.object.map { Double($0.count) }, >=)
    case "uniqueItems":
      let items = value.array ?? []
      return items.indices.allSatisfy { !items[..<$0].contains(items[$0]) }
    default: return nil
    }
  }

  private func matches(_ value: JSONDocument, _ pattern: JSONDocument) -> Bool {
    guard let text = value.string else { return true }
    guard let pattern = pattern.string, let regex = patterns[pattern] ?? (try? Regex(pattern)) else {
      return false
    }
    patterns[pattern] = regex
    return text.firstMatch(of: regex) != nil
  }
}

extension JSONDocument {
  fileprivate func isOf(type: String) -> Bool {
    switch self {
    case .null: type == "null"
    case .bool: type == "boolean"
    case .number(let number): type == "number" || (type == "integer" && number == number.rounded())
    case .string: type == "string"
    case .array: type == "array"
    case .object: type == "object"
    }
  }
}
