/// An answer: status, fields and content.
///
/// Date, Content-Length and Connection are added when it is written; a handler does not set them.
/// Content that is produced over time is an ``EventStream``.
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

/// Response fields as the bytes that will be sent; a list that many responses share costs nothing to reuse, also where they
/// differ in one number.
public struct ResponseFields: Sendable, Equatable, ExpressibleByArrayLiteral {
  /// The lines but for the number.
  private var text: [UInt8] = []
  /// Where in the text the number stands; 0 if there is none.
  private var place = 0
  /// The number, 0 or more.
  public var number = 0

  /// The lines, each with its CRLF.
  public var lines: [UInt8] {
    var lines: [UInt8] = []
    write(to: &lines)
    return lines
  }

  /// Lines that were those of other fields.
  public init(lines: [UInt8]) { text = lines }

  /// No fields.
  public init() {}

  /// The given fields.
  public init(arrayLiteral elements: (name: String, value: String)...) {
    for element in elements { append(element.name, element.value) }
  }

  /// A field whose value is `before`, the ``number`` and `after`.
  public init(_ name: String, before: String = "", after: String = "") {
    append(name, before + after)
    place = text.count - 2 - after.utf8.count
  }

  /// Adds a line. `name` is a token that the program chose; in `value`, bytes that no field may hold become SP
  /// (RFC 9110 §5.5), so that no value can start another line.
  public mutating func append(_ name: String, _ value: String) {
    precondition(!name.isEmpty && name.utf8.allSatisfy(ByteSet.tokens.contains), "field name is no token")
    text.append(name)
    text.append(": ")
    for byte in value.utf8 { text.append(byte.isFieldContent ? byte : .space) }
    text.append("\r\n")
  }

  /// Adds all lines of `other`.
  public mutating func append(contentsOf other: ResponseFields) {
    if text.isEmpty {
      self = other
    } else {
      other.write(to: &text)
    }
  }

  func write(to output: inout [UInt8]) {
    guard place > 0 else { return output.append(contentsOf: text) }
    output.append(contentsOf: text[..<place])
    output.append(decimal: number)
    output.append(contentsOf: text[place...])
  }

  /// Whether the same lines will be sent.
  public static func == (one: ResponseFields, other: ResponseFields) -> Bool { one.lines == other.lines }

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
