import HTTPCore

/// What answers the requests of a route.
final class Endpoint: Sendable {
  /// The query parameters it knows.
  let query: [String]
  /// The media types it offers, the preferred one first.
  let media: [MediaType]
  /// Whether any query and any Accept field will do: browsers, probes and load balancers add what they like.
  let isForAnyone: Bool
  /// Makes the answer.
  let handle: Handling

  typealias Handler = @Sendable (borrowing Exchange) throws(ProblemDetails) -> Response
  typealias StreamHandler = @Sendable (borrowing Exchange, Later) throws(ProblemDetails) -> EventStream

  enum Handling: Sendable {
    case response(Handler)
    case stream(StreamHandler)
  }

  init(query: [String], media: [MediaType], isForAnyone: Bool, handle: Handling) {
    self.query = query
    self.media = media
    self.isForAnyone = isForAnyone
    self.handle = handle
  }
}

/// A row of the route table.
typealias APIRoute = Router<Endpoint>.Route

private func route(
  _ method: Method, _ template: String, query: [String] = [], media: [MediaType] = [.json],
  isForAnyone: Bool = false, _ handle: @escaping Endpoint.Handler
) -> APIRoute {
  APIRoute(
    method, template,
    Endpoint(query: query, media: media, isForAnyone: isForAnyone, handle: .response(handle)))
}

private func stream(_ template: String, _ handle: @escaping Endpoint.StreamHandler) -> APIRoute {
  APIRoute(
    .get, template,
    Endpoint(query: [], media: [.eventStream], isForAnyone: false, handle: .stream(handle)))
}

/// Every route of the service.
let apiRoutes: [APIRoute] =
  [
    route(.get, "/", media: [.html], isForAnyone: true, answerDashboard),
    route(
      .get, "/dashboard/{file}", media: [.javaScript, .css, .svg, .html], isForAnyone: true, answerDashboard),
    route(.get, "/docs", media: [.html], isForAnyone: true, answerDescriptionPage),
    route(.get, "/livez", isForAnyone: true, answerLiveness),
    route(.get, "/readyz", isForAnyone: true, answerReadiness),
    route(.get, "/metrics", media: [.metrics, .openMetrics], isForAnyone: true, answerMetrics),
    route(.get, "/problems/{type}", media: [.html, .text], isForAnyone: true, answerProblemPage),
    route(.get, "/openapi.yaml", media: [.yaml], answerOpenAPIYAML),
    route(.get, "/openapi.json", answerOpenAPIJSON),
    route(.get, "/v1/presets", query: ["names"], answerPresets),
    route(.get, "/v1/kernels", query: ["names"], answerKernels),
    route(
      .get, "/v1/decode/{role}/{value}", query: ["kernel", "against", "names"], media: [.json, .text],
      answerDecode),
    route(.post, "/v1/encode/{role}", query: ["names"], answerEncode),
    route(.post, "/v1/calculate/roles", query: ["names", "fields"], answerCalculateRoles),
    route(.post, "/v1/calculate/ept", query: ["names", "fields"], answerCalculateEPT),
    route(.get, "/v1/labs", answerLabs),
    route(.get, "/v1/labs/{lab}", query: ["student"], answerLab),
    route(.get, "/v1/labs/{lab}/results", query: ["after", "limit"], media: [.csv], answerClassResults),
    route(.get, "/v1/sessions", query: ["after", "limit"], answerSessions),
    route(.post, "/v1/sessions", query: ["names", "fields"], createSession),
    route(
      .get, "/v1/sessions/{id}", query: ["names", "fields"], media: [.json, .text, .svg], answerSession),
    route(.delete, "/v1/sessions/{id}", deleteSession),
    route(.get, "/v1/sessions/{id}/shadow-pages", query: ["names", "entries", "fields"], answerShadowPages),
    route(.get, "/v1/sessions/{id}/shadow-pages/{hpa}", query: ["names", "fields"], answerShadowPage),
    stream("/v1/events", streamEveryEvent),
    stream("/v1/sessions/{id}/events", streamEvents),
    route(.get, "/v1/sessions/{id}/memory", query: ["names", "gpa", "words"], answerMemory),
    route(.get, "/v1/sessions/{id}/lab", media: [.json, .text], answerLabProgress),
    route(.get, "/v1/sessions/{id}/lab/results", query: ["format"], media: [.json, .xml], answerLabResults),
    route(
      .get, "/v1/sessions/{id}/history", query: ["names", "after", "limit", "revision"],
      media: [.json, .text], answerHistory),
    route(.get, "/v1/sessions/{id}/export", exportSession),
    route(.post, "/v1/sessions/{id}/fork", query: ["names", "fields"], forkSession),
    route(
      .post, "/v1/sessions/{id}/undo", query: ["names", "fields"], media: [.json, .text], undoOperations),
    route(
      .post, "/v1/sessions/{id}/redo", query: ["names", "fields"], media: [.json, .text], redoOperations),
    route(.post, "/v1/sessions/{id}/batch", query: ["names", "fields"], applyBatch),
    route(
      .get, "/v1/sessions/{id}/vcpus/{n}", query: ["names", "fields"], media: [.json, .text, .svg], answerVCPU
    ),
    route(
      .get, "/v1/sessions/{id}/vcpus/{n}/translate",
      query: ["names", "address", "access", "user", "implicit", "ac", "space", "fields"],
      media: [.json, .svg],
      answerTranslation),
  ]
  + OperationDecoder.machineOperations.map { name, _ in
    route(.post, "/v1/sessions/{id}/\(name)", query: ["names", "fields"], media: [.json, .text, .svg]) {
      exchange throws(ProblemDetails) in
      try applyMachineOperation(name, exchange)
    }
  }
  + OperationDecoder.vcpuOperations.map { name, _ in
    route(
      .post, "/v1/sessions/{id}/vcpus/{n}/\(name)", query: ["names", "fields"], media: [.json, .text, .svg]
    ) {
      exchange throws(ProblemDetails) in try applyVCPUOperation(name, exchange)
    }
  }

extension RolecallService {
  /// The method and path template of every route, as the API's description lists them.
  public static var routes: [(method: String, template: String)] {
    apiRoutes.map { ($0.method.name, $0.template) }
  }
}
