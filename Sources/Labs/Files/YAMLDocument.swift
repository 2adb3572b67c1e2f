import JSON
import Yams

/// A YAML document as JSON, which remembers where each value stood.
///
/// Plain scalars are read by the JSON schema of YAML 1.2, section 10.2; a hexadecimal word stays as it is written.
struct YAMLDocument: Sendable {
  /// The greatest number of values, so that aliases cannot multiply without end.
  static let valueLimit = 20_000
  /// How deep values may lie in each other.
  static let depthLimit = 32

  /// The place of a value.
  struct Place: Sendable {
    let line: Int
    let column: Int
    /// The value's text, if it stands in one piece on that line, so that its characters can be counted from there.
    let text: String?
  }

  let file: String
  private(set) var value = JSONValue.null
  private var places: [String: Place] = [:]
  private let lines: [Substring]

  init(_ text: String, file: String) throws(LabProblems) {
    self.file = file
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw LabProblems([Self.problem(error, file)])
    } catch {
      throw LabProblems([LabProblem(file: file, detail: "the file is not YAML")])
    }
    guard let root else {
      throw LabProblems([LabProblem(file: file, detail: "the file is empty")])
    }
    value = try convert(root, at: "", depth: 0)
  }

  /// A problem at the value that a JSON pointer names, or at the nearest that is there.
  ///
  /// - Parameter spot: a character of a text that was made of the value, with the text.
  func problem(_ detail: String, at pointer: String, spot: (offset: Int, text: String)? = nil) -> LabProblem {
    var pointer = pointer[...]
    while places[String(pointer)] == nil, let slash = pointer.lastIndex(of: "/") {
      pointer = pointer[..<slash]
    }
    let place = places[String(pointer)] ?? Place(line: 1, column: 1, text: nil)
    guard let (offset, text) = spot else { return LabProblem(file: file, line: place.line, detail: detail) }
    if let written = place.text, written.prefix(offset) == text.prefix(offset) {
      return LabProblem(file: file, line: place.line, column: place.column + offset, detail: detail)
    }
    let context = text.dropFirst(max(0, offset - 20)).prefix(40).split(whereSeparator: \.isNewline).joined(
      separator: " ")
    return LabProblem(file: file, line: place.line, detail: "near \u{201c}\(context)\u{201d}: \(detail)")
  }

  private mutating func convert(_ node: Node, at pointer: String, depth: Int) throws(LabProblems) -> JSONValue
  {
    let mark = (line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    guard depth <= Self.depthLimit, places.count < Self.valueLimit else {
      let detail = "the file has too many values, or they lie too deep in each other"
      throw LabProblems([LabProblem(file: file, line: mark.line, detail: detail)])
    }
    var place = Place(line: mark.line, column: mark.column, text: nil)
    defer { places[pointer] = place }
    switch node {
    case .scalar(let scalar):
      let quote = [.singleQuoted, .doubleQuoted].contains(scalar.style) ? 1 : 0
      let start =
        lines.indices.contains(mark.line - 1) ? lines[mark.line - 1].dropFirst(mark.column - 1 + quote) : ""
      place = Place(
        line: mark.line, column: mark.column + quote,
        text: start.hasPrefix(scalar.string) ? scalar.string : nil)
      return Self.value(of: scalar)
    case .sequence(let sequence):
      var elements: [JSONValue] = []
      for (index, element) in sequence.enumerated() {
        elements.append(try convert(element, at: JSONPointer.element(index, of: pointer), depth: depth + 1))
      }
      return .array(elements)
    case .mapping(let mapping):
      var members: [(key: String, value: JSONValue)] = []
      for (key, value) in mapping {
        guard case .scalar(let name) = key else {
          let detail = "a key must be a plain text"
          throw LabProblems([LabProblem(file: file, line: mark.line, detail: detail)])
        }
        let inner = JSONPointer.member(name.string, of: pointer)
        members.append((name.string, try convert(value, at: inner, depth: depth + 1)))
      }
      return .object(members)
    case .alias: return .null
    }
  }

  private static func value(of scalar: Node.Scalar) -> JSONValue {
    guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
    switch scalar.string {
    case "", "null", "~": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    case let text:
      guard let number = try? JSONValue(parsing: Array(text.utf8)), number.type == .number else {
        return .string(text)
      }
      return number
    }
  }

  private static func problem(_ error: YamlError, _ file: String) -> LabProblem {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return LabProblem(
        file: file, line: mark.line, column: mark.column,
        detail: "this is not YAML: \(problem). A text with \": \" or \" #\" in it needs quotation marks")
    case .duplicatedKeysInMapping(let duplicates, let context):
      return LabProblem(
        file: file, line: context.mark.line, column: nil,
        detail: "the key \"\(duplicates.map { "\($0)" }.joined(separator: "\", \""))\" stands twice")
    default:
      return LabProblem(file: file, detail: "this is not YAML: \(error)")
    }
  }
}
