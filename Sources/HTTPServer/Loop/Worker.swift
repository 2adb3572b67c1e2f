import HTTPCore
import Synchronization

/// What a loop does for one client at a time: reading, having requests answered, closing.
struct Worker {
  private static let bufferSize = 64 * 1024

  let loop: EventLoop
  let service: Service
  let poller: any Poller
  let metrics: LoopMetrics
  /// Whether every answer is its connection's last.
  var isDraining = false
  /// When the loop was last told that something is ready, in milliseconds.
  private(set) var now = 0
  /// The same in nanoseconds.
  private(set) var wakeTime = 0
  private var unixSeconds = 0
  private(set) var standing: StandingFields
  var receiveBuffer = [UInt8](repeating: 0, count: bufferSize)
  /// Answers of the client at hand that are not yet given to its socket.
  var output: [UInt8] = []

  init(_ loop: EventLoop) {
    self.loop = loop
    service = loop.service
    poller = loop.poller
    metrics = service.metrics.addLoop()
    standing = StandingFields(unixSeconds: 0)
    readClocks()
  }

  mutating func readClocks() {
    wakeTime = Socket.monotonicNanoseconds
    now = wakeTime / 1_000_000
    let seconds = Socket.unixSeconds
    if seconds != unixSeconds {
      unixSeconds = seconds
      standing = StandingFields(unixSeconds: seconds, common: service.commonFields)
    }
  }

  // MARK: What can happen

  mutating func adopt(_ client: inout Client) {
    client.deadline = now + service.rules.limits.idleSeconds * 1000
    countState(of: &client)
    poller.add(client.descriptor, token: client.token, interest: .read)
  }

  mutating func handle(_ event: Readiness, _ client: inout Client) {
    if client.interest.contains(.write), event.ready.contains(.write) {
      resumeSending(&client)
    } else if client.interest.contains(.read), event.ready.contains(.read) {
      if client.isLingering {
        dropInput(&client)
      } else if client.stream != nil {
        readBehindStream(&client)
      } else if client.awaited != nil {
        // It is read once the answer is there. Only now is it worth a call not to be told again.
        setInterest([], of: &client)
      } else {
        read(&client)
      }
    } else if client.interest.isEmpty, event.isBroken {
      remove(&client)
    }
  }

  mutating func drain(_ client: inout Client) {
    if client.stream != nil { return endStream(&client) }
    guard client.http.phase == .idle, client.unsent.isEmpty, !client.isLingering else { return }
    beginLinger(&client)
  }

  mutating func expire(_ client: inout Client) {
    if client.isLingering || !client.unsent.isEmpty {
      return remove(&client, for: client.isLingering ? nil : .unread)
    }
    if client.stream != nil { return sendPieces([EventStream.heartbeat], &client) }
    if client.http.phase == .idle { metrics.counts.withLock { $0.count(.silence) } }
    let action = client.http.timedOut()
    serve(&client, beginningWith: action)
  }

  // MARK: Reading and answering

  private mutating func read(_ client: inout Client) {
    switch Socket.receive(client.descriptor, into: &receiveBuffer) {
    case .wouldBlock: return
    case .failed: remove(&client)
    case .bytes(0):
      client.isPeerDone = true
      let action = client.http.inputEnded()
      serve(&client, beginningWith: action)
    case .bytes(let count):
      client.http.receive(receiveBuffer, count: count)
      serve(&client)
    }
  }

  private mutating func dropInput(_ client: inout Client) {
    switch Socket.receive(client.descriptor, into: &receiveBuffer) {
    case .bytes(0), .failed: remove(&client)
    case .bytes, .wouldBlock: break
    }
  }

  /// Does what `action` asks for, if anything, then answers every request that is there.
  private mutating func serve(_ client: inout Client, beginningWith action: HTTPConnection.Action?) {
    if let action { _ = perform(action, for: &client) }
    serve(&client, resuming: action != nil)
  }

  /// Answers every request that is there, sends all answers at once, and sees what the connection waits for then.
  /// With `resuming`, the client's time begins anew: until now it was not read from.
  mutating func serve(_ client: inout Client, resuming: Bool = false) {
    var answered = resuming
    var awaited: HTTPConnection.Phase?
    while awaited == nil {
      while output.count < service.rules.limits.pendingOutput {
        awaited = perform(client.http.next(), for: &client)
        if awaited != nil { break }
        answered = true
      }
      // Once it asks for input, it has done so itself.
      if awaited == nil { client.http.keepRest() }
      guard send(&client) else { return }
      guard client.unsent.isEmpty else {
        guard client.countBuffered(in: service) else { return remove(&client, for: .buffer) }
        client.updateDeadline(client.http.phase, now: now, service.rules, answered: answered)
        return countState(of: &client)
      }
    }
    guard client.countBuffered(in: service) else {
      let action = client.http.bodyRefused()
      return serve(&client, beginningWith: action)
    }
    finish(&client, awaited ?? .closing, answered: answered)
  }

  /// Appends what `action` asks for to the output; if it asks for input, gives for what.
  private mutating func perform(
    _ action: consuming HTTPConnection.Action, for client: inout Client
  ) -> HTTPConnection.Phase? {
    switch consume action {
    case .needsInput(let phase): return phase
    case .sendContinue: output += HTTPConnection.continueResponse
    case .request(let request): return take(request, &client)
    case .refuse(let error):
      _ = service.rateLimiter?.take(client.peer, now: now)
      let response = service.refusal(error)
      let start = output.count
      client.http.answer(response, standing, into: &output)
      client.noteAnswer()
      metrics.counts.withLock { $0.count(error, isAnswered: true) }
      log(response, to: nil, of: client, bytes: output.count - start, refusal: error)
    }
    return nil
  }

  /// Has a request answered; if not all of the answer is there, gives what the connection waits for.
  private mutating func take(_ request: Request, _ client: inout Client) -> HTTPConnection.Phase? {
    let (answer, fields) = answer(to: request, of: client)
    let line = service.accessLog == nil ? nil : AccessEntry.Line(request)
    switch consume answer {
    case .now(let response):
      return write(response, fields, to: line, begun: wakeTime, &client)
    case .later:
      client.awaited = AwaitedAnswer(line: line, begun: wakeTime, fields: fields)
      client.http.keepRest()
      return .answer
    case .stream(let stream):
      return begin(stream, fields, to: line, &client)
    }
  }

  /// Appends an answer that is complete, with more fields. If no more input is there, gives what the connection waits for.
  mutating func write(
    _ response: Response, _ fields: ResponseFields?, to line: AccessEntry.Line?, begun: Int,
    _ client: inout Client
  ) -> HTTPConnection.Phase? {
    if let fields {
      var response = response
      response.fields.append(contentsOf: fields)
      return write(response, nil, to: line, begun: begun, &client)
    }
    let start = output.count
    let awaited = client.http.answer(response, standing, closing: isDraining, into: &output)
    client.noteAnswer()
    note(response, to: line, begun: begun, bytes: output.count - start, client)
    return awaited
  }

  /// Counts and logs an answer.
  func note(
    _ response: Response, to line: AccessEntry.Line?, begun: Int, bytes: Int, _ client: borrowing Client
  ) {
    let time = Socket.monotonicNanoseconds - begun
    metrics.counts.withLock { $0.count(route: response.route, status: response.status, nanoseconds: time) }
    log(response, to: line, of: client, bytes: bytes, nanoseconds: time)
  }

  /// What the handler, or the limit on requests, says; and the fields that tell of that limit.
  private func answer(to request: Request, of client: borrowing Client) -> (Answer, ResponseFields?) {
    let later = Later(loop, client: client.token, request: client.request)
    guard let limiter = service.rateLimiter, !limiter.spares(client.peer), service.isLimited(request),
      let verdict = limiter.take(client.peer, now: now)
    else { return (service.handler(request, later), nil) }
    if verdict.isAllowed { return (service.handler(request, later), verdict.fields) }
    metrics.counts.withLock { $0.count(.tooManyRequests, isAnswered: false) }
    return (.now(service.refusal(.tooManyRequests)), verdict.fields)
  }

  private func log(
    _ response: Response, to line: AccessEntry.Line?, of client: borrowing Client, bytes: Int,
    nanoseconds: Int = 0,
    refusal: HTTPError? = nil
  ) {
    guard let log = service.accessLog else { return }
    let entry = AccessEntry(
      time: Socket.unixNanoseconds, peer: client.peer, request: line,
      route: response.route, status: response.status, bytes: bytes, nanoseconds: nanoseconds, refusal: refusal
    )
    if !log.add(entry, service.metrics.routes) {
      service.metrics.droppedLines.add(1, ordering: .relaxed)
    }
  }

  /// Everything is sent: close, or wait for more.
  private mutating func finish(_ client: inout Client, _ phase: HTTPConnection.Phase, answered: Bool) {
    if phase == .closing || isDraining && phase == .idle {
      beginLinger(&client)
    } else {
      client.updateDeadline(phase, now: now, service.rules, answered: answered)
      countState(of: &client)
    }
  }

  func countState(of client: inout Client) {
    let state = client.state
    guard state != client.counted else { return }
    metrics.counts.withLock { $0.move(from: client.counted, to: state) }
    client.counted = state
  }
}
