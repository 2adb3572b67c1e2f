/// What one connection may ask of the server, in bytes, counts and seconds.
///
/// Sizes and counts are enforced by ``HTTPConnection``; times and connection counts by whoever owns the
/// sockets, since this module has no clock. Every value is 1 to ``largest``.
public struct Limits: Sendable, Equatable {
  /// Longest request line, without its CRLF, in bytes (RFC 9112 §3 asks for at least 8,000). Over it: 414.
  public var requestLine = 8 * 1024
  /// Longest header section, CRLFs included, in bytes (RFC 6585 §5). Over it: 431.
  public var headerSection = 32 * 1024
  /// Most field lines in a header section. Over it: 431.
  public var fields = 128
  /// Longest body after removal of the transfer coding, in bytes (RFC 9110 §15.5.14). Over it: 413.
  public var body = 4 * 1024 * 1024
  /// Most bytes of chunk extensions and of trailers, each, in one message (RFC 9112 §7.1.1). Over it: 413, 431.
  public var chunkOverhead = 8 * 1024
  /// Seconds from a request's first byte to the end of its header section. Over it: 408.
  public var headerSeconds = 10
  /// Seconds that a connection may stay silent between requests or within a body.
  public var idleSeconds = 15
  /// Bytes per second that a body must reach on average after ``bodyGraceSeconds``. Under it: 408.
  public var bodyBytesPerSecond = 240
  /// Seconds before ``bodyBytesPerSecond`` is asked for.
  public var bodyGraceSeconds = 5
  /// Bytes of unsent answers on one connection at which its requests are no longer read.
  public var pendingOutput = 256 * 1024
  /// Seconds that unsent answers may wait for a client that does not read.
  public var writeStallSeconds = 10
  /// Bytes per second that a client must take of waiting answers on average, once ``writeStallSeconds`` have passed.
  public var outputBytesPerSecond = 4096
  /// Seconds that a closed connection's remaining input is read and dropped, so that the last answer arrives
  /// (RFC 9112 §9.6).
  public var lingerSeconds = 1
  /// Bytes of unfinished bodies and unsent answers of all connections together. Over it, those of more than
  /// ``bufferedShare`` are given up: a body by 503, an answer by closing the connection.
  public var buffered = 1 << 30
  /// Bytes that each connection may buffer however much the others do.
  public static let bufferedShare = 16 * 1024
  /// Open connections at which accepting pauses.
  public var connections = 10_000

  /// The largest value that any limit may have.
  public static let largest = 1 << 30

  /// The defaults given with each property.
  public init() {}
}
