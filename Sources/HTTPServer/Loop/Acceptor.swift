import HTTPCore
import Logging
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The listener of a server, on its first loop: accepts and spreads connections over all loops in turn.
final class Acceptor {
  /// No client's token: their generations have 31 bits.
  static let token = UInt64.max - 1
  /// Connections accepted for one readiness, so that the loop's clients get their turn.
  private static let burst = 64

  /// Milliseconds between two warnings that accepting pauses.
  private static let warningInterval = 60_000

  private let listener: Int32
  private let loops: [EventLoop]
  private let service: Service
  private let poller: any Poller
  private var turn = 0
  private var isOpen = false
  private var lastWarning: Int?
  /// Whether accepting waits for connections or descriptors to become free.
  private(set) var isPaused = false

  init(listener: Int32, loops: [EventLoop], service: Service, poller: any Poller) {
    self.listener = listener
    self.loops = loops
    self.service = service
    self.poller = poller
  }

  func begin() {
    isOpen = true
    poller.add(listener, token: Self.token, interest: .read)
  }

  func accept() {
    guard isOpen, !isPaused else { return }
    for _ in 0..<Self.burst {
      guard service.connections.load(ordering: .relaxed) < service.limits.connections else {
        return pause("connection limit reached")
      }
      let (connection, error) = Socket.accept(listener)
      if let connection {
        service.connections.add(1, ordering: .relaxed)
        loops[turn].post(.adopt(connection.descriptor, connection.peer))
        turn = (turn + 1) % loops.count
        continue
      }
      switch error {
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: return pause(Socket.describe(error))
      case EINTR, ECONNABORTED, EPROTO, EPERM: continue
      default: return
      }
    }
  }

  /// Tries again after a pause.
  func resume() {
    guard isOpen, isPaused else { return }
    isPaused = false
    poller.modify(listener, token: Self.token, interest: .read)
  }

  /// Closes the listener.
  func end() {
    guard isOpen else { return }
    isOpen = false
    isPaused = false
    Socket.shutdownBoth(listener)
    poller.close(listener)
  }

  private func pause(_ reason: String) {
    isPaused = true
    poller.modify(listener, token: Self.token, interest: [])
    // A flood pauses it several times a second.
    let now = Socket.monotonicMilliseconds
    if let lastWarning, now - lastWarning < Self.warningInterval { return }
    lastWarning = now
    service.logger.warning("accepting paused", metadata: ["reason": "\(reason)"])
  }
}
