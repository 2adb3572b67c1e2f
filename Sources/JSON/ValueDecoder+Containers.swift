struct DecodingObject<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let object: JSONObject
  /// The values by key, for objects in which a search would take long.
  private let index: [String: JSONValue]?
  let codingPath: [any CodingKey]

  init(object: JSONObject, codingPath: [any CodingKey]) {
    self.object = object
    self.codingPath = codingPath
    index =
      object.members.count <= 16
      ? nil : Dictionary(object.members.map { ($0.key, $0.value) }) { first, _ in first }
  }

  var allKeys: [Key] { object.members.compactMap { Key(stringValue: $0.key) } }

  func contains(_ key: Key) -> Bool {
    value(key.stringValue) != nil
  }

  func decodeNil(forKey key: Key) throws -> Bool {
    try node(key).value == .null
  }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try node(key).decode(type)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try node(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try node(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder {
    try node(TextKey.super)
  }

  func superDecoder(forKey key: Key) throws -> any Decoder {
    try node(key)
  }

  private func value(_ key: String) -> JSONValue? {
    if let index { index[key] } else { object[key] }
  }

  private func node(_ key: any CodingKey) throws -> DecodingNode {
    guard let value = value(key.stringValue) else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "The object has no such key."))
    }
    return DecodingNode(value: value, codingPath: codingPath + [key])
  }
}

struct DecodingArray: UnkeyedDecodingContainer {
  private let elements: [JSONValue]
  let codingPath: [any CodingKey]
  private(set) var currentIndex = 0

  init(elements: [JSONValue], codingPath: [any CodingKey]) {
    self.elements = elements
    self.codingPath = codingPath
  }

  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex == elements.count }

  mutating func decodeNil() throws -> Bool {
    let isNull = try next(JSONValue?.self).value == .null
    if isNull { currentIndex += 1 }
    return isNull
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let value = try next(type).decode(type)
    currentIndex += 1
    return value
  }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> {
    let container = try next(type).container(keyedBy: type)
    currentIndex += 1
    return container
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let container = try next([JSONValue].self).unkeyedContainer()
    currentIndex += 1
    return container
  }

  mutating func superDecoder() throws -> any Decoder {
    let node = try next(JSONValue.self)
    currentIndex += 1
    return node
  }

  private func next(_ type: Any.Type) throws -> DecodingNode {
    let path = codingPath + [IndexKey(index: currentIndex)]
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        type, .init(codingPath: path, debugDescription: "The array has no more elements."))
    }
    return DecodingNode(value: elements[currentIndex], codingPath: path)
  }
}

struct DecodingScalar: SingleValueDecodingContainer {
  let node: DecodingNode

  var codingPath: [any CodingKey] { node.codingPath }

  func decodeNil() -> Bool {
    node.value == .null
  }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try node.decode(type)
  }
}
