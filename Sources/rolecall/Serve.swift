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
      Each option can also be set by an environment variable: --max-body by ROLECALL_MAX_BODY, and so on. Lists have \
      commas between their values. The command line wins.
      """)

  @Option(help: "The address to listen on: an IPv4 or IPv6 literal, or localhost.")
  var host = "127.0.0.1"
  @Option(help: "The TCP port; 0 takes a free one.")
  var port: UInt16 = 8080
  @Option(help: "Event loops; by default one per core.")
  var loops: Int?
  @Option(help: "How the event loops learn what is ready.")
  var poller = ServerConfiguration.PollerKind.platformDefault
  @Option(help: "The least severe messages to log.")
  var logLevel = Logger.Level.info
  @Option(
    help: """
      A further host that requests may be for: host:port, or host at any port; * for any. The service answers for its \
      own address, and for localhost where that is it.
      """)
  var allowHost: [String] = []
  @Option(help: "An origin whose web pages may use the service, such as https://lab.example.")
  var allowOrigin: [String] = []
  @OptionGroup(title: "Limits")
  var limits: LimitOptions

  func validate() throws {
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

    let service = RolecallService(limits: limits.serviceLimits, origins: WebOrigins(allowOrigin)) {
      time(nil)
    }
    let stop = StopSignal()
    let name = host.contains(":") ? "[\(host)]" : host
    let server: Server
    do {
      server = try Server(
        configuration: configuration, logger: logger, renderError: service.respond(to:limits:authorities:),
        handler: service.respond(to:))
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
    sources = [SIGTERM, SIGINT].map { number in
      // Otherwise the signal ends the process before its source hears of it.
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
    for source in sources {
      source.setEventHandler { [received] in received.signal() }
      source.activate()
    }
  }

  func wait() { received.wait() }
}
