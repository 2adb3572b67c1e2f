/// Decodes ordinary `Decodable` types from JSON.
///
/// Numbers are never rounded into integers. Unknown keys are passed over, as is usual with `Decodable`; `ObjectDecoder`
/// refuses them.
public struct ValueDecoder: Sendable {
  /// The greatest number of arrays and objects in each other.
  public let depthLimit: Int

  /// A decoder for documents up to this depth, that of `JSONDocument`.
  public init(depthLimit: Int = 64) {
    self.depthLimit = depthLimit
  }

  /// Decodes a JSON document; throws `JSONError` if it is malformed and `DecodingError` if it is of another shape.
  public func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
    try decode(type, from: JSONValue(parsing: bytes, depthLimit: depthLimit))
  }

  /// Decodes a parsed value.
  public func decode<Value: Decodable>(_ type: Value.Type, from value: JSONValue) throws -> Value {
    try DecodingNode(value: value, codingPath: []).decode(type)
  }
}

/// A value to be decoded, at its place.
struct DecodingNode: Decoder {
  let value: JSONValue
  let codingPath: [any CodingKey]

  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .object(let object) = value else { throw mismatch([String: JSONValue].self) }
    return KeyedDecodingContainer(DecodingObject<Key>(object: object, codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let elements) = value else { throw mismatch([JSONValue].self) }
    return DecodingArray(elements: elements, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer {
    DecodingScalar(node: self)
  }

  /// Decodes the value; the common types without a call of their `init(from:)`.
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let decoded: Any?
    switch type {
    case is String.Type:
      guard case .string(let string) = value else { throw mismatch(type) }
      decoded = string
    case is Bool.Type:
      guard case .bool(let bool) = value else { throw mismatch(type) }
      decoded = bool
    case is Double.Type: decoded = try number(type).double
    case is Float.Type: decoded = try number(type).double.map(Float.init).flatMap { $0.isFinite ? $0 : nil }
    case let type as any BinaryInteger.Type:
      decoded = try number(type).integer.flatMap { type.init(exactly: $0) }
    default: return try type.init(from: self)
    }
    guard let decoded = decoded as? Value else { throw corrupted("The number does not fit \(type).") }
    return decoded
  }

  private func number(_ type: Any.Type) throws -> JSONNumber {
    guard case .number(let number) = value else { throw mismatch(type) }
    return number
  }

  private func mismatch(_ type: Any.Type) -> DecodingError {
    .typeMismatch(type, .init(codingPath: codingPath, debugDescription: "Found \(value.type.phrase)."))
  }

  private func corrupted(_ reason: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: codingPath, debugDescription: reason))
  }
}
