/// Appends a JSON document (RFC 8259) to a byte buffer, one token at a time.
///
/// The writer puts the commas; nesting is the caller's, and is not checked: each `begin` needs its `end`, and each
/// value in an object needs its key.
///
///     var writer = JSONWriter()
///     writer.object { writer in
///       writer.member("level", 4)
///       writer.member("cr3", hex: 0x1000)
///     }
///     let body = writer.finish()
public struct JSONWriter: ~Copyable {
  @usableFromInline var buffer: [UInt8]
  @usableFromInline var needsComma = false

  /// A writer that appends to `buffer`, so that a buffer can be used again or already hold other bytes.
  @inlinable
  public init(appendingTo buffer: consuming [UInt8] = []) {
    self.buffer = buffer
  }

  /// How many bytes the buffer has so far.
  public var count: Int { buffer.count }

  /// Ends the document and gives back the buffer.
  @inlinable
  public consuming func finish() -> [UInt8] {
    buffer
  }

  /// Makes room for `count` bytes in all.
  @inlinable
  public mutating func reserveCapacity(_ count: Int) {
    buffer.reserveCapacity(count)
  }
}

// MARK: Structure

extension JSONWriter {
  /// Begins an object.
  @inlinable
  public mutating func beginObject() {
    separate()
    buffer.append(UInt8(ascii: "{"))
    needsComma = false
  }

  /// Ends the innermost object.
  @inlinable
  public mutating func endObject() {
    buffer.append(UInt8(ascii: "}"))
    needsComma = true
  }

  /// Begins an array.
  @inlinable
  public mutating func beginArray() {
    separate()
    buffer.append(UInt8(ascii: "["))
    needsComma = false
  }

  /// Ends the innermost array.
  @inlinable
  public mutating func endArray() {
    buffer.append(UInt8(ascii: "]"))
    needsComma = true
  }

  /// An object whose members `body` writes.
  @inlinable
  public mutating func object<Failure: Error>(
    _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    beginObject()
    try body(&self)
    endObject()
  }

  /// An array whose elements `body` writes.
  @inlinable
  public mutating func array<Failure: Error>(
    _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    beginArray()
    try body(&self)
    endArray()
  }

  /// The key of the next member. A literal that needs no escaping: no quotation mark, backslash or control character.
  @inlinable
  public mutating func key(_ name: StaticString) {
    separate()
    buffer.append(UInt8(ascii: "\""))
    append(name)
    buffer.append(UInt8(ascii: "\""))
    buffer.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// The key of the next member, any text.
  @inlinable
  public mutating func key(named name: String) {
    string(name)
    buffer.append(UInt8(ascii: ":"))
    needsComma = false
  }

  @inlinable
  mutating func separate() {
    if needsComma { buffer.append(UInt8(ascii: ",")) }
    needsComma = true
  }
}

// MARK: Values

extension JSONWriter {
  /// `null`.
  @inlinable
  public mutating func null() {
    separate()
    append("null")
  }

  /// `true` or `false`.
  @inlinable
  public mutating func bool(_ value: Bool) {
    separate()
    append(value ? "true" : "false")
  }

  /// `true`, `false` or `null`.
  @inlinable
  public mutating func bool(_ value: Bool?) {
    if let value { bool(value) } else { null() }
  }

  /// An integer in decimal. Beyond ±(2^53 - 1) many readers round it (RFC 7493, section 2.2): use `hex` there.
  @inlinable
  public mutating func integer(_ value: Int) {
    separate()
    if value < 0 { buffer.append(UInt8(ascii: "-")) }
    decimal(value.magnitude)
  }

  /// An integer in decimal, or `null`.
  @inlinable
  public mutating func integer(_ value: Int?) {
    if let value { integer(value) } else { null() }
  }

  /// A word of up to 64 bits as a string: `"0x"` and lower-case hexadecimal without leading zeros, `"0x0"` for zero.
  @inlinable
  public mutating func hex(_ value: UInt64) {
    separate()
    hexadecimal(value)
  }

  /// A word as a hexadecimal string, or `null`.
  @inlinable
  public mutating func hex(_ value: UInt64?) {
    if let value { hex(value) } else { null() }
  }

  /// A string, escaped where RFC 8259, section 7, asks for it and nowhere else.
  @inlinable
  public mutating func string(_ value: String) {
    separate()
    buffer.append(UInt8(ascii: "\""))
    let start = buffer.count
    var value = value
    value.withUTF8 { unsafe buffer.append(contentsOf: $0) }
    if Self.needsEscape(buffer, from: start) { escape(from: start) }
    buffer.append(UInt8(ascii: "\""))
  }

  /// A string, or `null`.
  @inlinable
  public mutating func string(_ value: String?) {
    if let value { string(value) } else { null() }
  }

  /// A number, or `null` where JSON has none: infinities and NaN.
  public mutating func double(_ value: Double) {
    guard value.isFinite else { return null() }
    separate()
    buffer.append(contentsOf: value.description.utf8)
  }

  /// A complete JSON text that was written before, taken as it is.
  @inlinable
  public mutating func raw(_ json: some Sequence<UInt8>) {
    separate()
    buffer.append(contentsOf: json)
  }
}

// MARK: Members

extension JSONWriter {
  /// A key and a Boolean or `null`.
  @inlinable
  public mutating func member(_ name: StaticString, _ value: Bool?) {
    key(name)
    bool(value)
  }

  /// A key and an integer or `null`.
  @inlinable
  public mutating func member(_ name: StaticString, _ value: Int?) {
    key(name)
    integer(value)
  }

  /// A key and a string or `null`.
  @inlinable
  public mutating func member(_ name: StaticString, _ value: String?) {
    key(name)
    string(value)
  }

  /// A key and a hexadecimal word or `null`.
  @inlinable
  public mutating func member(_ name: StaticString, hex value: UInt64?) {
    key(name)
    hex(value)
  }
}

// MARK: Bytes

extension JSONWriter {
  @inlinable
  mutating func append(_ literal: StaticString) {
    // A literal's bytes are immortal, and lie in one piece only in this unsafe view.
    literal.withUTF8Buffer { unsafe buffer.append(contentsOf: $0) }
  }

  @usableFromInline
  mutating func decimal(_ value: UInt) {
    let start = buffer.count
    var rest = value
    repeat {
      buffer.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    var (low, high) = (start, buffer.count - 1)
    while low < high {
      buffer.swapAt(low, high)
      (low, high) = (low + 1, high - 1)
    }
  }

  @usableFromInline
  mutating func hexadecimal(_ value: UInt64) {
    buffer.append(addingCapacity: 20) { bytes in
      bytes.append(UInt8(ascii: "\""))
      bytes.append(UInt8(ascii: "0"))
      bytes.append(UInt8(ascii: "x"))
      var shift = (63 - (value | 1).leadingZeroBitCount) & ~3
      while shift >= 0 {
        bytes.append(Self.digit(UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 0xf))
        shift -= 4
      }
      bytes.append(UInt8(ascii: "\""))
    }
  }

  static func digit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") - 10 + nibble
  }

  @usableFromInline
  static func needsEscape(_ bytes: [UInt8], from start: Int) -> Bool {
    let text = bytes.span.extracting(start...)
    var found: UInt8 = 0
    for index in text.indices {
      let byte = text[index]
      found |= byte < 0x20 ? 1 : 0
      found |= byte == UInt8(ascii: "\"") ? 1 : 0
      found |= byte == UInt8(ascii: "\\") ? 1 : 0
    }
    return found != 0
  }

  /// Escapes what was appended since `start`.
  @usableFromInline
  mutating func escape(from start: Int) {
    let plain = Array(buffer[start...])
    buffer.removeSubrange(start...)
    for byte in plain {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): escape(byte)
      case 0x08: escape(UInt8(ascii: "b"))
      case 0x09: escape(UInt8(ascii: "t"))
      case 0x0a: escape(UInt8(ascii: "n"))
      case 0x0c: escape(UInt8(ascii: "f"))
      case 0x0d: escape(UInt8(ascii: "r"))
      case ..<0x20:
        buffer.append(contentsOf: "\\u00".utf8)
        buffer.append(Self.digit(byte >> 4))
        buffer.append(Self.digit(byte & 0xf))
      default: buffer.append(byte)
      }
    }
  }

  private mutating func escape(_ letter: UInt8) {
    buffer.append(UInt8(ascii: "\\"))
    buffer.append(letter)
  }
}
