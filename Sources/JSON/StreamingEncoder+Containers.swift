extension EncodingNode {
  /// Opens a slot in the container that this node's slot holds.
  func openSlot(_ key: (any CodingKey)?) throws -> EncodingNode {
    let slot = try stream.openSlot(
      in: slot, depth: depth + 1, key: isObject == true ? key?.stringValue : nil, path: codingPath)
    return EncodingNode(stream: stream, slot: slot, depth: depth + 1, parent: self, key: key)
  }

  /// As `openSlot`, where the protocol lets nothing be thrown: after misuse, a slot that takes nothing.
  func openNode(_ key: (any CodingKey)?) -> EncodingNode {
    do {
      return try openSlot(key)
    } catch {
      stream.fail(stream.misuse(codingPath))
      return EncodingNode(stream: stream, slot: 0, depth: depth + 1, parent: self, key: key)
    }
  }

  /// Writes this slot's value; the common types without a call of their `encode(to:)`.
  func encode(_ value: some Encodable) throws {
    switch value {
    case let value as String: try write { $0.string(value) }
    case let value as Bool: try write { $0.bool(value) }
    case let value as any BinaryInteger:
      guard let integer = Int(exactly: value), JSONNumber.integers.contains(integer) else {
        throw refusal(value, "The integer is beyond ±(2^53 - 1).")
      }
      try write { $0.integer(integer) }
    case let value as Double:
      guard value.isFinite else { throw refusal(value, "JSON has no such number.") }
      try write { $0.double(value) }
    case let value as Float:
      guard value.isFinite else { throw refusal(value, "JSON has no such number.") }
      try write { $0.raw(value.description.utf8) }
    default: try stream.fill(slot, with: value, in: self)
    }
  }

  func write(_ write: (inout JSONWriter) -> Void) throws {
    try stream.fill(slot, path: codingPath, write)
  }

  private func refusal(_ value: Any, _ reason: String) -> EncodingError {
    .invalidValue(value, .init(codingPath: codingPath, debugDescription: reason))
  }
}

struct EncodingObject<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: EncodingNode

  var codingPath: [any CodingKey] { node.codingPath }

  func encodeNil(forKey key: Key) throws {
    try node.openSlot(key).write { $0.null() }
  }

  func encode(_ value: some Encodable, forKey key: Key) throws {
    try node.openSlot(key).encode(value)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type, forKey key: Key
  ) -> KeyedEncodingContainer<NestedKey> {
    node.openNode(key).container(keyedBy: keyType)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    node.openNode(key).unkeyedContainer()
  }

  func superEncoder() -> any Encoder {
    node.openNode(TextKey.super)
  }

  func superEncoder(forKey key: Key) -> any Encoder {
    node.openNode(key)
  }
}

struct EncodingArray: UnkeyedEncodingContainer {
  let node: EncodingNode
  private(set) var count = 0

  init(node: EncodingNode) {
    self.node = node
  }

  var codingPath: [any CodingKey] { node.codingPath }

  mutating func encodeNil() throws {
    try node.openSlot(nextKey()).write { $0.null() }
  }

  mutating func encode(_ value: some Encodable) throws {
    try node.openSlot(nextKey()).encode(value)
  }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type
  ) -> KeyedEncodingContainer<NestedKey> {
    node.openNode(nextKey()).container(keyedBy: keyType)
  }

  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    node.openNode(nextKey()).unkeyedContainer()
  }

  mutating func superEncoder() -> any Encoder {
    node.openNode(nextKey())
  }

  private mutating func nextKey() -> IndexKey {
    defer { count += 1 }
    return IndexKey(index: count)
  }
}

struct EncodingScalar: SingleValueEncodingContainer {
  let node: EncodingNode

  var codingPath: [any CodingKey] { node.codingPath }

  func encodeNil() throws {
    try node.write { $0.null() }
  }

  func encode(_ value: some Encodable) throws {
    try node.encode(value)
  }
}
