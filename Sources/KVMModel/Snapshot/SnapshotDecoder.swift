/// Reads what ``SnapshotEncoder`` wrote. Any bytes may come: what cannot be read throws.
final class SnapshotDecoder: Decoder {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }
  var isAtEnd: Bool { position == bytes.endIndex }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(Properties(decoder: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try Elements(decoder: self) }

  func singleValueContainer() -> any SingleValueDecodingContainer { Single(decoder: self) }

  fileprivate func read<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let scalar: (any Decodable)? =
      if type == UInt64.self {
        try integer()
      } else if type == UInt32.self {
        try narrow(UInt32.self)
      } else if type == UInt16.self {
        try narrow(UInt16.self)
      } else if type == UInt8.self {
        try byte()
      } else if type == Int.self {
        try signed()
      } else if type == Bool.self {
        try flag()
      } else if type == String.self {
        try string()
      } else {
        nil
      }
    if let scalar = scalar as? Value { return scalar }
    return try Value(from: self)
  }

  private func byte() throws -> UInt8 {
    guard position < bytes.endIndex else { throw DecodingError.corrupt("The snapshot ends too early.") }
    defer { position += 1 }
    return bytes[position]
  }

  fileprivate func integer() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let byte = try byte()
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw DecodingError.corrupt("An integer has more than 64 bits.")
  }

  private func narrow<Integer: FixedWidthInteger>(_ type: Integer.Type) throws -> Integer {
    guard let value = Integer(exactly: try integer()) else {
      throw DecodingError.corrupt("An integer has more than \(Integer.bitWidth) bits.")
    }
    return value
  }

  private func signed() throws -> Int {
    let word = try integer()
    return Int(Int64(bitPattern: word >> 1) ^ -Int64(word & 1))
  }

  private func flag() throws -> Bool {
    let byte = try byte()
    guard byte <= 1 else { throw DecodingError.corrupt("A flag is neither 0 nor 1.") }
    return byte == 1
  }

  private func string() throws -> String {
    let count = try integer()
    guard count <= bytes.endIndex - position else { throw DecodingError.corrupt("A string ends too early.") }
    let end = position + Int(count)
    defer { position = end }
    return String(decoding: bytes[position..<end], as: UTF8.self)
  }

  private struct Properties<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: SnapshotDecoder
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool { true }

    func decodeNil(forKey key: Key) -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
      try decoder.read(type)
    }

    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoder.integer() }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
      try decoder.flag() ? try decoder.read(type) : nil
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key)
      -> KeyedDecodingContainer<Nested>
    { decoder.container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      try decoder.unkeyedContainer()
    }

    func superDecoder() -> any Decoder { decoder }

    func superDecoder(forKey key: Key) -> any Decoder { decoder }
  }

  private struct Elements: UnkeyedDecodingContainer {
    let decoder: SnapshotDecoder
    let count: Int?
    private let total: Int
    private(set) var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var isAtEnd: Bool { currentIndex == total }

    init(decoder: SnapshotDecoder) throws {
      self.decoder = decoder
      total = try (0..<4).reduce(0) { count, place in count | Int(try decoder.byte()) << (8 * place) }
      // Each element takes a byte at least, so that no count asks for more memory than there are bytes.
      guard total <= decoder.bytes.endIndex - decoder.position else {
        throw DecodingError.corrupt("There are fewer elements than announced.")
      }
      count = total
    }

    private mutating func advance() throws {
      guard !isAtEnd else { throw DecodingError.corrupt("There are fewer elements than expected.") }
      currentIndex += 1
    }

    mutating func decodeNil() -> Bool { false }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
      try advance()
      return try decoder.read(type)
    }

    mutating func decode(_ type: UInt64.Type) throws -> UInt64 {
      try advance()
      return try decoder.integer()
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws
      -> KeyedDecodingContainer<Nested>
    {
      try advance()
      return decoder.container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
      try advance()
      return try decoder.unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder {
      try advance()
      return decoder
    }
  }

  private struct Single: SingleValueDecodingContainer {
    let decoder: SnapshotDecoder
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.read(type) }

    func decode(_ type: UInt64.Type) throws -> UInt64 { try decoder.integer() }
  }
}

extension DecodingError {
  /// What was read is no state that a machine can be in.
  static func corrupt(_ reason: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: [], debugDescription: reason))
  }
}
