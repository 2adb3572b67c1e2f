/// A complete, well-formed request: its head as received, with ranges into it, and its body without transfer
/// coding.
///
/// It shares the bytes of the receive buffer; keeping one beyond its handler makes the server copy that buffer.
public struct Request: Sendable {
  let head: RequestHead
  /// The bytes that all ranges count from ``base``.
  let bytes: [UInt8]
  let base: Int
  let bodyRange: ByteRange

  /// The content (RFC 9110 §6.4); empty when there is none.
  public var body: ArraySlice<UInt8> { slice(bodyRange) }
  /// Whether there is any content.
  public var hasBody: Bool { !bodyRange.isEmpty }

  /// The method.
  public var method: Method { head.method }
  /// The method's name as received.
  public var methodName: String { String(decoding: slice(head.methodName), as: UTF8.self) }
  /// The version that the client speaks.
  public var version: Version { head.version }
  /// Whether the target is `*` (RFC 9112 §3.2.4): the request is about the server as a whole.
  public var isForServer: Bool { head.isAsterisk }
  /// The path as received, beginning with `/` (`/` for an empty path, `*` for the asterisk-form).
  public var rawPath: ArraySlice<UInt8> { head.path.isEmpty ? [UInt8(ascii: "/")] : slice(head.path) }
  /// The path as received, as text.
  public var path: String { String(decoding: rawPath, as: UTF8.self) }
  /// The path's segments, percent-decoded one by one.
  public var pathSegments: PathSegments { PathSegments(path: rawPath) }
  /// The query as received, without `?`; nil when there is none.
  public var rawQuery: ArraySlice<UInt8>? {
    guard let query = head.query else { return nil }
    return slice(query)
  }
  /// The query's items.
  public var queryItems: [QueryItem] { rawQuery.map(QueryItem.parse) ?? [] }
  /// The host and port that the request is for (RFC 9110 §7.1): of an absolute target, else of Host; nil in
  /// HTTP/1.0 without either.
  public var authority: ArraySlice<UInt8>? { head.authority.map(slice) }

  /// How many field lines there are.
  public var fieldCount: Int { head.fieldCount }

  /// The field lines in their order, duplicates included; the index is 0 up to ``fieldCount``.
  public func field(at index: Int) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
    let field = head.fields[index]
    return (slice(field.name), slice(field.value))
  }

  /// False if no field line has one of those names; true if one may have.
  public func mayHave(_ group: FieldName.Group) -> Bool { head.mayHave(group) }

  /// Whether a field line of that name has a value that is wanted.
  public func hasField(_ name: FieldName, where isWanted: (ArraySlice<UInt8>) -> Bool = { _ in true }) -> Bool
  {
    guard head.mayHave(name) else { return false }
    let message = bytes.span.extracting(droppingFirst: base)
    for index in 0..<head.fieldCount
    where name.matches(message, head.fields[index].name) && isWanted(slice(head.fields[index].value)) {
      return true
    }
    return false
  }

  /// The values of every field line of that name, in order.
  public func fieldValues(_ name: FieldName) -> [ArraySlice<UInt8>] {
    guard head.mayHave(name) else { return [] }
    var values: [ArraySlice<UInt8>] = []
    let message = bytes.span.extracting(droppingFirst: base)
    for index in 0..<head.fieldCount where name.matches(message, head.fields[index].name) {
      values.append(slice(head.fields[index].value))
    }
    return values
  }

  /// The value of the first field line of that name.
  public func fieldValue(_ name: FieldName) -> ArraySlice<UInt8>? {
    guard head.mayHave(name) else { return nil }
    let message = bytes.span.extracting(droppingFirst: base)
    for index in 0..<head.fieldCount where name.matches(message, head.fields[index].name) {
      return slice(head.fields[index].value)
    }
    return nil
  }

  /// The values of every field line of a name that the program did not choose, in order.
  public func fieldValues(named name: String) -> [ArraySlice<UInt8>] {
    (0..<fieldCount).map(field(at:)).filter { $0.name.equalsIgnoringCase(name) }.map(\.value)
  }

  /// The values of that name as one text, joined by `, ` (RFC 9110 §5.3); nil when there is none. Bytes beyond ASCII, which
  /// have no meaning (§5.5), are taken for ISO 8859-1: whoever compares the text meets no run of combining marks, for which
  /// that takes quadratic time.
  public subscript(field name: FieldName) -> String? {
    head.mayHave(name) ? Self.text(fieldValues(name)) : nil
  }

  /// The same for a name that the program did not choose.
  public subscript(field name: String) -> String? { Self.text(fieldValues(named: name)) }

  private static func text(_ values: [ArraySlice<UInt8>]) -> String? {
    guard let first = values.first else { return nil }
    let bytes = values.count == 1 ? Array(first) : Array(values.joined(separator: ", ".utf8))
    guard bytes.contains(where: { $0 >= 0x80 }) else { return String(decoding: bytes, as: UTF8.self) }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  func slice(_ range: ByteRange) -> ArraySlice<UInt8> {
    bytes[range.lowerBound + base..<range.upperBound + base]
  }
}

extension Request {
  /// A request that was not received: for tests and tools. `Host: localhost` and Content-Length are added.
  public init(
    _ method: Method, _ target: String, fields: [(name: String, value: String)] = [], body: [UInt8] = []
  ) throws(HTTPError) {
    try self.init(method: method.name, target, fields: fields, body: body)
  }

  /// The same with a method of that name.
  public init(
    method: String, _ target: String, fields: [(name: String, value: String)] = [], body: [UInt8] = []
  ) throws(HTTPError) {
    var message: [UInt8] = []
    message.append("\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n")
    for field in fields { message.append("\(field.name): \(field.value)\r\n") }
    if !body.isEmpty { message.append("Content-Length: \(body.count)\r\n") }
    message.append("\r\n")
    message.append(contentsOf: body)
    var connection = HTTPConnection(limits: Limits())
    connection.receive(message, count: message.count)
    switch connection.next() {
    case .request(let request): self = request
    case .refuse(let error): throw error
    case .needsInput, .sendContinue: throw .incompleteMessage
    }
  }
}

/// Where the parts of a request's head lie, counted from its first byte.
struct RequestHead: Sendable {
  /// A field line's name and value without surrounding whitespace.
  struct Field: Sendable {
    let name, value: ByteRange
  }

  var method = Method.get
  var methodName = ByteRange()
  var version = Version.http1_1
  var isAsterisk = false
  var isAbsolute = false
  /// Whether anything in the path is percent-encoded.
  var isPathEncoded = false
  var path = ByteRange()
  var query: ByteRange?
  var authority: ByteRange?
  /// The bits of all fields' names, so that most names that are absent are not looked for.
  private var nameBits: UInt64 = 0
  /// How many of ``fields`` are this request's; those of an earlier one may follow, so that the array need not be made
  /// again.
  private(set) var fieldCount = 0
  private(set) var fields: [Field] = []

  mutating func append(_ field: Field, _ bit: UInt64) {
    nameBits |= bit
    if fieldCount < fields.count {
      fields[fieldCount] = field
    } else {
      fields.append(field)
    }
    fieldCount += 1
  }

  /// Whether a field of that name can be among the fields.
  func mayHave(_ name: FieldName) -> Bool { nameBits & name.bit != 0 }

  /// Whether a field of one of those names can be among the fields.
  func mayHave(_ group: FieldName.Group) -> Bool { nameBits & group.bits != 0 }

  /// Forgets everything but the array of fields.
  mutating func reset() {
    (method, methodName) = (.get, ByteRange())
    version = .http1_1
    (isAsterisk, isAbsolute, isPathEncoded) = (false, false, false)
    path = ByteRange()
    (query, authority) = (nil, nil)
    (nameBits, fieldCount) = (0, 0)
  }
}
