import Foundation
import Synchronization

/// A server that answers with the bytes it is told to, whatever it is asked: what clients are tested against.
///
/// It serves one connection at a time, on a thread of its own.
final class ScriptedPeer: Sendable {
  private struct State {
    var answers: [String]
    var requests: [String] = []
  }

  private let listener: Int32
  private let state: Mutex<State>

  let url: String

  /// The requests as they came in, byte for byte.
  var requests: [String] { state.withLock { $0.requests } }

  /// - Parameter answers: one for each request; with none left, the peer stays silent.
  init(answers: [String]) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    state = Mutex(State(answers: answers))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { [listener] pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        guard unsafe bind(listener, pointer, length) == 0, listen(listener, 8) == 0 else { return Int32(-1) }
        return unsafe getsockname(listener, pointer, &length)
      }
    }
    guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    Thread.detachNewThread { [listener, self] in
      while case let connection = accept(listener, nil, nil), connection >= 0 {
        serve(connection)
        close(connection)
      }
      close(listener)
    }
  }

  /// Takes no further connection.
  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func serve(_ connection: Int32) {
    while let request = readRequest(connection) {
      let answer = state.withLock { state in
        state.requests.append(request)
        return state.answers.isEmpty ? nil : state.answers.removeFirst()
      }
      if let answer { _ = unsafe send(connection, answer, answer.utf8.count, Int32(MSG_NOSIGNAL)) }
    }
  }

  private func readRequest(_ connection: Int32) -> String? {
    var text = ""
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      if let end = text.firstRange(of: "\r\n\r\n") {
        let length = text[..<end.lowerBound].firstMatch(of: /(?i)content-length: (\d+)/).flatMap { Int($0.1) }
        if text[end.upperBound...].utf8.count >= length ?? 0 { return text }
      }
      let count = unsafe recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      text += String(decoding: buffer[..<count], as: UTF8.self)
    }
  }
}
