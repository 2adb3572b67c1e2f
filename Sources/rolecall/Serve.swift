public import ArgumentParser
import Dispatch
import HTTPCore
public import HTTPServer
import Labs
public import Logging
import RolecallAPI
import SessionStore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `rolecall serve`
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve the API over HTTP/1.1 until SIGTERM or SIGINT.",
    discussion: """
      Each option can also be set by the environment variable that stands behind it in brackets. Of allow-host and \
      allow-origin the variable holds a list with commas; the options may be given several times. The command line wins.
      """)

  @Option(help: .setting("host", "The address to listen on: an IPv4 or IPv6 literal, or localhost."))
  var host = "127.0.0.1"
  @Option(help: .setting("port", "The TCP port; 0 takes a free one."))
  var port: UInt16 = 8080
  @Option(help: .setting("loops", "Event loops. (default: one per core)"))
  var loops: Int?
  @Option(help: .setting("poller", "How the event loops learn what is ready."))
  var poller = ServerConfiguration.PollerKind.platformDefault
  @Option(help: .setting("log-level", "The least severe messages to log."))
  var logLevel = Logger.Level.info
  @Option(help: .setting("access-log", "A line on standard output for each answer."))
  var accessLog = AccessLogFormat.off
  @Option(
    help: .setting(
      "allow-host",
      """
      A further host that requests may be for: host:port, or host at any port; * for any. (default: none but its own \
      address, and localhost where that is it)
      """))
  var allowHost: [String] = []
  @Option(
    help: .setting(
      "allow-origin",
      "An origin whose web pages may use the service, such as https://lab.example. (default: none)"))
  var allowOrigin: [String] = []
  @Option(
    name: .customLong("operator-token-file"),
    help: .setting(
      "operator-token-file",
      "The file with the token that lets the operator list every session. (default: none)"),
    transform: { try OperatorToken(file: $0) })
  var operatorToken: OperatorToken?
  @Option(
    name: .customLong("labs"),
    help: .setting("labs", "A folder with labs of your own, NAME.yaml. (default: none)"))
  var labFolder: String?
  @OptionGroup(title: "Sessions")
  var dataOptions: DataOptions
  @OptionGroup(title: "Limits")
  var limits: LimitOptions

  func validate() throws {
    if let loops { try Setting(option: "loops").check(loops) }
    for host in allowHost where host != "*" && !AllowedAuthorities.isValid(host) {
      throw ValidationError("--allow-host \(host) is not a host, or a host and a port.")
    }
    for origin in allowOrigin where !WebOrigins.isValid(origin) {
      throw ValidationError(
        "--allow-origin \(origin) is not like https://lab.example or http://127.0.0.1:3000.")
    }
  }

  func run() throws {
    var logger = Logger(label: "rolecall") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = logLevel
    var configuration = ServerConfiguration()
    configuration.host = host
    configuration.port = port
    configuration.poller = poller
    if let loops { configuration.loops = loops }
    configuration.limits = limits.limits
    configuration.rateLimit = limits.requestRate
    configuration.commonFields = WebOrigins.protectiveFields
    configuration.additionalAuthorities = allowHost.contains("*") ? nil : allowHost
    configuration.unlimitedPaths = RolecallService.monitoredPaths
    configuration.accessLog = accessLog.makeLog()
    let metrics = ServerMetrics(
      routes: RolecallService.routeLabels.map {
        RouteLabel(method: $0.method, template: $0.template, group: $0.group)
      })
    configuration.metrics = metrics

    let labs = LabLibrary.complete(try labFolder.map(readLabs(in:)) ?? [])
    let store = try dataOptions.open(logger)
    var serviceLimits = limits.serviceLimits(isDurable: store != nil)
    serviceLimits.residents = dataOptions.sessionsInMemory
    let service = RolecallService(
      limits: serviceLimits, store: store, origins: WebOrigins(allowOrigin),
      operatorToken: operatorToken,
      labs: labs,
      metrics: metrics.write(to:)
    ) { time(nil) }
    let stop = StopSignal()
    let name = host.contains(":") ? "[\(host)]" : host
    let server: Server
    do {
      server = try Server(
        configuration: configuration, logger: logger, renderError: service.respond(to:limits:authorities:),
        handler: service.respond(to:later:))
    } catch {
      throw CommandFailure("cannot serve on \(name):\(port): \(error)")
    }
    print("Rolecall serves on http://\(name):\(server.port)")
    // A pipe would keep the line until much more is printed.
    fflush(nil)
    let upkeep = Upkeep(of: service, lifetime: dataOptions.sessionTTL * 86_400, logger)
    stop.wait()
    server.shutdown()
    upkeep.end()
    try store?.close()
  }
}

extension OperatorToken {
  /// The token that a file holds, which is for the operator's eyes alone.
  fileprivate init(file path: String) throws {
    let file: InputFile
    do { file = try InputFile(path) } catch {
      throw ValidationError("\(error); name a file that can be read.")
    }
    guard file.mode & 0o007 == 0 else {
      throw ValidationError("it is open to everyone on this machine; chmod 600 closes it.")
    }
    guard let token = OperatorToken(String(decoding: file.bytes, as: UTF8.self)) else {
      throw ValidationError(
        """
        it must hold one token of at least \(Self.leastLength) letters, digits and -._~+/=, \
        such as openssl rand -hex 32 gives.
        """)
    }
    self = token
  }
}

extension ServerConfiguration.PollerKind: ExpressibleByArgument {
  /// The poller of that name. `dispatch` was the name of what stood in poll's place, and is still taken for it.
  public init?(argument: String) { self.init(rawValue: argument == "dispatch" ? "poll" : argument) }
}
extension Logger.Level: @retroactive ExpressibleByArgument {}

/// How the access log is written.
enum AccessLogFormat: String, CaseIterable, ExpressibleByArgument {
  case off, text, json

  /// The log; nil for none.
  func makeLog() -> AccessLog? {
    if self == .off { return nil }
    let logger = Logger(label: "access") { label in
      if self == .json { return JSONLogHandler() }
      return StreamLogHandler.standardOutput(label: label)
    }
    return AccessLog(logger, redact: RolecallService.redacted)
  }
}

/// SIGTERM and SIGINT as something to wait for.
private final class StopSignal {
  private let received = DispatchSemaphore(value: 0)
  private let sources: [any DispatchSourceSignal]

  init() {
    let queue = DispatchQueue(label: "signals")
    let registered = DispatchSemaphore(value: 0)
    sources = [SIGTERM, SIGINT].map { number in
      // Otherwise the signal ends the process before its source hears of it.
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
    for source in sources {
      source.setEventHandler { [received] in received.signal() }
      source.setRegistrationHandler { registered.signal() }
      source.activate()
    }
    // Until a source is registered, a signal that is ignored would be lost.
    for _ in sources { registered.wait() }
  }

  func wait() { received.wait() }
}
