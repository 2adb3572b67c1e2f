import Glibc

/// A blocking TCP client on loopback, written on plain sockets so that it can send anything.
final class LoopbackClient {
  private let descriptor: Int32

  /// Connects within the kernel's own time; nil when refused.
  init?(port: UInt16, receiveBuffer: Int32? = nil) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: 15, tv_usec: 0)
    _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    if var size = receiveBuffer {
      _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = unsafe withUnsafeBytes(of: &address) { raw in
      unsafe connect(
        descriptor, raw.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(raw.count))
    }
    guard result == 0 else { return nil }
  }

  deinit { close(descriptor) }

  /// Sends all of `text`; false when the server has reset the connection.
  @discardableResult func send(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { all in
        unsafe Glibc.send(
          descriptor, all.baseAddress.map { unsafe $0 + sent }, all.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 { return false }
      sent += count
    }
    return true
  }

  /// Sends FIN.
  func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Makes the coming `deinit` send RST instead of FIN.
  func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// What has come next, at most `count` bytes; empty at the end of the connection, nil after 15 s or a reset.
  func receive(_ count: Int = 65_536) -> String? {
    var buffer = [UInt8](repeating: 0, count: count)
    let received = unsafe buffer.withUnsafeMutableBytes {
      unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
    }
    return received < 0 ? nil : String(decoding: buffer[..<received], as: UTF8.self)
  }

  /// Everything up to and including `mark`, or what came before the end.
  func receive(until mark: String) -> String {
    var text = ""
    while !text.contains(mark), let more = receive(1), !more.isEmpty { text += more }
    return text
  }

  /// The next `count` bytes, or what came before the end.
  func receive(exactly count: Int) -> String {
    var text = ""
    while text.utf8.count < count, let more = receive(count - text.utf8.count), !more.isEmpty { text += more }
    return text
  }

  /// Everything up to the server's FIN; nil when that does not come.
  func receiveAll() -> String? {
    var text = ""
    while let more = receive() {
      if more.isEmpty { return text }
      text += more
    }
    return nil
  }
}
