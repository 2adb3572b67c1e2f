public import ArgumentParser
import Dispatch
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
    abstract: "Serve the API over HTTP/1.1 until SIGTERM or SIGINT.")

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

  func run() throws {
    var logger = Logger(label: "rolecall") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = logLevel
    var configuration = ServerConfiguration()
    configuration.host = host
    configuration.port = port
    configuration.poller = poller
    if let loops { configuration.loops = loops }

    let service = RolecallService { time(nil) }
    let stop = StopSignal()
    let name = host.contains(":") ? "[\(host)]" : host
    let server: Server
    do {
      server = try Server(
        configuration: configuration, logger: logger, renderError: service.respond(to:authorities:),
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
