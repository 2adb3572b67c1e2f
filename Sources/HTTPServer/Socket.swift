import CSystem

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The system calls of the server as functions of values. `unsafe` marks the pointers that these calls take; none
/// outlives its call.
enum Socket {
  /// What a read or write came to.
  enum Transfer: Equatable {
    case bytes(Int)
    case wouldBlock
    case failed
  }

  private static let backlog: Int32 = 4096

  #if os(Linux)
    private static let stream = Int32(SOCK_STREAM.rawValue)
    private static let tcp = Int32(IPPROTO_TCP)
    private static let sendFlags = Int32(MSG_NOSIGNAL)
    private static let shutWrite = Int32(SHUT_WR)
    private static let shutBoth = Int32(SHUT_RDWR)
    private static let descriptorResource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
    private static let stream = SOCK_STREAM
    private static let tcp = IPPROTO_TCP
    private static let sendFlags: Int32 = 0
    private static let shutWrite = SHUT_WR
    private static let shutBoth = SHUT_RDWR
    private static let descriptorResource = RLIMIT_NOFILE
  #endif

  static var coreCount: Int { min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1), 256) }

  static func describe(_ errno: Int32) -> String { unsafe String(cString: strerror(errno)) }

  static func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }

  /// An IPv6 address as text (RFC 5952).
  static func text(of address: ClientAddress) -> String {
    var bytes = ClientAddress.Bytes(high: address.high.bigEndian, low: address.low.bigEndian)
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard unsafe inet_ntop(AF_INET6, &bytes, &text, socklen_t(text.count)) != nil else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// How many descriptors may be open; nil if that is unlimited.
  static var descriptorLimit: Int? {
    var limit = rlimit()
    guard unsafe getrlimit(descriptorResource, &limit) == 0 else { return nil }
    return Int(exactly: limit.rlim_cur)
  }

  /// Raises the soft limit of open descriptors to the hard one.
  static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard unsafe getrlimit(descriptorResource, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = unsafe setrlimit(descriptorResource, &limit)
  }

  /// A listening, non-blocking socket and its port.
  static func listen(host: String, port: UInt16) throws(ServerError) -> (descriptor: Int32, port: UInt16) {
    let literal = host == "localhost" ? "127.0.0.1" : host
    var v4 = sockaddr_in()
    v4.sin_family = sa_family_t(AF_INET)
    v4.sin_port = port.bigEndian
    var v6 = sockaddr_in6()
    v6.sin6_family = sa_family_t(AF_INET6)
    v6.sin6_port = port.bigEndian
    if unsafe inet_pton(AF_INET, literal, &v4.sin_addr) == 1 {
      return try bind(AF_INET, v4)
    }
    guard unsafe inet_pton(AF_INET6, literal, &v6.sin6_addr) == 1 else { throw .hostInvalid(host) }
    return try bind(AF_INET6, v6)
  }

  private static func bind<Address>(
    _ family: Int32, _ address: Address
  ) throws(ServerError) -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(family, stream, 0)
    guard descriptor >= 0 else { throw .system(call: "socket", errno: errno) }
    for (level, option) in [(SOL_SOCKET, SO_REUSEADDR), (tcp, TCP_NODELAY)] {
      var on: Int32 = 1
      // Accepted sockets inherit TCP_NODELAY.
      _ = unsafe setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var address = address
    var length = socklen_t(MemoryLayout<Address>.size)
    let failed = unsafe withUnsafeMutableBytes(of: &address) { raw -> String? in
      guard let pointer = unsafe raw.baseAddress?.assumingMemoryBound(to: sockaddr.self) else {
        return "bind"
      }
      #if os(Linux)
        let result = unsafe Glibc.bind(descriptor, pointer, length)
      #else
        let result = unsafe Darwin.bind(descriptor, pointer, length)
      #endif
      if result != 0 { return "bind" }
      if unsafe getsockname(descriptor, pointer, &length) != 0 { return "getsockname" }
      return nil
    }
    if let call = failed { throw failure(call, descriptor) }
    guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else { throw failure("fcntl", descriptor) }
    #if os(Linux)
      guard Glibc.listen(descriptor, backlog) == 0 else { throw failure("listen", descriptor) }
    #else
      guard Darwin.listen(descriptor, backlog) == 0 else { throw failure("listen", descriptor) }
    #endif
    // The port lies at the same place in both kinds of address.
    let port = unsafe withUnsafeBytes(of: &address) {
      unsafe $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
    }
    return (descriptor, port.bigEndian)
  }

  private static func failure(_ call: String, _ descriptor: Int32) -> ServerError {
    let error = ServerError.system(call: call, errno: errno)
    close(descriptor)
    return error
  }

  /// The next waiting connection as a non-blocking socket with its peer, or nil with the reason.
  static func accept(_ listener: Int32) -> (
    connection: (descriptor: Int32, peer: ClientAddress)?, errno: Int32
  ) {
    var address = ClientAddress.Bytes()
    #if os(Linux)
      let descriptor = unsafe withUnsafeMutableBytes(of: &address) { raw in
        guard let start = unsafe raw.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
          return Int32(-1)
        }
        return unsafe csystem_accept(listener, start)
      }
    #else
      let descriptor = acceptOnDarwin(listener, &address)
    #endif
    return descriptor >= 0 ? ((descriptor, ClientAddress(address)), 0) : (nil, errno)
  }

  #if !os(Linux)
    private static func acceptOnDarwin(_ listener: Int32, _ address: inout ClientAddress.Bytes) -> Int32 {
      var peer = sockaddr_in6()
      var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
      let descriptor = unsafe withUnsafeMutableBytes(of: &peer) { raw -> Int32 in
        guard let start = unsafe raw.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
        return unsafe Darwin.accept(listener, start, &length)
      }
      guard descriptor >= 0 else { return descriptor }
      _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      unsafe withUnsafeBytes(of: &peer) { raw in
        // sockaddr_in has its address at byte 4, sockaddr_in6 at byte 8.
        address =
          peer.sin6_family == sa_family_t(AF_INET6)
          ? unsafe raw.loadUnaligned(fromByteOffset: 8, as: ClientAddress.Bytes.self)
          : ClientAddress.Bytes(
            high: 0,
            low: (0xffff_0000_0000
              | UInt64(UInt32(bigEndian: unsafe raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self))))
              .bigEndian)
      }
      return descriptor
    }
  #endif

  /// Reads into `buffer` from its beginning; 0 bytes is the peer's FIN.
  static func receive(_ descriptor: Int32, into buffer: inout [UInt8]) -> Transfer {
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
    return count >= 0 ? .bytes(count) : failed()
  }

  /// Sends `bytes` from `start` on.
  static func send(_ descriptor: Int32, _ bytes: [UInt8], from start: Int) -> Transfer {
    let count = unsafe bytes.withUnsafeBytes { all in
      let rest = unsafe UnsafeRawBufferPointer(rebasing: all[start...])
      #if os(Linux)
        return unsafe Glibc.send(descriptor, rest.baseAddress, rest.count, sendFlags)
      #else
        return unsafe Darwin.send(descriptor, rest.baseAddress, rest.count, sendFlags)
      #endif
    }
    return count >= 0 ? .bytes(count) : failed()
  }

  private static func failed() -> Transfer {
    errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? .wouldBlock : .failed
  }

  /// Sends FIN.
  static func shutdownWrite(_ descriptor: Int32) { _ = shutdown(descriptor, shutWrite) }

  /// Stops a listener at once, before its descriptor is closed.
  static func shutdownBoth(_ descriptor: Int32) { _ = shutdown(descriptor, shutBoth) }

  static func close(_ descriptor: Int32) {
    #if os(Linux)
      _ = Glibc.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
  }

  /// Milliseconds of a clock that never jumps.
  static var monotonicMilliseconds: Int { monotonicNanoseconds / 1_000_000 }

  /// Nanoseconds of that clock.
  static var monotonicNanoseconds: Int {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  /// Nanoseconds since 1970 UTC.
  static var unixNanoseconds: Int {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  /// A second in UTC as `2026-11-22T19:31:43`.
  static func utcText(unixSeconds: Int) -> String {
    var (seconds, parts) = (time_t(unixSeconds), unsafe tm())
    var text = [CChar](repeating: 0, count: 32)
    guard unsafe gmtime_r(&seconds, &parts) != nil else { return "" }
    let count = unsafe strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S", &parts)
    return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Seconds since 1970 UTC.
  static var unixSeconds: Int {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec
  }
}
