public import HTTPCore
public import Labs
public import Metrics
public import SessionStore

/// The service: what answers each request of the API.
///
/// It is called on the event loops, from several threads at once, and never waits for anything but another request
/// for the same session.
public final class RolecallService: Sendable {
  /// What the service holds at most, and what one request may ask.
  public struct Limits: Sendable {
    /// Sessions.
    public var sessions = 10_000
    /// Sessions in memory, if there is a store to bring the others back from.
    public var residents = 4_096
    /// Operations of one batch, and those given when a session is made.
    public var operations = 20_000
    /// Operations of a batch whose results are written whole; longer batches are answered as with
    /// `Prefer: return=minimal` unless the client asks for `return=representation`.
    public var wholeResults = 1_000
    /// Bytes of a batch's answer after which results are told in short.
    public var answerBytes = 16 * 1024 * 1024
    /// Bytes of a session's history: about 150 for each revision, and 16 for each word that an operation writes.
    public var history = 32 * 1024 * 1024
    /// Entries of a list in one answer.
    public var page = 1_000
    /// Bytes of the answers that are kept for their Idempotency-Keys, and of their requests.
    public var keptAnswers = 64 * 1024 * 1024
    /// Words of guest memory in one answer.
    public var memoryWords = 4_096
    /// Unicode characters (code points) of a session's name.
    public var name = 200

    /// The limits above.
    public init() {}
  }

  let limits: Limits
  let sessions: Sessions
  /// Those who watch all sessions.
  let watchers = Watchers()
  let operatorToken: OperatorToken?
  let labs: LabLibrary
  let counts = ServiceCounts()
  let answers: any AnswerMemory
  let writeOtherMetrics: @Sendable (inout MetricsText) -> Void
  private let clock: @Sendable () -> Int
  private let origins: WebOrigins
  let router = Router(apiRoutes)

  /// A service without sessions.
  ///
  /// - Parameters:
  ///   - store: keeps the sessions; without one, they end with the process.
  ///   - origins: the web pages that may use it.
  ///   - operatorToken: shows the operator; without one, nobody can list sessions.
  ///   - labs: the labs on offer.
  ///   - metrics: adds what others have counted to `/metrics`.
  ///   - clock: gives the seconds since 1970-01-01T00:00:00Z.
  public init(
    limits: Limits = Limits(), store: SessionStore? = nil, origins: WebOrigins = WebOrigins(),
    operatorToken: OperatorToken? = nil, labs: LabLibrary = LabLibrary(),
    metrics: @escaping @Sendable (inout MetricsText) -> Void = { _ in },
    clock: @escaping @Sendable () -> Int
  ) {
    writeOtherMetrics = metrics
    self.limits = limits
    self.origins = origins
    self.operatorToken = operatorToken
    self.labs = labs
    self.clock = clock
    let archive = store.map { [counts] in Archive($0, counts: counts) }
    answers = archive.map(ArchivedAnswers.init) ?? RecentAnswers(limit: limits.keptAnswers)
    sessions = Sessions(capacity: limits.sessions, residents: limits.residents, archive: archive)
  }

  /// The time by the service's clock.
  var now: Timestamp { Timestamp(seconds: clock()) }

  /// Seconds without use after which a session leaves memory, if there is a store.
  static let idleSeconds = 900

  /// Does what is due from time to time, a minute or so: sessions that are not used leave memory, and those whose last use
  /// is `lifetime` seconds ago end. It waits for the store.
  public func maintain(lifetime: Int) throws(StoreError) {
    guard let archive = sessions.archive else { return }
    let now = now.seconds
    sessions.dropIdle(since: Timestamp(seconds: now - Self.idleSeconds))
    try sessions.expire(before: Timestamp(seconds: now - lifetime))
    _ = try archive.store.purgeAnswers(at: now, limit: 10_000)
  }

  /// Answers a request: at once, or by `later` if the store has to keep something first or the answer is a stream.
  public func respond(to request: Request, later: Later) -> Answer {
    var reply = Reply()
    guard sessions.archive != nil else {
      handle(request, nil, later, &reply)
      return finish(&reply, .success(()))
    }
    let commitment = Commitment()
    handle(request, commitment, later, &reply)
    if reply.stream != nil { return finish(&reply, .success(())) }
    reply.path = request.path
    return whenKept(commitment, later, &reply)
  }

  private func whenKept(_ commitment: Commitment, _ later: Later, _ reply: inout Reply) -> Answer {
    let kept = commitment.whenKept { [self, reply] kept in
      var reply = reply
      if case .now(let response) = finish(&reply, kept) { later.answer(response) }
    }
    guard let kept else { return .later }
    return finish(&reply, kept)
  }

  private func handle(
    _ request: Request, _ commitment: Commitment?, _ later: Later, _ reply: inout Reply
  ) {
    do throws(ProblemDetails) {
      if request.isWrite {
        try origins.admit(request)
        try request.checkContent()
      }
      try answer(request, commitment, later, &reply)
    } catch {
      reply.fail(error, instance: request.path)
      counts.count(error.type)
    }
    if origins.areAny { reply.grant = origins.grant(request) }
  }

  /// Answers a request that was refused before it came here, where these limits hold and requests for these
  /// authorities are answered.
  public func respond(
    to error: HTTPError, limits: HTTPCore.Limits = HTTPCore.Limits(), authorities: AllowedAuthorities = .any
  ) -> Response {
    error.problemResponse(limits, authorities)
  }

  /// Answers a request by its route.
  private func answer(
    _ request: Request, _ commitment: Commitment?, _ later: Later, _ reply: inout Reply
  ) throws(ProblemDetails) {
    switch router.match(request) {
    case .found(let row, let parameters):
      reply.route = row + 1
      let endpoint = router.routes[row].handler
      guard request.method == .post, let field = request[field: .idempotencyKey] else {
        let exchange = try Exchange(request, parameters, endpoint, self, commitment)
        switch endpoint.handle {
        case .response(let handle): reply.response = try handle(exchange)
        case .stream(let begin): reply.stream = try begin(exchange, later)
        }
        return
      }
      let key = try IdempotencyKey(field, session: router.parameter("id", in: parameters, of: request))
      let exchange = try Exchange(request, parameters, endpoint, self, commitment, key)
      if case .response(let handle) = endpoint.handle {
        reply.response = try once(key, exchange, &reply) { () throws(ProblemDetails) in try handle(exchange) }
      }
    case .options(let allow):
      reply.response = Response(204, fields: [("Allow", allow)])
    case .methodNotAllowed(let allow):
      throw ProblemDetails(
        .methodNotAllowed, "\(request.methodName.prefix(40)) is not among \(allow)",
        fields: [("Allow", allow)])
    case .notFound:
      throw ProblemDetails.unknownPath
    }
  }

  /// Answers a request with an Idempotency-Key, but only once: then the first answer is given again. A request that was
  /// refused has changed nothing, and may be made again.
  private func once(
    _ key: IdempotencyKey, _ exchange: borrowing Exchange, _ reply: inout Reply,
    _ handle: () throws(ProblemDetails) -> Response
  ) throws(ProblemDetails) -> Response {
    switch try answers.claim(key, for: exchange.request.identity, at: now) {
    case .first: break
    case .answered(let answer): return answer
    case .unfinished:
      throw ProblemDetails(
        .requestUnfinished, "the first request with this key is still worked on",
        fields: [("Retry-After", "1")])
    case .otherRequest:
      throw ProblemDetails(.idempotencyKeyReused, "this key came with another path or body before")
    }
    reply.key = key
    let answer = try handle()
    exchange.rememberIfUnchanged(answer)
    return answer
  }

  /// The answer as it leaves, now that it is known whether all was kept.
  private func finish(_ reply: inout Reply, _ kept: Commitment.Kept) -> Answer {
    if case .failure(let error) = kept { reply.fail(ProblemDetails(error), instance: reply.path) }
    if let key = reply.key { answers.finish(key, with: reply.isProblem ? nil : reply.response, at: now) }
    if let stream = reply.stream { reply.response = stream.head }
    reply.response.route = reply.route
    if let grant = reply.grant { reply.response.fields.append(contentsOf: grant) }
    guard let stream = reply.stream else { return .now(exchange(&reply.response, with: Response(200))) }
    return .stream(
      EventStream(reply.response, heartbeatInterval: stream.heartbeatInterval, onEnd: stream.onEnd))
  }
}

/// An answer on its way out.
private struct Reply: Sendable {
  var response = Response(200)
  /// The stream that it is instead.
  var stream: EventStream?
  /// What a browser needs to show it to a page.
  var grant: ResponseFields?
  var route = 0
  /// The key that the request has.
  var key: IdempotencyKey?
  var isProblem = false
  var path = ""

  mutating func fail(_ problem: ProblemDetails, instance: String) {
    response = problem.response(instance: instance)
    isProblem = true
  }
}

extension Request {
  /// What makes two requests the same: the path, the query and the body.
  var identity: [UInt8] {
    var identity = Array(rawPath)
    if let query = rawQuery { identity += [UInt8(ascii: "?")] + query }
    return identity + [0] + body
  }
}

extension ProblemDetails {
  /// Nothing is known at the path.
  static var unknownPath: ProblemDetails {
    ProblemDetails(
      .notFound,
      "nothing is known at this path; /openapi.yaml describes what is, and /v1/presets is a place to start")
  }
}
