import Foundation

/// A TCP connection that sends what it is told, for requests that libcurl would not make.
final class RawConnection {
  private let descriptor: Int32

  /// - Parameter url: a URL of the service, without a slash at its end.
  init(_ url: String) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = (url.split(separator: ":").last.flatMap { UInt16($0) } ?? 0).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = unsafe withUnsafeBytes(of: &address) { raw in
      unsafe connect(descriptor, raw.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(raw.count))
    }
    guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
  }

  deinit { close(descriptor) }

  func send(_ text: String) {
    _ = unsafe Foundation.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL))
  }

  /// What comes until `mark` has come `count` times, the server closes, or 10 seconds pass in silence.
  func receive(until mark: String, count: Int = 1) -> String {
    var text = ""
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while text.ranges(of: mark).count < count {
      let received = unsafe recv(descriptor, &buffer, buffer.count, 0)
      guard received > 0 else { break }
      text += String(decoding: buffer[..<received], as: UTF8.self)
    }
    return text
  }
}
