/// Parses a JSON document (RFC 8259) into the nodes of a `JSONDocument`.
///
/// No input makes it trap. It refuses what RFC 8259 leaves open: a byte order mark, a key that stands twice in an object
/// (the same code points), lone surrogates, integers beyond ±(2^53 - 1), and nesting beyond the limit.
struct JSONParser {
  var position: Int
  /// What has been read, in the order of the text.
  private var nodes: [JSONDocument.Node] = []
  private let depthLimit: Int

  private static let keysComparedOneByOne = 16

  init(at position: Int, depthLimit: Int = 0) {
    self.position = position
    self.depthLimit = depthLimit
  }

  /// The nodes of a whole document. `depthLimit` is the greatest number of arrays and objects in each other, 0 to 512.
  static func nodes(of bytes: Span<UInt8>, depthLimit: Int) throws(JSONError) -> [JSONDocument.Node] {
    var parser = JSONParser(at: 0, depthLimit: min(max(depthLimit, 0), 512))
    parser.nodes.reserveCapacity(8)
    try parser.value(bytes, depth: 0)
    parser.skipWhitespace(bytes)
    guard parser.position == bytes.count else { throw parser.error(.trailingBytes) }
    return parser.nodes
  }
}

// MARK: Structure

extension JSONParser {
  /// Reads the next value, which stands in `depth` arrays and objects.
  private mutating func value(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) {
    switch try nextByte(bytes) {
    case UInt8(ascii: "{"): try object(bytes, depth: depth)
    case UInt8(ascii: "["): try array(bytes, depth: depth)
    case UInt8(ascii: "\""): append(.string, try stringToken(bytes))
    case UInt8(ascii: "t"): try literal("true", .bool, bytes)
    case UInt8(ascii: "f"): try literal("false", .bool, bytes)
    case UInt8(ascii: "n"): try literal("null", .null, bytes)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      append(.number, try numberToken(bytes))
    case 0xef where position == 0 && bytes.count >= 3 && bytes[1] == 0xbb && bytes[2] == 0xbf:
      throw error(.byteOrderMark)
    default: throw error(.expectedValue)
    }
  }

  private mutating func array(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) {
    let array = try begin(.array, depth: depth)
    var count = 0
    while try advance(bytes, closing: UInt8(ascii: "]"), isFirst: count == 0) {
      do throws(JSONError) {
        try value(bytes, depth: depth + 1)
      } catch {
        throw error.inside(JSONPointer.element(count, of: ""))
      }
      count += 1
    }
    nodes[array].end = nodes.count
  }

  private mutating func object(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) {
    let object = try begin(.object, depth: depth)
    var count = 0
    var seen: Set<[UInt8]>?
    while try advance(bytes, closing: UInt8(ascii: "}"), isFirst: count == 0) {
      guard try nextByte(bytes) == UInt8(ascii: "\"") else { throw error(.expectedKey) }
      let (key, start) = (nodes.count, position)
      append(.string, try stringToken(bytes))
      do throws(JSONError) {
        let isNew =
          count == 0
          || (count < Self.keysComparedOneByOne
            ? isNew(key, in: object, bytes) : isNew(key, in: object, bytes, beside: &seen))
        guard isNew else { throw error(.duplicateKey, at: start) }
        guard try nextByte(bytes) == UInt8(ascii: ":") else { throw error(.expectedColon) }
        position += 1
        try value(bytes, depth: depth + 1)
      } catch {
        throw error.inside(JSONPointer.member(nodes[key].token.text(in: bytes), of: ""))
      }
      nodes[key].end = nodes.count
      count += 1
    }
    nodes[object].end = nodes.count
  }

  /// Enters an array or object, whose node comes before those of what is in it.
  private mutating func begin(_ type: JSONType, depth: Int) throws(JSONError) -> Int {
    guard depth < depthLimit else { throw error(.tooDeep) }
    append(type, Token(start: position))
    position += 1
    return nodes.count - 1
  }

  /// Goes to the next member or element; false if the end came, which is then left.
  @inline(__always)
  private mutating func advance(_ bytes: Span<UInt8>, closing: UInt8, isFirst: Bool) throws(JSONError) -> Bool
  {
    let byte = try nextByte(bytes)
    if byte == closing {
      position += 1
      return false
    }
    if !isFirst {
      guard byte == UInt8(ascii: ",") else { throw error(.expectedCommaOrEnd) }
      position += 1
    }
    return true
  }

  private mutating func literal(_ text: StaticString, _ type: JSONType, _ bytes: Span<UInt8>)
    throws(JSONError)
  {
    var token = Token(start: position)
    for byte in text.description.utf8 {
      guard position < bytes.count else { throw error(.unexpectedEnd) }
      guard bytes[position] == byte else { throw error(.expectedValue) }
      position += 1
    }
    token.end = position
    append(type, token)
  }

  private mutating func append(_ type: JSONType, _ token: Token) {
    nodes.append(JSONDocument.Node(token: token, type: type, end: nodes.count + 1))
  }
}

// MARK: Keys

extension JSONParser {
  /// Whether no key before it in its object is equal to the last one.
  private func isNew(_ key: Int, in object: Int, _ bytes: Span<UInt8>) -> Bool {
    let token = nodes[key].token
    var place = object + 1
    while place < key {
      if token.isEqual(to: nodes[place].token, in: bytes) { return false }
      place = nodes[place].end
    }
    return true
  }

  /// The same for an object that has too many keys to compare one by one; those before are in `seen`, once it is there.
  private func isNew(_ key: Int, in object: Int, _ bytes: Span<UInt8>, beside seen: inout Set<[UInt8]>?)
    -> Bool
  {
    var keys = seen.take() ?? []
    if keys.isEmpty {
      var place = object + 1
      while place < key {
        keys.insert(nodes[place].token.utf8(in: bytes))
        place = nodes[place].end
      }
    }
    let isNew = keys.insert(nodes[key].token.utf8(in: bytes)).inserted
    seen = keys
    return isNew
  }
}

// MARK: Bytes

extension JSONParser {
  /// The next byte that is not white space, which stays unread.
  @inline(__always)
  private mutating func nextByte(_ bytes: Span<UInt8>) throws(JSONError) -> UInt8 {
    skipWhitespace(bytes)
    guard position < bytes.count else { throw error(.unexpectedEnd) }
    return bytes[position]
  }

  @inline(__always)
  private mutating func skipWhitespace(_ bytes: Span<UInt8>) {
    while position < bytes.count, bytes[position] <= 0x20 {
      switch bytes[position] {
      case 0x20, 0x0a, 0x0d, 0x09: position += 1
      default: return
      }
    }
  }

  /// An error, to which each array and object around adds its step of the pointer.
  @inline(never)
  func error(_ kind: JSONError.Kind, at offset: Int? = nil) -> JSONError {
    JSONError(kind: kind, offset: offset ?? position, pointer: "")
  }
}

extension JSONError {
  /// The error of a value that stands at `pointer` in another.
  fileprivate func inside(_ pointer: String) -> JSONError {
    JSONError(kind: kind, offset: offset, pointer: pointer + self.pointer)
  }
}
