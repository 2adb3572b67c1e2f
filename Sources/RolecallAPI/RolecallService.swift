public import HTTPCore
public import Labs
public import Metrics

/// The service: what answers each request of the API.
///
/// It is called on the event loops, from several threads at once, and never waits for anything but another request
/// for the same session.
public final class RolecallService: Sendable {
  /// What the service holds at most, and what one request may ask.
  public struct Limits: Sendable {
    /// Sessions.
    public var sessions = 10_000
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
  let sessions: SessionStore
  let operatorToken: OperatorToken?
  let labs: LabLibrary
  let counts = ServiceCounts()
  private let answers: any AnswerMemory
  let writeOtherMetrics: @Sendable (inout MetricsText) -> Void
  private let clock: @Sendable () -> Int
  private let origins: WebOrigins
  private let router = Router(apiRoutes)

  /// A service without sessions.
  ///
  /// - Parameters:
  ///   - origins: the web pages that may use it.
  ///   - operatorToken: shows the operator; without one, nobody can list sessions.
  ///   - labs: the labs on offer.
  ///   - metrics: adds what others have counted to `/metrics`.
  ///   - clock: gives the seconds since 1970-01-01T00:00:00Z.
  public init(
    limits: Limits = Limits(), origins: WebOrigins = WebOrigins(), operatorToken: OperatorToken? = nil,
    labs: LabLibrary = LabLibrary(),
    metrics: @escaping @Sendable (inout MetricsText) -> Void = { _ in },
    clock: @escaping @Sendable () -> Int
  ) {
    writeOtherMetrics = metrics
    self.limits = limits
    self.origins = origins
    self.operatorToken = operatorToken
    self.labs = labs
    answers = RecentAnswers(limit: limits.keptAnswers)
    self.clock = clock
    sessions = SessionStore(capacity: limits.sessions)
  }

  /// The time by the service's clock.
  var now: Timestamp { Timestamp(seconds: clock()) }

  /// Answers a request.
  public func respond(to request: Request) -> Response {
    var response: Response
    var route = 0
    do throws(ProblemDetails) {
      if request.isWrite {
        try origins.admit(request)
        try request.checkContent()
      }
      response = try answer(request, &route)
    } catch {
      counts.count(error.type)
      response = error.response(instance: request.path)
    }
    response.route = route
    origins.grant(request, &response)
    return response
  }

  /// Answers a request that was refused before it came here, where these limits hold and requests for these
  /// authorities are answered.
  public func respond(
    to error: HTTPError, limits: HTTPCore.Limits = HTTPCore.Limits(), authorities: AllowedAuthorities = .any
  ) -> Response {
    error.problemResponse(limits, authorities)
  }

  /// Answers a request by its route, whose number is put in `route`.
  private func answer(_ request: Request, _ route: inout Int) throws(ProblemDetails) -> Response {
    switch router.match(request) {
    case .found(let endpoint, let parameters):
      route = endpoint.number
      guard request.method == .post, let field = request[field: "Idempotency-Key"] else {
        return try endpoint.handle(Exchange(request, parameters, endpoint, self))
      }
      let key = try IdempotencyKey(field, session: parameters["id"])
      return try once(request, key) { () throws(ProblemDetails) in
        try endpoint.handle(Exchange(request, parameters, endpoint, self))
      }
    case .options(let allow):
      return Response(204, fields: [("Allow", allow)])
    case .methodNotAllowed(let allow):
      throw ProblemDetails(
        .methodNotAllowed, "\(request.method.name.prefix(40)) is not among \(allow)",
        fields: [("Allow", allow)])
    case .notFound:
      throw ProblemDetails.unknownPath
    }
  }

  /// Answers a request that has a key once, and then gives the first answer again. A request that was refused has
  /// changed nothing, and may be made again.
  private func once(
    _ request: Request, _ key: IdempotencyKey, _ handle: () throws(ProblemDetails) -> Response
  ) throws(ProblemDetails) -> Response {
    switch answers.claim(key, for: request.identity, at: now) {
    case .first: break
    case .answered(let answer): return answer
    case .unfinished:
      throw ProblemDetails(
        .requestUnfinished, "the first request with this key is still worked on",
        fields: [("Retry-After", "1")])
    case .otherRequest:
      throw ProblemDetails(.idempotencyKeyReused, "this key came with another path or body before")
    }
    do throws(ProblemDetails) {
      let answer = try handle()
      answers.keep(answer, for: key, at: now)
      return answer
    } catch {
      answers.release(key)
      throw error
    }
  }
}

extension Request {
  /// What makes two requests the same: the path, the query and the body.
  fileprivate var identity: [UInt8] {
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
