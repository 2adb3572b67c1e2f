import HTTPCore
import Synchronization

/// One thread's share of the connections: waits for readiness, reads, has requests answered, writes.
///
/// `@unchecked Sendable`: everything mutable is used only inside ``run()``, which runs once; other threads reach the
/// loop through ``post(_:)`` alone. ``accept(from:spreadOver:)`` comes before ``run()``.
final class EventLoop: @unchecked Sendable {
  /// What another thread may ask of the loop.
  enum Message: Sendable {
    /// Serve this accepted connection.
    case adopt(Int32, ClientAddress)
    /// Finish what is in flight, then end.
    case drain
  }

  private static let bufferSize = 64 * 1024
  /// Milliseconds between two looks at the deadlines.
  private static let tick = 250

  let service: Service
  let poller: any Poller
  private let mail = Mutex<[Message]>([])
  private let metrics: LoopMetrics

  private var clients = ClientTable()
  private var acceptor: Acceptor?
  private var receiveBuffer = [UInt8](repeating: 0, count: bufferSize)
  private var output: [UInt8] = []
  /// When the loop was last told that something is ready, in nanoseconds, and in milliseconds.
  private var wakeTime = 0
  private var now = 0
  private var unixSeconds = 0
  private var date = DateField(unixSeconds: 0)
  private var nextTick = 0
  private var drainEnd: Int?

  init(service: Service, poller: any Poller) {
    self.service = service
    self.poller = poller
    metrics = service.metrics.addLoop()
    readClocks()
  }

  /// Makes this loop the one that accepts.
  func accept(from listener: Int32, spreadOver loops: [EventLoop]) {
    acceptor = Acceptor(listener: listener, loops: loops, service: service, poller: poller)
  }

  /// Has `message` handled on the loop; from any thread.
  func post(_ message: Message) {
    mail.withLock { $0.append(message) }
    poller.wake()
  }

  /// Serves until drained.
  func run() {
    var events: [Readiness] = []
    acceptor?.begin()
    while drainEnd == nil || !clients.isEmpty {
      let needsTick = !clients.isEmpty || acceptor?.isPaused == true
      poller.wait(milliseconds: needsTick ? max(nextTick - now, 0) : nil, into: &events)
      readClocks()
      for event in events { handle(event) }
      for message in mail.withLock({ exchange(&$0) }) { handle(message) }
      if now >= nextTick {
        nextTick = now + Self.tick
        expire()
        acceptor?.resume()
      }
    }
    for case .adopt(let descriptor, _) in mail.withLock({ exchange(&$0) }) { drop(descriptor) }
    acceptor = nil
  }

  private func exchange(_ messages: inout [Message]) -> [Message] {
    defer { messages = [] }
    return messages
  }

  private func readClocks() {
    wakeTime = Socket.monotonicNanoseconds
    now = wakeTime / 1_000_000
    let seconds = Socket.unixSeconds
    if seconds != unixSeconds {
      unixSeconds = seconds
      date = DateField(unixSeconds: seconds)
    }
  }

  // MARK: What can happen

  private func handle(_ message: Message) {
    switch message {
    case .adopt(let descriptor, let peer):
      if drainEnd != nil { return drop(descriptor) }
      let client = clients.insert { Client(descriptor: descriptor, peer: peer, token: $0, service: service) }
      client.deadline = now + service.limits.idleSeconds * 1000
      countState(of: client)
      poller.add(descriptor, token: client.token, interest: .read)
    case .drain:
      guard drainEnd == nil else { return }
      drainEnd = now + Server.drainSeconds * 1000
      acceptor?.end()
      for client in clients.all where client.http.phase == .idle && client.unsent.isEmpty {
        if !client.isLingering { beginLinger(client) }
      }
    }
  }

  private func handle(_ event: Readiness) {
    if event.token == Acceptor.token {
      acceptor?.accept()
      return
    }
    guard let client = clients[event.token] else { return }
    if client.interest.contains(.write), event.ready.contains(.write) {
      resumeSending(client)
    } else if client.interest.contains(.read), event.ready.contains(.read) {
      client.isLingering ? dropInput(client) : read(client)
    }
  }

  /// Deals with every connection whose time is over.
  private func expire() {
    if let drainEnd, now >= drainEnd {
      for client in clients.all { remove(client) }
    }
    for client in clients.all where now >= client.deadline {
      if client.isLingering || !client.unsent.isEmpty {
        remove(client, for: client.isLingering ? nil : .unread)
        continue
      }
      if client.http.phase == .idle { metrics.counts.withLock { $0.count(.silence) } }
      let action = client.http.timedOut()
      serve(client, beginningWith: action)
    }
  }

  // MARK: Reading and answering

  private func read(_ client: Client) {
    switch Socket.receive(client.descriptor, into: &receiveBuffer) {
    case .wouldBlock: return
    case .failed: remove(client)
    case .bytes(0):
      client.isPeerDone = true
      serve(client, beginningWith: client.http.inputEnded())
    case .bytes(let count):
      client.http.receive(receiveBuffer, count: count)
      serve(client, beginningWith: nil)
    }
  }

  /// Answers every request that is there, sends all answers at once, and sees what the connection waits for then.
  /// With `resuming`, the client's time begins anew: until now it was not read from.
  private func serve(
    _ client: Client, beginningWith first: HTTPConnection.Action?, resuming: Bool = false
  ) {
    var waiting = first
    var answered = resuming
    var needsInput = false
    repeat {
      while output.count < service.limits.pendingOutput {
        let action = waiting ?? client.http.next()
        waiting = nil
        needsInput = !perform(action, for: client)
        if needsInput { break }
        answered = true
      }
      client.http.keepRest()
      guard send(client) else { return }
      if !client.unsent.isEmpty {
        guard client.countBuffered(in: service) else { return remove(client, for: .buffer) }
        client.updateDeadline(now: now, limits: service.limits, answered: answered)
        countState(of: client)
        return
      }
    } while !needsInput
    guard client.countBuffered(in: service) else {
      return serve(client, beginningWith: client.http.bodyRefused())
    }
    finish(client, answered: answered)
  }

  /// Appends what `action` asks for to the output; false when it asks for input.
  private func perform(_ action: HTTPConnection.Action, for client: Client) -> Bool {
    switch action {
    case .needsInput: return false
    case .sendContinue: output += HTTPConnection.continueResponse
    case .request(let request):
      let response = answer(to: request, of: client)
      let start = output.count
      client.http.answer(response, date: date, closing: drainEnd != nil, into: &output)
      let time = Socket.monotonicNanoseconds - wakeTime
      metrics.counts.withLock { $0.count(route: response.route, status: response.status, nanoseconds: time) }
      log(response, to: request, of: client, bytes: output.count - start, nanoseconds: time)
    case .refuse(let error):
      _ = service.rateLimiter?.take(client.peer, now: now)
      let response = service.refusal(error)
      let start = output.count
      client.http.answer(response, date: date, into: &output)
      metrics.counts.withLock { $0.count(error, isAnswered: true) }
      log(response, to: nil, of: client, bytes: output.count - start, refusal: error)
    }
    return true
  }

  private func answer(to request: Request, of client: Client) -> Response {
    guard let limiter = service.rateLimiter, !limiter.spares(client.peer), service.isLimited(request),
      let verdict = limiter.take(client.peer, now: now)
    else { return service.handler(request) }
    var response: Response
    if verdict.isAllowed {
      response = service.handler(request)
    } else {
      response = service.refusal(.tooManyRequests)
      metrics.counts.withLock { $0.count(.tooManyRequests, isAnswered: false) }
    }
    response.fields.append(contentsOf: verdict.fields)
    return response
  }

  private func log(
    _ response: Response, to request: Request?, of client: Client, bytes: Int, nanoseconds: Int = 0,
    refusal: HTTPError? = nil
  ) {
    guard let log = service.accessLog else { return }
    let entry = AccessEntry(
      time: Socket.unixNanoseconds, peer: client.peer, request: request.map(AccessEntry.Line.init),
      route: response.route, status: response.status, bytes: bytes, nanoseconds: nanoseconds, refusal: refusal
    )
    if !log.add(entry, service.metrics.routes) {
      service.metrics.droppedLines.add(1, ordering: .relaxed)
    }
  }

  /// Everything is sent: close, or wait for more.
  private func finish(_ client: Client, answered: Bool) {
    if client.http.isClosing || drainEnd != nil && client.http.phase == .idle {
      beginLinger(client)
    } else {
      client.updateDeadline(now: now, limits: service.limits, answered: answered)
      countState(of: client)
    }
  }

  private func countState(of client: Client) {
    let state = client.state
    guard state != client.counted else { return }
    metrics.counts.withLock { $0.move(from: client.counted, to: state) }
    client.counted = state
  }

  /// Sends the output; what the socket does not take is kept for later. False when the connection is gone.
  private func send(_ client: Client) -> Bool {
    guard !output.isEmpty else { return true }
    // What a large answer needed is given back.
    defer { output.removeAll(keepingCapacity: output.capacity <= 4 * service.limits.pendingOutput) }
    switch Socket.send(client.descriptor, output, from: 0) {
    case .failed:
      remove(client)
      return false
    case .bytes(let count) where count == output.count: return true
    case .bytes(let count): client.wait(toSend: Array(output[count...]), now: now, limits: service.limits)
    case .wouldBlock: client.wait(toSend: Array(output[...]), now: now, limits: service.limits)
    }
    setInterest(.write, of: client)
    return true
  }

  private func resumeSending(_ client: Client) {
    switch Socket.send(client.descriptor, client.unsent, from: client.sent) {
    case .wouldBlock: return
    case .failed: return remove(client)
    case .bytes(let count): client.noteSent(count, now: now, limits: service.limits)
    }
    guard client.sent == client.unsent.count else { return }
    client.unsent = []
    client.sent = 0
    setInterest(.read, of: client)
    serve(client, beginningWith: nil, resuming: true)
  }

  // MARK: Closing

  /// Sends FIN, then reads what still comes for a while, so that the last answer is not lost to a reset
  /// (RFC 9112 §9.6).
  private func beginLinger(_ client: Client) {
    if client.isPeerDone { return remove(client) }
    Socket.shutdownWrite(client.descriptor)
    client.isLingering = true
    countState(of: client)
    client.deadline = now + service.limits.lingerSeconds * 1000
  }

  private func dropInput(_ client: Client) {
    switch Socket.receive(client.descriptor, into: &receiveBuffer) {
    case .bytes(0), .failed: remove(client)
    case .bytes, .wouldBlock: break
    }
  }

  private func setInterest(_ interest: Interest, of client: Client) {
    guard client.interest != interest else { return }
    client.interest = interest
    poller.modify(client.descriptor, token: client.token, interest: interest)
  }

  /// Closes a connection, where a limit ended it for that reason.
  private func remove(_ client: Client, for end: ConnectionEnd? = nil) {
    guard clients.remove(client) else { return }
    metrics.counts.withLock {
      $0.move(from: client.counted, to: nil)
      if let end { $0.count(end) }
    }
    client.uncountBuffered(in: service)
    poller.close(client.descriptor)
    service.connections.subtract(1, ordering: .relaxed)
  }

  /// Closes an accepted connection that comes too late.
  private func drop(_ descriptor: Int32) {
    Socket.close(descriptor)
    service.connections.subtract(1, ordering: .relaxed)
  }
}
