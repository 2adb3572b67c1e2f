/// A parsed JSON document (RFC 8259), valid as a whole: its values in one list, in the order of the text.
///
/// Nothing is taken out of the text before somebody asks for it, so that reading a small document costs little more than
/// looking at each byte once.
public final class JSONDocument: Sendable {
  let bytes: ArraySlice<UInt8>
  let nodes: [Node]

  /// A value or a key. The members of an object follow it, each key before its value; so do the elements of an array.
  struct Node {
    /// What a string or key has between its quotation marks, or how a number or Boolean is written, counted from the
    /// document's first byte.
    let token: JSONParser.Token
    let type: JSONType
    /// The index after the last node that belongs to it; to a key, its value.
    var end: Int
  }

  /// Parses a whole document. `depthLimit` is the greatest number of arrays and objects in each other, 0 to 512.
  public convenience init(parsing bytes: [UInt8], depthLimit: Int = 64) throws(JSONError) {
    try self.init(parsing: bytes[...], depthLimit: depthLimit)
  }

  /// Parses a whole document in a slice, which it keeps; offsets in errors count from the slice's start.
  public init(parsing bytes: ArraySlice<UInt8>, depthLimit: Int = 64) throws(JSONError) {
    nodes = try JSONParser.nodes(of: bytes.span, depthLimit: depthLimit)
    self.bytes = bytes
  }
}

// MARK: Values

extension JSONDocument {
  /// A string or key, unescaped.
  func text(_ index: Int) -> String {
    let token = nodes[index].token
    guard token.hasEscape else { return String(decoding: written(token), as: UTF8.self) }
    let bytes = bytes
    return token.text(in: bytes.span)
  }

  /// The bytes of a string or key, unescaped.
  func utf8(_ index: Int) -> ArraySlice<UInt8> {
    let token = nodes[index].token
    guard token.hasEscape else { return written(token) }
    let bytes = bytes
    return token.utf8(in: bytes.span)[...]
  }

  /// A token's bytes in the document.
  private func written(_ token: JSONParser.Token) -> ArraySlice<UInt8> {
    bytes[bytes.startIndex + token.start..<bytes.startIndex + token.end]
  }

  /// Whether a string or key is this text.
  @inline(__always)
  func isEqual(_ index: Int, _ literal: StaticString) -> Bool {
    let token = nodes[index].token
    guard !token.hasEscape else { return isEqualUnescaped(index, literal) }
    guard token.count == literal.utf8CodeUnitCount else { return false }
    let bytes = bytes
    return literal.isEqual(to: bytes.span.extracting(token.start..<token.end))
  }

  @inline(never)
  private func isEqualUnescaped(_ index: Int, _ literal: StaticString) -> Bool {
    literal.isEqual(to: utf8(index).span)
  }

  /// The place of a string or key among names.
  func place(_ index: Int, among names: [StaticString]) -> Int? {
    let token = nodes[index].token
    guard !token.hasEscape else { return names.firstIndex { isEqual(index, $0) } }
    let bytes = bytes
    let text = bytes.span.extracting(token.start..<token.end)
    for place in names.indices where names[place].isEqual(to: text) { return place }
    return nil
  }

  /// The node of an object's key, and how many members stand before it.
  @inline(__always)
  func member(_ key: StaticString, of object: Int) -> (node: Int, number: Int)? {
    guard nodes[object].type == .object else { return nil }
    let end = nodes[object].end
    var (place, number) = (object + 1, 0)
    while place < end {
      if isEqual(place, key) { return (place, number) }
      place = nodes[place].end
      number += 1
    }
    return nil
  }

  /// A Boolean.
  func bool(_ index: Int) -> Bool {
    bytes[bytes.startIndex + nodes[index].token.start] == UInt8(ascii: "t")
  }

  /// A number as it is written.
  func number(_ index: Int) -> JSONNumber {
    JSONNumber(
      text: String(decoding: written(nodes[index].token), as: UTF8.self), integer: integer(index))
  }

  /// A number, if it is written without a fraction and an exponent.
  func integer(_ index: Int) -> Int? {
    let digits = written(nodes[index].token)
    var value = 0
    for byte in digits where byte != UInt8(ascii: "-") {
      guard case UInt8(ascii: "0")...UInt8(ascii: "9") = byte else { return nil }
      // The parser has seen to it that an integer fits; what has a fraction or an exponent may be longer.
      value = value &* 10 &+ Int(byte & 0xf)
    }
    return digits.first == UInt8(ascii: "-") ? -value : value
  }

  /// An array's elements, or the keys of an object's members, after each of which its value stands.
  func children(_ index: Int) -> Children {
    Children(document: self, place: index + 1, end: nodes[index].end)
  }

  /// Goes through the elements of an array, or through the keys of an object.
  struct Children: Sequence, IteratorProtocol {
    let document: JSONDocument
    var place: Int
    let end: Int

    mutating func next() -> Int? {
      guard place < end else { return nil }
      defer { place = document.nodes[place].end }
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
