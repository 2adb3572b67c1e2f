/// How a handler answers a request.
public enum Answer: Sendable {
  /// With this.
  case now(Response)
  /// With what ``Later/answer(_:)`` is given. Until then the connection waits, however long.
  case later
  /// With content that comes in pieces, by ``Later/send(_:)``, until ``Later/end()``.
  case stream(EventStream)
}

/// An answer whose content comes in pieces over time, such as Server-Sent Events (WHATWG HTML, section 9.2). Each piece is
/// sent whole, as a chunk where the client speaks HTTP/1.1 (RFC 9112 §7.1).
///
/// A client that has fallen ``bound`` pieces behind is let go; it may come again and ask for what it has missed. Nothing
/// is sent to HEAD but the head. When the server ends, streams end at once.
public final class EventStream: Sendable {
  /// Pieces that may wait for a client.
  public static let bound = 64

  /// Status, fields, and the first piece, which may be empty. Framing is added.
  public let head: Response
  /// Milliseconds of silence after which ``heartbeat`` is sent, so that proxies keep the connection and dead clients are
  /// noticed; nil for never. The time is kept to a quarter of a second.
  public let heartbeatInterval: Int?
  /// Called once, when the stream is over for whatever reason, on an event loop: it must not wait.
  public let onEnd: @Sendable () -> Void

  /// A comment of Server-Sent Events.
  public static let heartbeat = Array(": \n\n".utf8)

  /// A stream as given.
  public init(_ head: Response, heartbeatInterval: Int? = 15_000, onEnd: @escaping @Sendable () -> Void) {
    self.head = head
    self.heartbeatInterval = heartbeatInterval
    self.onEnd = onEnd
  }
}

/// Where the rest of an answer is handed in, once the handler has said that it comes later. It can be used from any
/// thread, never waits, and does nothing any more once the answer is complete or the client is gone.
public struct Later: Sendable {
  private let receiver: any AnswerReceiver
  private let client: UInt64
  private let request: UInt32

  /// The rest of the answer to a client's request, both as `receiver` numbers them.
  public init(_ receiver: any AnswerReceiver, client: UInt64, request: UInt32) {
    self.receiver = receiver
    self.client = client
    self.request = request
  }

  /// Answers, where the handler said ``Answer/later``.
  public func answer(_ response: Response) { hand(in: .answer(response)) }

  /// Sends these pieces, each whole, where the handler said ``Answer/stream(_:)``; it may be called before that.
  public func send(_ pieces: [[UInt8]]) { hand(in: .pieces(pieces)) }

  /// Ends the stream.
  public func end() { hand(in: .end) }

  private func hand(in part: AnswerPart) { receiver.receive(part, client: client, request: request) }
}

/// What is handed in by ``Later``.
public enum AnswerPart: Sendable {
  /// The whole answer.
  case answer(Response)
  /// Pieces of a stream.
  case pieces([[UInt8]])
  /// The end of a stream.
  case end
}

/// Whoever owns connections: takes in what comes later, from any thread.
public protocol AnswerReceiver: AnyObject, Sendable {
  /// Takes in a part of the answer to a request of a client.
  func receive(_ part: AnswerPart, client: UInt64, request: UInt32)
}
