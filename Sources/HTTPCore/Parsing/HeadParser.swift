/// Reads a request line and header section line by line (RFC 9112 §2.2, §3, §5), going on where the last bytes ended.
///
/// Every check happens at the same byte however the input was split, so the result never depends on the split.
struct HeadParser: Sendable {
  private enum Stage { case emptyLines, requestLine, fields }

  /// What is known so far; complete once ``parse(_:_:)`` says so.
  private(set) var head = RequestHead()
  /// What the fields read so far say of the body, the connection and the host.
  private(set) var control = ControlFields()

  private var stage = Stage.emptyLines
  private var lineStart = 0
  private var position = 0
  private var sectionStart = 0

  /// Empty lines that may precede a request line (§2.2 asks for one).
  private static let emptyLinesAllowed = 4

  /// Reads on in `bytes`, which begin with the message's first byte. Returns the head's length once it is complete.
  mutating func parse(_ bytes: borrowing Span<UInt8>, _ rules: ConnectionRules) throws(HTTPError) -> Int? {
    if stage == .emptyLines {
      guard try skipEmptyLines(bytes) else { return nil }
    }
    if stage == .requestLine {
      guard try requestLine(bytes, limit: rules.limits.requestLine) else { return nil }
      stage = .fields
      sectionStart = position
    }
    while let line = try fieldLine(bytes, limit: rules.limits.headerSection) {
      if line.isEmpty { return position }
      guard head.fieldCount < rules.limits.fields else { throw .tooManyFields }
      try parseField(bytes, line, rules)
    }
    return nil
  }

  /// Makes ready for the next message.
  mutating func reset() {
    head.reset()
    control = ControlFields()
    stage = .emptyLines
    (lineStart, position, sectionStart) = (0, 0, 0)
  }

  /// Makes Host the request's authority unless the target named one (§3.2.2).
  mutating func useHost() {
    if !head.isAbsolute { head.authority = control.host }
  }

  /// Whether any byte of the message has been seen.
  var hasBegun: Bool { position > 0 }

  private mutating func skipEmptyLines(_ bytes: borrowing Span<UInt8>) throws(HTTPError) -> Bool {
    while position < bytes.count {
      guard bytes[position] == .cr else {
        lineStart = position
        stage = .requestLine
        return true
      }
      guard position < Self.emptyLinesAllowed * 2 else { throw .tooManyEmptyLines }
      guard position + 1 < bytes.count else { return false }
      guard bytes[position + 1] == .lf else { throw .bareCarriageReturn }
      position += 2
    }
    return false
  }

  /// Reads the request line; false when more must come.
  private mutating func requestLine(
    _ bytes: borrowing Span<UInt8>, limit: Int
  ) throws(HTTPError) -> Bool {
    if position == lineStart, let end = RequestLine.parseOrdinary(bytes, lineStart, limit: limit, into: &head)
    {
      position = end
      return try endOfLine(bytes, else: .forbiddenByte) != nil
    }
    let end = min(bytes.count, lineStart + limit + 1)
    position = bytes.firstIndex(from: position, to: end) { word in
      word.marks(below: 0x20) | word.marks(of: 0x7f) | word & 0x8080_8080_8080_8080
    }
    guard position < end else {
      if position > lineStart + limit { throw .requestLineTooLong }
      return false
    }
    guard let line = try endOfLine(bytes, else: .forbiddenByte) else { return false }
    try RequestLine.parse(bytes, line, into: &head)
    return true
  }

  private mutating func fieldLine(
    _ bytes: borrowing Span<UInt8>, limit: Int
  ) throws(HTTPError) -> ByteRange? {
    let last = sectionStart + limit - 1  // the latest place for the section's final LF
    let end = min(bytes.count, last)
    while true {
      position = bytes.firstIndex(from: position, to: end) { $0.marks(below: 0x20) | $0.marks(of: 0x7f) }
      guard position < end else { break }
      guard bytes[position] == .tab else { return try endOfLine(bytes, else: .forbiddenByteInValue) }
      position += 1
    }
    if position >= last { throw .headerTooLarge }
    return nil
  }

  /// The line that ends at `position`, or nil when its LF has not come yet (§2.2).
  private mutating func endOfLine(
    _ bytes: borrowing Span<UInt8>, else error: HTTPError
  ) throws(HTTPError) -> ByteRange? {
    let byte = bytes[position]
    if byte == .lf { throw .bareLineFeed }
    guard byte == .cr else { throw error }
    guard position + 1 < bytes.count else { return nil }
    guard bytes[position + 1] == .lf else { throw .bareCarriageReturn }
    let line = ByteRange(lineStart, position)
    position += 2
    lineStart = position
    return line
  }

  private mutating func parseField(
    _ bytes: borrowing Span<UInt8>, _ line: ByteRange, _ rules: ConnectionRules
  ) throws(HTTPError) {
    var colon = bytes.firstIndex(from: line.lowerBound, to: line.upperBound) { $0.marksOfUnusualInName }
    while colon < line.upperBound, ByteSet.tokens.contains(bytes[colon]) { colon += 1 }
    let name = ByteRange(line.lowerBound, colon)
    guard colon < line.upperBound else { throw .fieldMalformed }
    if bytes[colon] != UInt8(ascii: ":") || name.isEmpty {
      throw Self.errorOfName(bytes, line, stoppedAt: colon, isFirst: head.fieldCount == 0)
    }
    var start = colon + 1
    var end = line.upperBound
    while start < end, bytes[start] == .space || bytes[start] == .tab { start += 1 }
    while end > start, bytes[end - 1] == .space || bytes[end - 1] == .tab { end -= 1 }
    let field = RequestHead.Field(name: name, value: ByteRange(start, end))
    head.append(field, FieldName.bit(bytes, name))
    try control.note(bytes, field, rules)
  }

  private static func errorOfName(
    _ bytes: borrowing Span<UInt8>, _ line: ByteRange, stoppedAt index: Int, isFirst: Bool
  ) -> HTTPError {
    let isWhitespace = bytes[index] == .space || bytes[index] == .tab
    guard isWhitespace else { return .fieldNameMalformed }
    if index == line.lowerBound { return isFirst ? .whitespaceBeforeFields : .lineFolding }
    var next = index
    while next < line.upperBound, bytes[next] == .space || bytes[next] == .tab { next += 1 }
    let isColon = next < line.upperBound && bytes[next] == UInt8(ascii: ":")
    return isColon ? .whitespaceBeforeColon : .fieldNameMalformed
  }
}
