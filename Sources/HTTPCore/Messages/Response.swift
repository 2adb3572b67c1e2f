/// An answer: status, fields and content.
///
/// Date, Content-Length and Connection are added when it is written; a handler does not set them.
/// Content that is produced over time (Server-Sent Events) will make ``body`` an enum of bytes and a stream that
/// posts to the connection's loop; ``HTTPConnection/answer(_:_:closing:into:)`` is the one place to frame it.
public struct Response: Sendable {
  /// The status.
  public var status: Status
  /// The fields, in order.
  public var fields: ResponseFields
  /// The content; never sent for HEAD, 204 and 304 (RFC 9110 §6.4.1).
  public var body: [UInt8]
  /// The row of the handler's route table that made it, counted from 1, for whoever observes answers; 0 for none.
  public var route = 0

  /// A response as given.
  public init(_ status: Status, fields: ResponseFields = ResponseFields(), body: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  /// A response with content of that media type.
  public init(_ status: Status, contentType: String, body: [UInt8]) {
    self.init(status, fields: [("Content-Type", contentType)], body: body)
  }
}

/// Response fields as the bytes that will be sent; a list that many responses share costs nothing to reuse.
public struct ResponseFields: Sendable, Equatable, ExpressibleByArrayLiteral {
  /// The lines, each with its CRLF.
  public private(set) var lines: [UInt8] = []

  /// Lines that were those of other fields.
  public init(lines: [UInt8]) { self.lines = lines }

  /// No fields.
  public init() {}

  /// The given fields.
  public init(arrayLiteral elements: (name: String, value: String)...) {
    for element in elements { append(element.name, element.value) }
  }

  /// Adds a line. `name` is a token that the program chose; in `value`, bytes that no field may hold become SP
  /// (RFC 9110 §5.5), so that no value can start another line.
  public mutating func append(_ name: String, _ value: String) {
    precondition(!name.isEmpty && name.utf8.allSatisfy(ByteSet.tokens.contains), "field name is no token")
    lines.append(name)
    lines.append(": ")
    for byte in value.utf8 { lines.append(byte.isFieldContent ? byte : .space) }
    lines.append("\r\n")
  }

  /// Adds a line in whose value a number stands, 0 or more.
  public mutating func append(_ line: NumberedField, _ number: Int) {
    if lines.isEmpty { lines.reserveCapacity(128) }
    lines.append(contentsOf: line.start)
    lines.append(decimal: number)
    lines.append(contentsOf: line.end)
  }

  /// Adds all lines of `other`.
  public mutating func append(contentsOf other: ResponseFields) {
    lines.append(contentsOf: other.lines)
  }

  /// The value of the first line of that name; the case of letters does not matter.
  public subscript(_ name: String) -> String? {
    for line in lines.split(separator: .lf) {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      if line[..<colon].equalsIgnoringCase(name) {
        return String(decoding: line[(colon + 2)...].dropLast(), as: UTF8.self)
      }
    }
    return nil
  }
}

/// A field line but for a number in its value, and lines that follow it, prepared so that adding them costs little.
public struct NumberedField: Sendable {
  let start: [UInt8]
  let end: [UInt8]

  /// The line of the field `name` whose value is `before`, a number and `after`, followed by the lines of `others`.
  public init(
    _ name: String, before: String = "", after: String = "", then others: ResponseFields = ResponseFields()
  ) {
    var fields = ResponseFields()
    fields.append(name, before)
    start = Array(fields.lines.dropLast(2))
    end = after.utf8.map { $0.isFieldContent ? $0 : .space } + [.cr, .lf] + others.lines
  }
}
