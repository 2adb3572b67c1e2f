import HTTPCore
import Synchronization

/// One thread's share of the connections: waits for readiness, reads, has requests answered, writes.
///
/// This is what other threads know of it. All that changes is in ``LoopState``, which only ``run(accepting:spreadOver:)`` has.
final class EventLoop: AnswerReceiver {
  /// What another thread may ask of the loop.
  enum Message: Sendable {
    /// Serve this accepted connection.
    case adopt(Int32, ClientAddress)
    /// Finish what is in flight, then end.
    case drain
    /// Go on with the answer to that request of the client with that token.
    case later(AnswerPart, client: UInt64, request: UInt32)
  }

  let service: Service
  let poller: any Poller
  private let mail = Mutex<[Message]>([])

  init(service: Service, poller: any Poller) {
    self.service = service
    self.poller = poller
  }

  /// Has `message` handled on the loop; from any thread.
  func post(_ message: Message) {
    let isFirst = mail.withLock { messages in
      messages.append(message)
      return messages.count == 1
    }
    // Whoever put in the first has woken the loop, which then takes all.
    if isFirst { poller.wake() }
  }

  func receive(_ part: AnswerPart, client: UInt64, request: UInt32) {
    post(.later(part, client: client, request: request))
  }

  /// The messages that have come since the last call.
  func takeMail() -> [Message] {
    mail.withLock { messages in
      guard !messages.isEmpty else { return [] }
      defer { messages = [] }
      return messages
    }
  }

  /// Serves until drained; on one thread, once. With a listener, its connections are spread over `loops`.
  func run(accepting listener: Int32? = nil, spreadOver loops: [EventLoop] = []) {
    let acceptor = listener.map { Acceptor(listener: $0, loops: loops, service: service, poller: poller) }
    var state = LoopState(self, acceptor)
    state.run()
  }
}

/// The connections of a loop, and when something is to be done about them.
struct LoopState {
  /// Milliseconds between two looks at the deadlines.
  private static let tick = 250

  private let loop: EventLoop
  private let acceptor: Acceptor?
  private var clients = ClientTable()
  private var worker: Worker
  private var nextTick = 0
  private var drainEnd: Int?

  init(_ loop: EventLoop, _ acceptor: Acceptor?) {
    self.loop = loop
    self.acceptor = acceptor
    worker = Worker(loop)
  }

  mutating func run() {
    var events: [Readiness] = []
    acceptor?.begin()
    while drainEnd == nil || !clients.isEmpty {
      let needsTick = !clients.isEmpty || acceptor?.isPaused == true
      loop.poller.wait(milliseconds: needsTick ? max(nextTick - worker.now, 0) : nil, into: &events)
      worker.readClocks()
      for event in events { handle(event) }
      for message in loop.takeMail() { handle(message) }
      if worker.now >= nextTick {
        nextTick = worker.now + Self.tick
        expire()
        acceptor?.resume()
      }
    }
    for case .adopt(let descriptor, _) in loop.takeMail() { worker.drop(descriptor) }
  }

  private mutating func handle(_ message: EventLoop.Message) {
    switch message {
    case .adopt(let descriptor, let peer):
      if drainEnd != nil { return worker.drop(descriptor) }
      let slot = clients.insert {
        Client(descriptor: descriptor, peer: peer, token: $0, service: loop.service)
      }
      worker.adopt(&clients.slots[slot])
    case .drain:
      guard drainEnd == nil else { return }
      drainEnd = worker.now + Server.drainSeconds * 1000
      worker.isDraining = true
      acceptor?.end()
      for slot in clients.slots.indices where clients.slots[slot].isOpen {
        worker.drain(&clients.slots[slot])
        clients.reclaim(slot)
      }
    case .later(let part, let token, let request):
      guard let slot = clients.slot(of: token), clients.slots[slot].request == request else { return }
      worker.goOn(with: part, &clients.slots[slot])
      clients.reclaim(slot)
    }
  }

  private mutating func handle(_ event: Readiness) {
    if event.token == Acceptor.token {
      acceptor?.accept()
      return
    }
    guard let slot = clients.slot(of: event.token) else { return }
    worker.handle(event, &clients.slots[slot])
    clients.reclaim(slot)
  }

  /// Deals with every connection whose time is over.
  private mutating func expire() {
    let mustEnd = drainEnd.map { worker.now >= $0 } ?? false
    for slot in clients.slots.indices where clients.slots[slot].isOpen {
      if mustEnd {
        worker.remove(&clients.slots[slot])
      } else if worker.now >= clients.slots[slot].deadline {
        worker.expire(&clients.slots[slot])
      }
      clients.reclaim(slot)
    }
  }
}
