import Foundation

/// A JSON value as Foundation reads it, so that the service's own writer is judged by another reader.
enum JSONDocument: Decodable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONDocument])
  case object([String: JSONDocument])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let bool = try? container.decode(Bool.self) {
      self = .bool(bool)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let string = try? container.decode(String.self) {
      self = .string(string)
    } else if let array = try? container.decode([JSONDocument].self) {
      self = .array(array)
    } else {
      self = .object(try container.decode([String: JSONDocument].self))
    }
  }

  init(_ text: some Sequence<UInt8>) throws {
    self = try JSONDecoder().decode(JSONDocument.self, from: Data(text))
  }

  /// The member of that name; nil if this is no object or has none.
  subscript(key: String) -> JSONDocument? { object?[key] }

  var object: [String: JSONDocument]? {
    if case .object(let members) = self { members } else { nil }
  }
  var array: [JSONDocument]? {
    if case .array(let elements) = self { elements } else { nil }
  }
  var string: String? {
    if case .string(let string) = self { string } else { nil }
  }
  var number: Double? {
    if case .number(let number) = self { number } else { nil }
  }

  /// JSON text.
  var text: String {
    switch self {
    case .null: "null"
    case .bool(let bool): "\(bool)"
    case .number(let number): Int(exactly: number).map(String.init) ?? "\(number)"
    case .string(let string): Self.quoted(string)
    case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { Self.quoted($0.key) + ":" + $0.value.text }.joined(separator: ",") + "}"
    }
  }

  private static func quoted(_ string: String) -> String {
    let escaped = string.unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case " "...: "\(scalar)"
      default:
        "\\u" + String(repeating: "0", count: scalar.value < 16 ? 3 : 2) + String(scalar.value, radix: 16)
      }
    }
    return "\"" + escaped.joined() + "\""
  }
}
