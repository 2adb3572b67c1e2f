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
  @usableFromInline var buffer: ByteBuffer
  @usableFromInline var needsComma = false

  /// A writer with room for `capacity` bytes, which grows as it must.
  @inlinable
  public init(capacity: Int = 256) {
    buffer = ByteBuffer(capacity: capacity)
  }

  init(buffer: consuming ByteBuffer) { self.buffer = buffer }

  /// The document that `write` writes, which is quickest if `capacity` is enough bytes for it.
  @inlinable
  public static func document(capacity: Int = 256, _ write: (inout JSONWriter) -> Void) -> [UInt8] {
    ByteBuffer.bytes(capacity: capacity, write)
  }

  /// How many bytes have been written so far.
  @inlinable
  public var count: Int { buffer.count }

  /// Ends the document and gives its bytes.
  @inlinable
  public consuming func finish() -> [UInt8] {
    buffer.bytes
  }
}

// MARK: Structure

extension JSONWriter {
  /// Begins an object.
  @inlinable @inline(__always)
  public mutating func beginObject() {
    buffer.append(UInt8(ascii: "{"), afterComma: needsComma)
    needsComma = false
  }

  /// Ends the innermost object.
  @inlinable @inline(__always)
  public mutating func endObject() {
    buffer.append(UInt8(ascii: "}"), afterComma: false)
    needsComma = true
  }

  /// Begins an array.
  @inlinable @inline(__always)
  public mutating func beginArray() {
    buffer.append(UInt8(ascii: "["), afterComma: needsComma)
    needsComma = false
  }

  /// Ends the innermost array.
  @inlinable @inline(__always)
  public mutating func endArray() {
    buffer.append(UInt8(ascii: "]"), afterComma: false)
    needsComma = true
  }

  /// An object whose members `body` writes.
  @inlinable @inline(__always)
  public mutating func object<Failure: Error>(
    _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    beginObject()
    try body(&self)
    endObject()
  }

  /// An array whose elements `body` writes.
  @inlinable @inline(__always)
  public mutating func array<Failure: Error>(
    _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    beginArray()
    try body(&self)
    endArray()
  }

  /// The key of the next member. A literal that needs no escaping: no quotation mark, backslash or control character.
  @inlinable @inline(__always)
  public mutating func key(_ name: StaticString) {
    buffer.append(key: name, afterComma: needsComma)
    needsComma = false
  }

  /// The beginning of an object, all of it known in the program, up to the first value that is not: `{"path":`.
  @inlinable @inline(__always)
  public mutating func beginObject(_ json: StaticString) {
    buffer.append(json, afterComma: needsComma)
    needsComma = false
  }

  /// The key of the next member, any text.
  @inlinable
  public mutating func key(named name: String) {
    string(name)
    buffer.append(UInt8(ascii: ":"), afterComma: false)
    needsComma = false
  }
}

// MARK: Values

extension JSONWriter {
  /// `null`.
  @inlinable @inline(__always)
  public mutating func null() {
    raw("null")
  }

  /// `true` or `false`.
  @inlinable @inline(__always)
  public mutating func bool(_ value: Bool) {
    if value { raw("true") } else { raw("false") }
  }

  /// `true`, `false` or `null`.
  @inlinable @inline(__always)
  public mutating func bool(_ value: Bool?) {
    if let value { bool(value) } else { null() }
  }

  /// An integer in decimal. Beyond ±(2^53 - 1) many readers round it (RFC 7493, section 2.2): use `hex` there.
  @inlinable @inline(__always)
  public mutating func integer(_ value: Int) {
    buffer.append(decimal: value, afterComma: needsComma)
    needsComma = true
  }

  /// An integer in decimal, or `null`.
  @inlinable @inline(__always)
  public mutating func integer(_ value: Int?) {
    if let value { integer(value) } else { null() }
  }

  /// A word of up to 64 bits as a string: `"0x"` and lower-case hexadecimal without leading zeros, `"0x0"` for zero.
  @inlinable @inline(__always)
  public mutating func hex(_ value: UInt64) {
    buffer.append(hexadecimal: value, afterComma: needsComma)
    needsComma = true
  }

  /// A word as a hexadecimal string, or `null`.
  @inlinable @inline(__always)
  public mutating func hex(_ value: UInt64?) {
    if let value { hex(value) } else { null() }
  }

  /// Sixteen bytes as a string of 32 hexadecimal digits, two for each byte from the lowest of `first` on.
  @inlinable @inline(__always)
  public mutating func hex(bytes first: UInt64, _ second: UInt64) {
    buffer.append(hexadecimal: first, second, afterComma: needsComma)
    needsComma = true
  }

  /// A string, escaped where RFC 8259, section 7, asks for it and nowhere else.
  @inlinable @inline(__always)
  public mutating func string(_ value: String) {
    buffer.append(text: value, afterComma: needsComma)
    needsComma = true
  }

  /// A string, or `null`.
  @inlinable @inline(__always)
  public mutating func string(_ value: String?) {
    if let value { string(value) } else { null() }
  }

  /// A string that is a literal and needs no escaping, as a key's.
  @inlinable @inline(__always)
  public mutating func string(literal value: StaticString) {
    buffer.append(quoted: value, afterComma: needsComma)
    needsComma = true
  }

  /// A string of which these are the bytes, which must be UTF-8.
  @inlinable @inline(__always)
  public mutating func string(utf8 bytes: Span<UInt8>) {
    buffer.append(text: bytes, afterComma: needsComma)
    needsComma = true
  }

  /// A string of at most `capacity` bytes that `write` writes in place: UTF-8 that needs no escaping, as a literal's.
  @inlinable @inline(__always)
  public mutating func string(capacity: Int, _ write: (inout OutputSpan<UInt8>) -> Void) {
    buffer.append(quotedInPlace: capacity, afterComma: needsComma, write)
    needsComma = true
  }

  /// A number, or `null` where JSON has none: infinities and NaN.
  public mutating func double(_ value: Double) {
    guard value.isFinite else { return null() }
    raw(value.description.utf8)
  }

  /// A complete JSON text that was written before, taken as it is; or several members or elements, with commas between.
  @inlinable @inline(__always)
  public mutating func raw(_ json: Span<UInt8>) {
    buffer.append(json, afterComma: needsComma)
    needsComma = true
  }

  /// A complete JSON text that was written before, taken as it is.
  @inlinable
  public mutating func raw(_ json: some Sequence<UInt8>) {
    raw(Array(json).span)
  }

  /// A complete JSON text, written in the program.
  @inlinable @inline(__always)
  public mutating func raw(_ json: StaticString) {
    buffer.append(json, afterComma: needsComma)
    needsComma = true
  }
}

// MARK: Members

extension JSONWriter {
  /// A key and a Boolean or `null`.
  @inlinable @inline(__always)
  public mutating func member(_ name: StaticString, _ value: Bool?) {
    key(name)
    bool(value)
  }

  /// A key and an integer or `null`.
  @inlinable @inline(__always)
  public mutating func member(_ name: StaticString, _ value: Int?) {
    key(name)
    integer(value)
  }

  /// A key and a string or `null`.
  @inlinable @inline(__always)
  public mutating func member(_ name: StaticString, _ value: String?) {
    key(name)
    string(value)
  }

  /// A key and a string that is a literal and needs no escaping.
  @inlinable @inline(__always)
  public mutating func member(_ name: StaticString, literal value: StaticString) {
    key(name)
    string(literal: value)
  }

  /// A key and a hexadecimal word or `null`.
  @inlinable @inline(__always)
  public mutating func member(_ name: StaticString, hex value: UInt64?) {
    key(name)
    hex(value)
  }
}
