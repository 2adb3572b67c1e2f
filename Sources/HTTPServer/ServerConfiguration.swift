public import HTTPCore

/// How a ``Server`` listens and what it allows.
public struct ServerConfiguration: Sendable {
  /// Which readiness interface the event loops use.
  public enum PollerKind: String, Sendable, CaseIterable {
    /// epoll(7); Linux only.
    case epoll
    /// poll(2); anywhere.
    case poll
  }

  /// An IPv4 or IPv6 literal, or `localhost` (127.0.0.1).
  public var host = "127.0.0.1"
  /// The TCP port; 0 takes a free one.
  public var port: UInt16 = 0
  /// How many event loops, 1 to 256; by default one per core.
  public var loops = Socket.coreCount
  /// The readiness interface: epoll where there is one.
  public var poller = PollerKind.platformDefault
  /// What a connection may ask.
  public var limits = Limits()
  /// Hosts that requests may be for beside the server's own address and port: `host:port`, or `host` at any port; nil
  /// allows any. A server on every interface (`0.0.0.0`, `::`) answers for `localhost` and for every IP address
  /// besides, at any port.
  public var additionalAuthorities: [String]? = []
  /// How many requests one client may make; nil for any number.
  public var rateLimit: RateLimit?
  /// Paths, as they are sent, whose requests are not counted against ``rateLimit``: what monitors ask for.
  public var unlimitedPaths: [String] = []
  /// What is counted; share it with the handler that shows it.
  public var metrics = ServerMetrics(routes: [])
  /// Where each answer is noted; nil for nowhere.
  public var accessLog: AccessLog?
  /// What every answer carries beside its own fields.
  public var commonFields = ResponseFields()

  /// The defaults given with each property.
  public init() {}
}

extension ServerConfiguration.PollerKind {
  /// The best that the platform has.
  public static var platformDefault: Self {
    #if os(Linux)
      .epoll
    #else
      .poll
    #endif
  }
}

/// Why a server could not start.
public enum ServerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The host is neither a literal address nor `localhost`.
  case hostInvalid(String)
  /// That setting is outside its range or not available on this platform.
  case settingInvalid(String)
  /// A system call failed with this errno.
  case system(call: String, errno: Int32)

  /// One line for the operator.
  public var description: String {
    switch self {
    case .hostInvalid(let host): "\(host) is not an IPv4 or IPv6 address or localhost"
    case .settingInvalid(let setting): "\(setting) is outside its range or not available here"
    case .system(let call, let errno): "\(call): \(Socket.describe(errno))"
    }
  }
}
