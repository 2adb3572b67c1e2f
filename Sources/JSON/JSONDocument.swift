/// A parsed JSON document (RFC 8259), valid as a whole: its values in one list, in the order of the text.
///
/// Nothing is taken out of the text before somebody asks for it, so that reading a small document costs little more than
/// looking at each byte once.
public final class JSONDocument: Sendable {
  let bytes: [UInt8]
  let nodes: [Node]

  /// A value or a key. The members of an object follow it, each key before its value; so do the elements of an array.
  struct Node {
    /// What a string or key has between its quotation marks, or how a number or Boolean is written.
    let token: JSONReader.Token
    let type: JSONType
    /// The index after the last node that belongs to it.
    fileprivate(set) var end: Int
  }

  /// Parses a whole document. `depthLimit` is that of `JSONReader`.
  public convenience init(parsing bytes: [UInt8], depthLimit: Int = 64) throws(JSONError) {
    try self.init(JSONReader(bytes, depthLimit: depthLimit))
  }

  /// Parses a whole document in a slice; offsets in errors count from the slice's start.
  public convenience init(parsing bytes: ArraySlice<UInt8>, depthLimit: Int = 64) throws(JSONError) {
    try self.init(JSONReader(bytes, depthLimit: depthLimit))
  }

  private init(_ reader: consuming JSONReader) throws(JSONError) {
    var nodes: [Node] = []
    nodes.reserveCapacity(8)
    try reader.nodes(into: &nodes)
    try reader.finish()
    self.nodes = nodes
    bytes = reader.bytes
  }
}

extension JSONReader {
  /// Reads the next value, whatever it is.
  fileprivate mutating func nodes(into nodes: inout [JSONDocument.Node]) throws(JSONError) {
    let type = try peek()
    let place = nodes.count
    var token = Token(start: position)
    switch type {
    case .string: token = try stringToken()
    case .number: _ = try numberToken()
    case .bool: _ = try bool()
    case .null: try null()
    case .array, .object: break
    }
    if type != .string { token.end = position }
    nodes.append(JSONDocument.Node(token: token, type: type, end: place + 1))
    switch type {
    case .array:
      try beginArray()
      while try nextElement() { try self.nodes(into: &nodes) }
    case .object:
      try beginObject()
      while let key = try nextKeyToken() {
        nodes.append(JSONDocument.Node(token: key, type: .string, end: nodes.count + 1))
        try self.nodes(into: &nodes)
      }
    case .null, .bool, .number, .string: return
    }
    nodes[place].end = nodes.count
  }
}

// MARK: Values

extension JSONDocument {
  /// A string or key, unescaped.
  func text(_ index: Int) -> String {
    JSONReader.text(of: nodes[index].token, in: bytes)
  }

  /// The bytes of a string or key, unescaped.
  func utf8(_ index: Int) -> ArraySlice<UInt8> {
    let token = nodes[index].token
    return token.hasEscape ? Array(text(index).utf8)[...] : bytes[token.start..<token.end]
  }

  /// Whether a string or key is this text.
  func isEqual(_ index: Int, _ literal: StaticString) -> Bool {
    let token = nodes[index].token
    guard token.isPlain else { return text(index) == literal.description }
    guard literal.utf8CodeUnitCount == token.end &- token.start else { return false }
    let bytes = bytes
    return literal.isEqual(to: bytes.span.extracting(token.start..<token.end))
  }

  /// The place of a string or key among names.
  func place(_ index: Int, among names: [StaticString]) -> Int? {
    let token = nodes[index].token
    guard token.isPlain else { return names.firstIndex { isEqual(index, $0) } }
    let bytes = bytes
    let text = bytes.span.extracting(token.start..<token.end)
    for place in names.indices where names[place].isEqual(to: text) { return place }
    return nil
  }

  /// The node of an object's key, and how many members stand before it.
  func member(_ key: StaticString, of object: Int) -> (node: Int, number: Int)? {
    guard nodes[object].type == .object else { return nil }
    var (place, number) = (object + 1, 0)
    while place < nodes[object].end {
      if isEqual(place, key) { return (place, number) }
      place = nodes[place + 1].end
      number += 1
    }
    return nil
  }

  /// A Boolean.
  func bool(_ index: Int) -> Bool {
    bytes[nodes[index].token.start] == UInt8(ascii: "t")
  }

  /// A number as it is written.
  func number(_ index: Int) -> JSONNumber {
    let token = nodes[index].token
    return JSONNumber(
      text: String(decoding: bytes[token.start..<token.end], as: UTF8.self), integer: integer(index))
  }

  /// A number, if it is written without a fraction and an exponent.
  func integer(_ index: Int) -> Int? {
    let token = nodes[index].token
    var value = 0
    for byte in bytes[token.start..<token.end] where byte != UInt8(ascii: "-") {
      guard case UInt8(ascii: "0")...UInt8(ascii: "9") = byte else { return nil }
      // The reader has seen to it that an integer fits; what has a fraction or an exponent may be longer.
      value = value &* 10 &+ Int(byte & 0xf)
    }
    return bytes[token.start] == UInt8(ascii: "-") ? -value : value
  }

  /// The first element of each of an array's elements, or the key of each of an object's members.
  func children(_ index: Int) -> Children {
    Children(
      document: self, place: index + 1, end: nodes[index].end, areMembers: nodes[index].type == .object)
  }

  /// Goes through the elements of an array, or through the keys of an object, after each of which its value stands.
  struct Children: Sequence, IteratorProtocol {
    let document: JSONDocument
    var place: Int
    let end: Int
    let areMembers: Bool

    mutating func next() -> Int? {
      guard place < end else { return nil }
      defer { place = document.nodes[areMembers ? place + 1 : place].end }
      return place
    }
  }

  /// A value with all that belongs to it.
  func value(_ index: Int) -> JSONValue {
    switch nodes[index].type {
    case .null: .null
    case .bool: .bool(bool(index))
    case .number: .number(number(index))
    case .string: .string(text(index))
    case .array: .array(children(index).map(value))
    case .object:
      .object(JSONObject(members: children(index).map { .init(key: text($0), value: value($0 + 1)) }))
    }
  }
}
