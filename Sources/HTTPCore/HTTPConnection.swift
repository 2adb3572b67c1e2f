/// What holds for every connection of a server.
public final class ConnectionRules: Sendable {
  /// What a connection may ask.
  public let limits: Limits
  /// The hosts that are answered for; requests for others are refused with 421.
  public let authorities: AllowedAuthorities

  /// Rules as given.
  public init(limits: Limits, authorities: AllowedAuthorities) {
    self.limits = limits
    self.authorities = authorities
  }
}

/// One HTTP/1.1 connection as seen by the server (RFC 9112): bytes in, actions out. It owns no socket and no clock.
///
/// The owner gives input with ``receive(_:count:)``, does what ``next()`` says until that says
/// ``Action/needsInput``, and writes answers with ``answer(_:_:closing:into:)``.
public struct HTTPConnection: Sendable {
  /// What the owner has to do next.
  public enum Action: Sendable {
    /// Read more, or close if that is the phase.
    case needsInput(Phase)
    /// Send ``continueResponse``, then ask again (RFC 9110 §10.1.1).
    case sendContinue
    /// Answer this request.
    case request(Request)
    /// Answer with this error; the connection then closes.
    case refuse(HTTPError)
  }

  /// What the connection waits for, which decides how long it may take.
  public enum Phase: Sendable {
    /// The first byte of a request.
    case idle
    /// The rest of a header section.
    case head
    /// The rest of a body.
    case body
    /// The owner's answer.
    case answer
    /// Nothing: once the answers are sent, the connection closes.
    case closing
  }

  private enum State { case head, body(Int), chunked(ChunkedReader), answer, closed }

  /// The interim response to `Expect: 100-continue`.
  public static let continueResponse = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  private let rules: ConnectionRules
  private var state = State.head
  private var parser = HeadParser()
  private var headLength = 0
  private var content: [UInt8] = []
  private var isPersistent = true
  private var owesContinue = false
  /// Whether the answer's pieces are chunks.
  private var isChunked = false

  /// Input not consumed yet is `buffer[start..<end]`, where `start` is the current message's first byte. The buffer
  /// is the caller's own until ``next()`` leaves bytes over.
  private var buffer: [UInt8] = []
  private var start = 0
  private var end = 0
  private var ownsBuffer = false

  /// Bytes of the current message's content that have arrived.
  public private(set) var contentReceived = 0

  /// A new connection.
  public init(_ rules: ConnectionRules) { self.rules = rules }

  /// A new connection with rules of its own.
  public init(limits: Limits, authorities: AllowedAuthorities = .any) {
    self.init(ConnectionRules(limits: limits, authorities: authorities))
  }

  /// Whether no further request will be read: once the answers are sent, the connection closes.
  public var isClosing: Bool { phase == .closing }

  /// What the connection waits for.
  public var phase: Phase {
    switch state {
    case .body, .chunked: .body
    case .closed: .closing
    case .answer: .answer
    case .head: start < end || parser.hasBegun ? .head : .idle
    }
  }

  /// Takes in `bytes[..<count]`. The array is shared, not copied, until bytes must be kept for later.
  public mutating func receive(_ bytes: [UInt8], count: Int) {
    guard !isClosing else { return }
    if start == end {
      buffer = bytes
      start = 0
      end = count
      ownsBuffer = false
    } else {
      keepRest()
      buffer.append(contentsOf: bytes[..<count])
      end = buffer.count
    }
  }

  /// What to do now. After ``Action/request(_:)`` or ``Action/refuse(_:)`` the owner must answer before asking again.
  public mutating func next() -> Action {
    do {
      if let action = try advance() { return action }
    } catch {
      return refuse(error)
    }
    keepRest()
    return .needsInput(phase)
  }

  /// Copies what is left of the caller's buffer, so that the caller may use that again before ``next()`` has
  /// consumed all of it.
  public mutating func keepRest() {
    guard start < end else {
      buffer = []
      start = 0
      end = 0
      return
    }
    guard !ownsBuffer || start > 0 else { return }
    buffer = Array(buffer[start..<end])
    end -= start
    start = 0
    ownsBuffer = true
  }

  /// To be called when the client has sent its last byte (FIN): an unfinished request is refused (RFC 9112 §8), nil
  /// means that nothing is owed.
  public mutating func inputEnded() -> Action? {
    switch phase {
    case .closing, .answer: return nil
    case .idle:
      state = .closed
      return nil
    case .head, .body: return refuse(.incompleteMessage)
    }
  }

  /// To be called when the current phase took too long: what to answer, nil for an idle connection.
  public mutating func timedOut() -> Action? {
    switch phase {
    case .answer: return nil
    case .idle, .closing:
      state = .closed
      return nil
    case .head: return refuse(.headerTimeout)
    case .body: return refuse(.bodyTimeout)
    }
  }

  /// To be called when there is no room for the rest of a body: what to answer, nil when no body is awaited.
  public mutating func bodyRefused() -> Action? {
    phase == .body ? refuse(.tooMuchBuffered) : nil
  }

  /// Appends the answer to the current request to `output`. With `closing`, it is the connection's last. If no more
  /// input is there, gives what ``next()`` would say that the connection waits for.
  @discardableResult public mutating func answer(
    _ response: borrowing Response, _ standing: borrowing StandingFields, closing: Bool = false,
    into output: inout [UInt8]
  ) -> Phase? {
    let isLast = closing || !isPersistent || isClosing
    let writer = ResponseWriter(
      isHead: parser.head.method == .head, isLast: isLast, namesKeepAlive: parser.head.version == .http1_0)
    writer.write(response, standing, into: &output)
    finishAnswer(isLast: isLast)
    guard start == end else { return nil }
    dropInput()
    return isLast ? .closing : .idle
  }

  /// Appends the head of the answer to the current request, and its body as the first piece; what follows is given to
  /// ``append(piece:into:)``. False if nothing follows, because it is HEAD that is answered or the status forbids
  /// content; then the answer is complete.
  public mutating func beginStream(
    _ head: borrowing Response, _ standing: borrowing StandingFields, closing: Bool = false,
    into output: inout [UInt8]
  ) -> Bool {
    isChunked = parser.head.version == .http1_1
    isPersistent = isPersistent && isChunked && !closing
    let isHead = parser.head.method == .head
    let writer = ResponseWriter(
      isHead: isHead, isLast: !isPersistent, framing: isChunked ? .chunked : .close, namesKeepAlive: false)
    writer.write(head, standing, into: &output)
    guard !isHead, !head.status.forbidsContent else {
      finishAnswer(isLast: !isPersistent)
      return false
    }
    append(piece: head.body, into: &output)
    return true
  }

  /// Appends a piece of a stream; an empty one is nothing.
  public func append(piece: [UInt8], into output: inout [UInt8]) {
    // An empty chunk would be the last.
    guard !piece.isEmpty else { return }
    guard isChunked else { return output.append(contentsOf: piece) }
    output.append(String(piece.count, radix: 16))
    output.appendNewline()
    output.append(contentsOf: piece)
    output.appendNewline()
  }

  /// Appends the end of a stream. With `closing`, it was the connection's last answer.
  public mutating func endStream(closing: Bool = false, into output: inout [UInt8]) {
    if isChunked { output.append("0\r\n\r\n") }
    finishAnswer(isLast: closing || !isPersistent)
  }

  private mutating func finishAnswer(isLast: Bool) {
    parser.reset()
    headLength = 0
    content = []
    contentReceived = 0
    state = isLast ? .closed : .head
    if isLast { dropInput() }
  }

  private mutating func refuse(_ error: HTTPError) -> Action {
    state = .closed
    dropInput()
    return .refuse(error)
  }

  private mutating func dropInput() {
    start = end
    keepRest()
  }

  private mutating func advance() throws(HTTPError) -> Action? {
    if case .head = state {
      guard start < end else { return nil }
      let bytes = buffer
      let message = bytes.span.extracting(start..<end)
      guard let length = try parser.parse(message, rules) else { return nil }
      headLength = length
      try beginBody(message)
    }
    switch state {
    case .body(let length):
      let received = end - start - headLength
      contentReceived = min(received, length)
      guard received >= length else { return continueIfOwed() }
      let request = Request(
        head: parser.head, bytes: buffer, base: start, bodyRange: ByteRange(headLength, headLength + length))
      return complete(request, consumed: headLength + length)
    case .chunked(var reader):
      let first = start + headLength
      let bodyEnd = try reader.read(buffer, first..<end, into: &content, limits: rules.limits)
      contentReceived = content.count
      guard let bodyEnd else {
        state = .chunked(reader)
        end = first  // what has been decoded is not needed again
        keepHead()
        return continueIfOwed()
      }
      let message = buffer[start..<first] + content
      let request = Request(
        head: parser.head, bytes: Array(message), base: 0, bodyRange: ByteRange(headLength, message.count))
      return complete(request, consumed: bodyEnd - start)
    case .head, .answer, .closed:
      return nil
    }
  }

  /// What the whole header section says (RFC 9112 §3.2, §6.3, §9.3).
  private mutating func beginBody(_ message: borrowing Span<UInt8>) throws(HTTPError) {
    let control = parser.control
    let isHTTP1_1 = parser.head.version == .http1_1
    if isHTTP1_1, control.host == nil { throw .hostMissing }
    let framing = try control.framing(version: parser.head.version, bodyLimit: rules.limits.body)
    parser.useHost()
    guard
      control.isHostListed && !parser.head.isAbsolute
        || rules.authorities.allows(message, parser.head.authority)
    else { throw .misdirected }
    isPersistent = !control.hasClose && (isHTTP1_1 || control.hasKeepAlive)
    owesContinue = control.expectsContinue && isHTTP1_1 && message.count == headLength
    switch framing {
    case .length(let length): state = .body(length)
    case .chunked: state = .chunked(ChunkedReader())
    }
  }

  private mutating func continueIfOwed() -> Action? {
    guard owesContinue else { return nil }
    owesContinue = false
    return .sendContinue
  }

  private mutating func complete(_ request: consuming Request, consumed: Int) -> Action {
    start += consumed
    state = .answer
    return .request(request)
  }

  private mutating func keepHead() {
    if !ownsBuffer {
      keepRest()
    } else {
      buffer.removeLast(buffer.count - end)
    }
  }
}
