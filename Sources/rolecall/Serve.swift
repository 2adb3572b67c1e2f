public import ArgumentParser
import Dispatch
import HTTPCore
public import HTTPServer
public import Logging
import RolecallAPI

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
  @Option(help: .setting("loops", "Event loops, 1 to 256. (default: one per core)"))
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
  @OptionGroup(title: "Limits")
  var limits: LimitOptions

  func validate() throws {
    if let loops { try Setting(option: "loops").check(loops, 1...256) }
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

    let service = RolecallService(
      limits: limits.serviceLimits, origins: WebOrigins(allowOrigin), metrics: metrics.write(to:)
    ) { time(nil) }
    let stop = StopSignal()
    let name = host.contains(":") ? "[\(host)]" : host
    let server: Server
    do {
      server = try Server(
        configuration: configuration, logger: logger, renderError: service.respond(to:limits:authorities:),
        handler: { request, _ in .now(service.respond(to: request)) })
    } catch {
      throw StartFailure(description: "cannot serve on \(name):\(port): \(error)")
    }
    print("Rolecall serves on http://\(name):\(server.port)")
    // A pipe would keep the line until much more is printed.
    fflush(nil)
    stop.wait()
    server.shutdown()
  }
}

extension ServerConfiguration.PollerKind: ExpressibleByArgument {}
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

/// Where the server was to listen, and why it does not.
private struct StartFailure: Error, CustomStringConvertible {
  let description: String
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
