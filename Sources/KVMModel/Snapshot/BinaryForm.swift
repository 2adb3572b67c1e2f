/// Values as bytes, and back: without names and with a checksum, for what the same program reads again.
public enum BinaryForm {
  /// A value as bytes.
  ///
  /// - Throws: what the value throws as it encodes itself; never for a machine as operations leave it.
  public static func bytes(of value: some Encodable) throws -> [UInt8] {
    let encoder = SnapshotEncoder()
    try value.encode(to: encoder)
    let checksum = checksum(encoder.bytes[...])
    return encoder.bytes + (0..<8).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
  }

  /// The value of bytes that ``bytes(of:)`` made.
  ///
  /// - Throws: `DecodingError` if the bytes are of another type or were changed, or hold what no such value can hold.
  public static func value<Value: Decodable>(_ type: Value.Type, of bytes: [UInt8]) throws -> Value {
    let content = bytes.dropLast(8)
    let checksum = bytes.suffix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard bytes.count > 8, checksum == Self.checksum(content) else {
      throw DecodingError.corrupt("The checksum is another one.")
    }
    let decoder = SnapshotDecoder(content)
    let value = try Value(from: decoder)
    guard decoder.isAtEnd else { throw DecodingError.corrupt("Bytes are left.") }
    return value
  }

  /// FNV-1a with 64 bits: for damage, not for forgery.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
