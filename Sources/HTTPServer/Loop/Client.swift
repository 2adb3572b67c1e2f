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
  /// The number of the request that is answered next.
  private(set) var request: UInt32 = 0
  /// What is known of the request whose answer comes later.
  var awaited: AwaitedAnswer?
  /// The stream that it is sent.
  var stream: ClientStream?
  /// Whether our FIN is sent, so that input is read only to be dropped.
  var isLingering = false
  /// Whether the peer's FIN has come.
  var isPeerDone = false
  /// When answers began to wait for the client, and how many bytes it has taken since.
  private var waitStart: Int?
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
    (awaited, stream) = (nil, nil)
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
    if stream != nil { return .streaming }
    switch phase {
    case .idle, .closing: return .idle
    case .answer: return .waiting
    case .head, .body: return .reading
    }
  }

  /// Notes that the answer to a request is complete.
  mutating func noteAnswer() {
    request &+= 1
    (awaited, stream) = (nil, nil)
  }

  /// Keeps `bytes` until the socket takes them.
  mutating func wait(toSend bytes: ArraySlice<UInt8>, now: Int, _ rules: ConnectionRules) {
    unsent += bytes
    noteSent(0, now: now, rules)
  }

  /// Notes that the socket took `count` bytes of what waits. Whoever takes a little again and again must come to a
  /// rate, or a trickle would hold the answer for ever. Once nothing waits, there is no deadline.
  mutating func noteSent(_ count: Int, now: Int, _ rules: ConnectionRules) {
    sent += count
    taken += count
    guard sent < unsent.count else {
      (unsent, sent, taken, waitStart) = ([], 0, 0, nil)
      return
    }
    let start = waitStart ?? now
    let stall = rules.limits.writeStallSeconds * 1000
    let earned = taken * 1000 / rules.limits.outputBytesPerSecond
    waitStart = start
    deadline = min(now + stall, start + stall + earned)
  }

  /// Forgets what the socket has taken of a stream.
  mutating func dropSent() {
    let count = sent
    while let end = stream?.ends.first, unsent.isEmpty || end <= count { stream?.ends.removeFirst() }
    guard count > 0 else { return }
    unsent.removeFirst(count)
    for index in stream?.ends.indices ?? 0..<0 { stream?.ends[index] -= count }
    sent = 0
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
    case .answer: deadline = stream?.stream.heartbeatInterval.map { now + $0 } ?? .max
    case .head: deadline = phaseStart + rules.limits.headerSeconds * 1000
    case .body:
      let earned = http.contentReceived * 1000 / rules.limits.bodyBytesPerSecond
      deadline = min(phaseStart + rules.limits.bodyGraceSeconds * 1000 + earned, idle)
    }
  }
}
