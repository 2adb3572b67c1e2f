import HTTPCore

/// One connection's state on its loop.
final class Client {
  let descriptor: Int32
  let token: UInt64
  var http: HTTPConnection
  /// Answers that the socket did not take yet, from `sent` on.
  var unsent: [UInt8] = []
  var sent = 0
  var interest = Interest.read
  /// Whether our FIN is sent, so that input is read only to be dropped.
  var isLingering = false
  /// Whether the peer's FIN has come.
  var isPeerDone = false
  /// When it will be closed, in milliseconds of the loop's clock.
  var deadline = 0
  private var phase = HTTPConnection.Phase.idle
  private var phaseStart = 0

  init(descriptor: Int32, token: UInt64, service: Service) {
    self.descriptor = descriptor
    self.token = token
    http = HTTPConnection(limits: service.limits, authorities: service.authorities)
  }

  /// Sets the deadline for what the connection waits for; `answered` says that a request was answered just now, so
  /// that whatever has begun is new.
  func updateDeadline(now: Int, limits: borrowing Limits, answered: Bool) {
    if http.phase != phase || answered {
      phase = http.phase
      phaseStart = now
    }
    if !unsent.isEmpty {
      deadline = now + limits.writeStallSeconds * 1000
      return
    }
    let idle = now + limits.idleSeconds * 1000
    switch phase {
    case .idle: deadline = idle
    case .head: deadline = phaseStart + limits.headerSeconds * 1000
    case .body:
      let earned = http.contentReceived * 1000 / limits.bodyBytesPerSecond
      deadline = min(phaseStart + limits.bodyGraceSeconds * 1000 + earned, idle)
    }
  }
}
