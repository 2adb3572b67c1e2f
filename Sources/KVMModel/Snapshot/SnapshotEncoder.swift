/// Writes values one after the other, without names: a reader has to read the same types in the same order, as
/// synthesised code does.
///
/// An integer is a variable-length one (LEB128; signed ones zigzag), a string or an array has its count before it, and
/// an optional property a byte that tells whether there is a value.
final class SnapshotEncoder: Encoder {
  private(set) var bytes: [UInt8] = []

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(Properties(encoder: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer { Elements(encoder: self) }

  func singleValueContainer() -> any SingleValueEncodingContainer { Single(encoder: self) }

  /// Writes a scalar, or lets the value write itself. Only a scalar is worth a cast.
  fileprivate func write<Value: Encodable>(_ value: Value) throws {
    let type: Any.Type = Value.self
    if type == UInt64.self, let value = value as? UInt64 {
      write(integer: value)
    } else if type == UInt32.self, let value = value as? UInt32 {
      write(integer: UInt64(value))
    } else if type == UInt16.self, let value = value as? UInt16 {
      write(integer: UInt64(value))
    } else if type == UInt8.self, let value = value as? UInt8 {
      bytes.append(value)
    } else if type == Int.self, let value = value as? Int {
      write(integer: UInt64(bitPattern: Int64(value << 1 ^ value >> (Int.bitWidth - 1))))
    } else if type == Bool.self, let value = value as? Bool {
      bytes.append(value ? 1 : 0)
    } else if type == String.self, let value = value as? String {
      write(integer: UInt64(value.utf8.count))
      bytes.append(contentsOf: value.utf8)
    } else {
      try value.encode(to: self)
    }
  }

  fileprivate func write(integer: UInt64) {
    var rest = integer
    while rest > 0x7f {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private func refusal(_ value: Any) -> EncodingError {
    .invalidValue(value, .init(codingPath: [], debugDescription: "A snapshot has no null."))
  }

  private struct Properties<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: SnapshotEncoder
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) throws { throw encoder.refusal(key) }

    func encode(_ value: some Encodable, forKey key: Key) throws { try encoder.write(value) }

    func encode(_ value: UInt64, forKey key: Key) { encoder.write(integer: value) }

    func encodeIfPresent(_ value: (some Encodable)?, forKey key: Key) throws {
      try encoder.write(value != nil)
      if let value { try encoder.write(value) }
    }

    func nestedContainer<Nested: CodingKey>(keyedBy keyType: Nested.Type, forKey key: Key)
      -> KeyedEncodingContainer<Nested>
    { encoder.container(keyedBy: keyType) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      encoder.unkeyedContainer()
    }

    func superEncoder() -> any Encoder { encoder }

    func superEncoder(forKey key: Key) -> any Encoder { encoder }
  }

  /// The count takes four bytes, which are put right with each element.
  private struct Elements: UnkeyedEncodingContainer {
    let encoder: SnapshotEncoder
    private let start: Int
    private(set) var count = 0
    var codingPath: [any CodingKey] { [] }

    init(encoder: SnapshotEncoder) {
      self.encoder = encoder
      start = encoder.bytes.count
      encoder.bytes.append(contentsOf: repeatElement(0, count: 4))
    }

    mutating func encodeNil() throws { throw encoder.refusal(count) }

    mutating func encode(_ value: some Encodable) throws {
      add()
      try encoder.write(value)
    }

    mutating func encode(_ value: UInt64) {
      add()
      encoder.write(integer: value)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy keyType: Nested.Type) -> KeyedEncodingContainer<
      Nested
    > {
      add()
      return encoder.container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
      add()
      return encoder.unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder {
      add()
      return encoder
    }

    private mutating func add() {
      count += 1
      for byte in 0..<4 { encoder.bytes[start + byte] = UInt8(truncatingIfNeeded: count >> (8 * byte)) }
    }
  }

  private struct Single: SingleValueEncodingContainer {
    let encoder: SnapshotEncoder
    var codingPath: [any CodingKey] { [] }

    func encodeNil() throws { throw encoder.refusal(()) }

    func encode(_ value: some Encodable) throws { try encoder.write(value) }

    func encode(_ value: UInt64) { encoder.write(integer: value) }
  }
}
