import ArgumentParser

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `rolecall check`
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask a running service whether it is ready; the exit status says so.")

  @Argument(
    help: "The service's URL: http, an IPv4 address or localhost, and a port.",
    transform: { try ServiceAddress($0) })
  var url = ServiceAddress(host: "127.0.0.1", port: 8080)

  func run() throws {
    guard let status = url.statusLine(of: "/readyz") else {
      print("no answer from \(url.host):\(url.port)")
      throw ExitCode(1)
    }
    print(status)
    guard status.hasPrefix("HTTP/1.1 200 ") else { throw ExitCode(1) }
  }
}

/// Where a service listens.
struct ServiceAddress {
  let host: String
  let port: UInt16

  init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  init(_ url: String) throws {
    guard let match = url.wholeMatch(of: /http:\/\/([0-9.]+|localhost)(?::([0-9]{1,5}))?\/?/) else {
      throw ValidationError("\(url) is not like http://127.0.0.1:8080.")
    }
    guard let port = UInt16(match.2 ?? "80") else { throw ValidationError("\(url) has no such port.") }
    self.init(host: match.1 == "localhost" ? "127.0.0.1" : String(match.1), port: port)
  }

  /// The first line of the answer to GET; nil if none comes within five seconds.
  func statusLine(of path: String) -> String? {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    guard unsafe inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return nil }
    #if canImport(Glibc)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var limit = timeval(tv_sec: 5, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      unsafe setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let connected = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, size)
      }
    }
    guard connected == 0 else { return nil }
    let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host):\(port)\r\nConnection: close\r\n\r\n".utf8)
    guard unsafe send(descriptor, request, request.count, 0) == request.count else { return nil }
    return firstLine(from: descriptor)
  }

  private func firstLine(from descriptor: Int32) -> String? {
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 512)
    while answer.count < 8192 {
      if let end = answer.firstIndex(of: UInt8(ascii: "\r")) {
        return String(decoding: answer[..<end], as: UTF8.self)
      }
      let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      answer += buffer[..<count]
    }
    return nil
  }
}
