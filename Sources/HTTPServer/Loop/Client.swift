import HTTPCore
import Synchronization

/// One connection's state on its loop.
struct Client {
  let descriptor: Int32
  let token: UInt64
  /// Whether the descriptor is still its own.
  private(set) var isOpen = true
  let peer: ClientAddress
  var http: HTTPConnection
  /// Answers that the socket did not take yet, from `sent` on.
  var unsent: [UInt8] = []
  var sent = 0
  var interest = Interest.read
  /// Whether our FIN is sent, so that input is read only to be dropped.
  var isLingering = false
  /// Whether the peer's FIN has come.
  var isPeerDone = false
  /// When answers began to wait for the client, and how many bytes it has taken since.
  private var waitStart = 0
  private var taken = 0
  /// When it will be closed, in milliseconds of the loop's clock.
  var deadline = 0
  /// Bytes counted for it in the service's sum.
  private var buffered = 0
  private var phase = HTTPConnection.Phase.idle
  /// The state under which it is counted.
  var counted: ClientState?
  private var phaseStart = 0

  init(descriptor: Int32, peer: ClientAddress, token: UInt64, service: Service) {
    self.descriptor = descriptor
    self.peer = peer
    self.token = token
    http = HTTPConnection(service.rules)
  }

  /// Notes that the descriptor is closed, and gives back what memory it had.
  mutating func close(_ service: Service) {
    isOpen = false
    http = HTTPConnection(service.rules)
    unsent = []
  }

  /// Brings the service's sum up to date; false when it is passed and this client holds more than its share.
  mutating func countBuffered(in service: Service) -> Bool {
    let held = http.contentReceived + unsent.count
    guard held != buffered else { return true }
    let sum = service.buffered.add(held - buffered, ordering: .relaxed).newValue
    buffered = held
    return sum <= service.rules.limits.buffered || held <= Limits.bufferedShare
  }

  /// Takes it out of the service's sum.
  mutating func uncountBuffered(in service: Service) {
    service.buffered.subtract(buffered, ordering: .relaxed)
    buffered = 0
  }

  /// What it is doing now.
  var state: ClientState {
    if isLingering { return .closing }
    if !unsent.isEmpty { return .writing }
    return phase == .idle || phase == .closing ? .idle : .reading
  }

  /// Keeps `bytes` until the socket takes them.
  mutating func wait(toSend bytes: [UInt8], now: Int, _ rules: ConnectionRules) {
    unsent = bytes
    sent = 0
    waitStart = now
    taken = 0
    deadline = now + rules.limits.writeStallSeconds * 1000
  }

  /// Notes that the socket took `count` bytes of what waits. Whoever takes a little again and again must come to a
  /// rate, or a trickle would hold the answer for ever.
  mutating func noteSent(_ count: Int, now: Int, _ rules: ConnectionRules) {
    sent += count
    taken += count
    let stall = rules.limits.writeStallSeconds * 1000
    let earned = taken * 1000 / rules.limits.outputBytesPerSecond
    deadline = min(now + stall, waitStart + stall + earned)
  }

  /// Sets the deadline for what the connection waits for, `phase`; `answered` says that a request was answered just now,
  /// so that whatever has begun is new.
  mutating func updateDeadline(
    _ phase: HTTPConnection.Phase, now: Int, _ rules: ConnectionRules, answered: Bool
  ) {
    if phase != self.phase || answered {
      self.phase = phase
      phaseStart = now
    }
    guard unsent.isEmpty else { return }
    let idle = now + rules.limits.idleSeconds * 1000
    switch phase {
    case .idle, .closing: deadline = idle
    case .head: deadline = phaseStart + rules.limits.headerSeconds * 1000
    case .body:
      let earned = http.contentReceived * 1000 / rules.limits.bodyBytesPerSecond
      deadline = min(phaseStart + rules.limits.bodyGraceSeconds * 1000 + earned, idle)
    }
  }
}
