import Dispatch
public import HTTPCore
public import Logging
import Synchronization

/// An HTTP/1.1 server: one listener, one event loop per core, connections spread over them in turn. It serves until
/// ``shutdown()``, whoever still holds it.
public final class Server: Sendable {
  /// Answers one request; called on an event loop, so it must not block. What cannot be told at once is handed in by
  /// `Later`.
  public typealias Handler = @Sendable (_ request: Request, _ later: Later) -> Answer
  /// Makes the answer to a request that was refused before any handler saw it, given the limits that hold and the
  /// authorities that are answered.
  public typealias ErrorRenderer = @Sendable (HTTPError, Limits, AllowedAuthorities) -> Response

  /// The host as configured.
  public let host: String
  /// The port bound, also when 0 was asked for.
  public let port: UInt16

  private let loops: [EventLoop]
  private let finished = DispatchGroup()
  private let accessLog: AccessLog?

  /// Seconds that ``shutdown()`` gives requests in flight.
  static let drainSeconds = 9

  /// Binds, listens and begins to serve.
  public init(
    configuration: ServerConfiguration, logger: Logger, renderError: @escaping ErrorRenderer,
    handler: @escaping Handler
  ) throws(ServerError) {
    try Self.check(configuration)
    Socket.ignoreBrokenPipes()
    Socket.raiseDescriptorLimit()
    var pollers: [any Poller] = []
    for _ in 0..<configuration.loops { pollers.append(try configuration.poller.make()) }
    let (listener, port) = try Socket.listen(host: configuration.host, port: configuration.port)
    host = configuration.host
    self.port = port
    accessLog = configuration.accessLog
    let service = Service(
      configuration, authorities: Self.authorities(configuration, port: port), logger: logger,
      renderError: renderError, handler: handler)
    loops = pollers.map { EventLoop(service: service, poller: $0) }
    service.metrics.observe { [weak service] in
      guard let service else { return (0, 0) }
      return (service.connections.load(ordering: .relaxed), service.buffered.load(ordering: .relaxed))
    }
    for (index, loop) in loops.enumerated() {
      DispatchQueue(label: "http.loop.\(index)").async(group: finished) { [loops] in
        index == 0 ? loop.run(accepting: listener, spreadOver: loops) : loop.run()
      }
    }
    logger.info(
      "serving",
      metadata: ["host": "\(host)", "port": "\(port)", "poller": "\(configuration.poller.rawValue)"])
  }

  /// Closes the listener and idle connections at once, lets requests in flight finish with `Connection: close`, and
  /// returns when all is closed, within 10 s. To be called from outside the handlers; later calls only wait.
  public func shutdown() {
    for loop in loops { loop.post(.drain) }
    finished.wait()
    accessLog?.flush()
  }

  private static func check(_ configuration: ServerConfiguration) throws(ServerError) {
    guard (1...256).contains(configuration.loops) else { throw .settingInvalid("loops") }
    let limits = configuration.limits
    let values = [
      ("request line", limits.requestLine), ("header section", limits.headerSection),
      ("fields", limits.fields),
      ("body", limits.body), ("chunk overhead", limits.chunkOverhead),
      ("header seconds", limits.headerSeconds),
      ("idle seconds", limits.idleSeconds), ("body rate", limits.bodyBytesPerSecond),
      ("body grace seconds", limits.bodyGraceSeconds), ("pending output", limits.pendingOutput),
      ("write stall seconds", limits.writeStallSeconds), ("output rate", limits.outputBytesPerSecond),
      ("linger seconds", limits.lingerSeconds), ("connections", limits.connections),
      ("buffered", limits.buffered),
      ("rate limit", configuration.rateLimit?.perSecond ?? 1),
      ("rate burst", configuration.rateLimit?.burst ?? 1),
    ]
    for (name, value) in values where !(1...Limits.largest).contains(value) { throw .settingInvalid(name) }
  }

  private static func authorities(_ configuration: ServerConfiguration, port: UInt16) -> AllowedAuthorities {
    guard let additional = configuration.additionalAuthorities else { return .any }
    if ["0.0.0.0", "::"].contains(configuration.host) {
      return AllowedAuthorities(["localhost"] + additional, takesAddresses: true)
    }
    var hosts = [configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host]
    let loopback = ["127.0.0.1", "[::1]", "localhost"]
    if loopback.contains(hosts[0]) { hosts = loopback }
    return AllowedAuthorities(hosts.map { "\($0):\(port)" } + (port == 80 ? hosts : []) + additional)
  }
}
