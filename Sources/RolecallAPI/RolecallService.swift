public import HTTPCore
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
    /// Words of guest memory in one answer.
    public var memoryWords = 4_096
    /// Unicode characters (code points) of a session's name.
    public var name = 200

    /// The limits above.
    public init() {}
  }

  let limits: Limits
  let sessions: SessionStore
  let counts = ServiceCounts()
  let writeOtherMetrics: @Sendable (inout MetricsText) -> Void
  private let clock: @Sendable () -> Int
  private let origins: WebOrigins
  private let router = Router(apiRoutes)

  /// A service without sessions.
  ///
  /// - Parameters:
  ///   - origins: the web pages that may use it.
  ///   - metrics: adds what others have counted to `/metrics`.
  ///   - clock: gives the seconds since 1970-01-01T00:00:00Z.
  public init(
    limits: Limits = Limits(), origins: WebOrigins = WebOrigins(),
    metrics: @escaping @Sendable (inout MetricsText) -> Void = { _ in },
    clock: @escaping @Sendable () -> Int
  ) {
    writeOtherMetrics = metrics
    self.limits = limits
    self.origins = origins
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
    case .found(let row, let parameters):
      route = row + 1
      let endpoint = router.routes[row].handler
      return try endpoint.handle(Exchange(request, parameters, endpoint, self))
    case .options(let allow):
      return Response(204, fields: [("Allow", allow)])
    case .methodNotAllowed(let allow):
      throw ProblemDetails(
        .methodNotAllowed, "\(request.methodName.prefix(40)) is not among \(allow)",
        fields: [("Allow", allow)])
    case .notFound:
      throw ProblemDetails(
        .notFound,
        "nothing is known at this path; /openapi.yaml describes what is, and /v1/presets is a place to start")
    }
  }
}
