/// Reads a JSON document (RFC 8259) from bytes, one value at a time, in the order of the document.
///
/// No input makes it trap. It refuses what RFC 8259 leaves open: a byte order mark, a key that stands twice in an object
/// (equal as Unicode text), lone surrogates, integers beyond ±(2^53 - 1), and nesting beyond the limit.
///
///     var reader = JSONReader(body)
///     try reader.beginObject()
///     while let key = try reader.nextKey() {
///       switch key {
///       case "register": register = try reader.string()
///       default: try reader.skip()
///       }
///     }
///     try reader.finish()
///
/// After an error the reader has no further use.
public struct JSONReader {
  let bytes: [UInt8]
  var position = 0
  private let depthLimit: Int
  /// The innermost open array or object, or the document.
  private var frame = Frame(closing: 0, firstKey: 0)
  /// Those around it, outermost first.
  private var outer: [Frame] = []
  /// The keys of all open objects, outermost first.
  private var keys: [Token] = []
  /// All keys of those open objects that have too many to compare one by one, outermost first.
  private var seen: [Set<String>] = []

  /// An open array or object, or the document.
  private struct Frame {
    /// The bracket at its end; 0 for the document.
    let closing: UInt8
    /// Where its keys begin in `keys`.
    let firstKey: Int
    /// How many members or elements have begun.
    var count = 0
    /// Whether the reader is in the last of them, rather than between two.
    var isInside = false
    /// Whether it has a set of its keys.
    var hasSet = false

    var isObject: Bool { closing == UInt8(ascii: "}") }
  }

  private static let keysComparedOneByOne = 16

  /// A reader of one document. `depthLimit` is the greatest number of arrays and objects in each other, 0 to 512.
  public init(_ bytes: [UInt8], depthLimit: Int = 64) {
    self.bytes = bytes
    self.depthLimit = min(max(depthLimit, 0), 512)
    outer.reserveCapacity(4)
    keys.reserveCapacity(8)
  }

  /// A reader of one document in a slice; offsets in errors count from the slice's start.
  public init(_ bytes: ArraySlice<UInt8>, depthLimit: Int = 64) {
    self.init(Array(bytes), depthLimit: depthLimit)
  }
}

// MARK: Structure

extension JSONReader {
  /// The type of the next value, which stays unread.
  public mutating func peek() throws(JSONError) -> JSONType {
    switch try nextByte() {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default:
      throw error(bytes.starts(with: [0xef, 0xbb, 0xbf]) && position == 0 ? .byteOrderMark : .expectedValue)
    }
  }

  /// Enters an object, whose members `nextKey` then gives.
  public mutating func beginObject() throws(JSONError) {
    try begin(.object)
  }

  /// The key of the next member of the innermost object, or nil after its end. The member's value must be read or skipped
  /// before the next call.
  public mutating func nextKey() throws(JSONError) -> String? {
    guard let token = try nextKeyToken() else { return nil }
    return Self.text(of: token, in: bytes)
  }

  mutating func nextKeyToken() throws(JSONError) -> Token? {
    guard try advance(closing: UInt8(ascii: "}")) else { return nil }
    guard try nextByte() == UInt8(ascii: "\"") else { throw error(.expectedKey) }
    let start = position
    let key = try stringToken()
    let isNew = record(key)
    keys.append(key)
    frame.isInside = true
    guard isNew else { throw error(.duplicateKey, at: start) }
    guard try nextByte() == UInt8(ascii: ":") else { throw error(.expectedColon) }
    position += 1
    return key
  }

  /// Enters an array, whose elements `nextElement` then announces.
  public mutating func beginArray() throws(JSONError) {
    try begin(.array)
  }

  /// Whether the innermost array has another element, which must be read or skipped before the next call; false after its
  /// end.
  public mutating func nextElement() throws(JSONError) -> Bool {
    guard try advance(closing: UInt8(ascii: "]")) else { return false }
    frame.isInside = true
    return true
  }

  /// Checks that the document has ended.
  public mutating func finish() throws(JSONError) {
    skipWhitespace()
    guard position == bytes.count else { throw error(.trailingBytes) }
  }

  private mutating func begin(_ type: JSONType) throws(JSONError) {
    try expect(type)
    guard outer.count < depthLimit else { throw error(.tooDeep) }
    outer.append(frame)
    frame = Frame(closing: UInt8(ascii: type == .object ? "}" : "]"), firstKey: keys.count)
    position += 1
  }

  /// Goes to the next member or element of the innermost frame; false if its end came, which is then left.
  private mutating func advance(closing: UInt8) throws(JSONError) -> Bool {
    guard frame.closing == closing else { throw error(.expectedValue) }
    frame.isInside = false
    let byte = try nextByte()
    if byte == closing {
      if frame.isObject { keys.removeLast(keys.count - frame.firstKey) }
      if frame.hasSet { seen.removeLast() }
      frame = outer.removeLast()
      position += 1
      return false
    }
    if frame.count > 0 {
      guard byte == UInt8(ascii: ",") else { throw error(.expectedCommaOrEnd) }
      position += 1
    }
    frame.count += 1
    return true
  }

  /// Whether the innermost object did not have this key before.
  private mutating func record(_ key: Token) -> Bool {
    let firstKey = frame.firstKey
    guard keys.count - firstKey >= Self.keysComparedOneByOne else {
      for index in firstKey..<keys.count where isEqual(keys[index], key) { return false }
      return true
    }
    if !frame.hasSet {
      seen.append(Set(keys[firstKey...].map { Self.text(of: $0, in: bytes) }))
      frame.hasSet = true
    }
    return seen[seen.count - 1].insert(Self.text(of: key, in: bytes)).inserted
  }

  /// Whether two strings are equal as Unicode text.
  private func isEqual(_ first: Token, _ second: Token) -> Bool {
    guard first.isPlain, second.isPlain else {
      return Self.text(of: first, in: bytes) == Self.text(of: second, in: bytes)
    }
    return first.end - first.start == second.end - second.start
      && bytes[first.start..<first.end] == bytes[second.start..<second.end]
  }
}

// MARK: Values

extension JSONReader {
  /// Reads `null`.
  public mutating func null() throws(JSONError) {
    try expect(.null)
    try literal("null")
  }

  /// Reads `true` or `false`.
  public mutating func bool() throws(JSONError) -> Bool {
    try expect(.bool)
    let value = bytes[position] == UInt8(ascii: "t")
    try literal(value ? "true" : "false")
    return value
  }

  /// Reads a string.
  public mutating func string() throws(JSONError) -> String {
    try expect(.string)
    return Self.text(of: try stringToken(), in: bytes)
  }

  /// Reads a number as it is written.
  public mutating func number() throws(JSONError) -> JSONNumber {
    try expect(.number)
    let start = position
    let integer = try numberToken()
    return JSONNumber(text: String(decoding: bytes[start..<position], as: UTF8.self), integer: integer)
  }

  /// Reads an integer from -(2^53 - 1) to 2^53 - 1.
  public mutating func integer() throws(JSONError) -> Int {
    try expect(.number)
    let start = position
    guard let integer = try numberToken() else { throw error(.notAnInteger, at: start) }
    return integer
  }

  /// Reads a number as the nearest `Double`.
  public mutating func double() throws(JSONError) -> Double {
    try expect(.number)
    let start = position
    guard let double = try number().double else { throw error(.notADouble, at: start) }
    return double
  }

  /// Reads the next value, whatever it is, and forgets it.
  public mutating func skip() throws(JSONError) {
    switch try peek() {
    case .null: try null()
    case .bool: _ = try bool()
    case .number: _ = try numberToken()
    case .string: _ = try stringToken()
    case .array:
      try beginArray()
      while try nextElement() { try skip() }
    case .object:
      try beginObject()
      while try nextKey() != nil { try skip() }
    }
  }

  private mutating func expect(_ type: JSONType) throws(JSONError) {
    let found = try peek()
    guard found == type else { throw error(.mismatch(expected: type, found: found)) }
  }

  private mutating func literal(_ text: String) throws(JSONError) {
    for byte in text.utf8 {
      guard position < bytes.count else { throw error(.unexpectedEnd) }
      guard bytes[position] == byte else { throw error(.expectedValue) }
      position += 1
    }
  }
}

// MARK: Bytes

extension JSONReader {
  /// Where the reader is, as a JSON pointer (RFC 6901).
  public var pointer: String {
    var pointer = ""
    let frames = outer + [frame]
    for (depth, frame) in frames.enumerated() where frame.isInside {
      if frame.isObject {
        let end = depth + 1 < frames.count ? frames[depth + 1].firstKey : keys.count
        pointer = JSONPointer.member(Self.text(of: keys[end - 1], in: bytes), of: pointer)
      } else {
        pointer = JSONPointer.element(frame.count - 1, of: pointer)
      }
    }
    return pointer
  }

  /// The next byte that is not white space, which stays unread.
  private mutating func nextByte() throws(JSONError) -> UInt8 {
    skipWhitespace()
    guard position < bytes.count else { throw error(.unexpectedEnd) }
    return bytes[position]
  }

  @inline(__always)
  private mutating func skipWhitespace() {
    while position < bytes.count, bytes[position] <= 0x20 {
      switch bytes[position] {
      case 0x20, 0x0a, 0x0d, 0x09: position += 1
      default: return
      }
    }
  }

  func error(_ kind: JSONError.Kind, at offset: Int? = nil) -> JSONError {
    JSONError(kind: kind, offset: offset ?? position, pointer: pointer)
  }
}
