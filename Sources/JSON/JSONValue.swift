/// A parsed JSON value.
public enum JSONValue: Hashable, Sendable {
  /// `null`
  case null
  /// `true` or `false`
  case bool(Bool)
  /// A number as it was written.
  case number(JSONNumber)
  /// A string.
  case string(String)
  /// An array.
  case array([JSONValue])
  /// An object.
  case object(JSONObject)

  /// Parses a whole document. `depthLimit` is that of `JSONDocument`.
  public init(parsing bytes: [UInt8], depthLimit: Int = 64) throws(JSONError) {
    let document = try JSONDocument(parsing: bytes, depthLimit: depthLimit)
    self = document.value(0)
  }

  /// The value's type.
  public var type: JSONType {
    switch self {
    case .null: .null
    case .bool: .bool
    case .number: .number
    case .string: .string
    case .array: .array
    case .object: .object
    }
  }
}

/// The members of a JSON object in their order; no key stands twice.
public struct JSONObject: Hashable, Sendable {
  /// A key and its value.
  public struct Member: Hashable, Sendable {
    /// The key, unescaped.
    public let key: String
    /// The value.
    public let value: JSONValue
  }

  /// The members in the order of the document.
  public let members: [Member]

  /// The value of a key, or nil. Takes time in proportion to the number of members.
  public subscript(key: String) -> JSONValue? {
    members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }
}

extension JSONWriter {
  /// A parsed value, as it was read but for white space and the choice of escapes.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let value): bool(value)
    case .number(let number): raw(number.text.utf8)
    case .string(let text): string(text)
    case .array(let elements): array { writer in for element in elements { writer.value(element) } }
    case .object(let object):
      self.object { writer in
        for member in object.members {
          writer.key(named: member.key)
          writer.value(member.value)
        }
      }
    }
  }
}
