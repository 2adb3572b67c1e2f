import HTTPCore

/// Everything a client can be told is wrong, one row each (RFC 9457, section 3.1). The slugs are stable.
enum ProblemType: Sendable, CaseIterable {
  case malformedJSON, invalidBody, invalidQuery, ruleViolated, limitExceeded
  case notFound, unknownSession, unknownVCPU, unknownShadowPage
  case methodNotAllowed, notAcceptable, conflict, preconditionFailed, contentTooLarge, unsupportedMediaType
  case tooManySessions

  /// The URI reference that names the type.
  var uri: String { "/problems/" + row.slug }
  /// The type in a few words.
  var title: String { row.title }
  /// The status that goes with it.
  var status: Status { row.status }

  private var row: (slug: String, title: String, status: Status) {
    switch self {
    case .malformedJSON: ("malformed-json", "The body is not JSON", 400)
    case .invalidBody: ("invalid-body", "The body has another form than this operation takes", 400)
    case .invalidQuery: ("invalid-query", "The query has another form than this resource takes", 400)
    case .ruleViolated: ("rule-violated", "A value is against a rule", 422)
    case .limitExceeded: ("limit-exceeded", "A limit is passed", 422)
    case .notFound: ("not-found", "There is no such resource", 404)
    case .unknownSession: ("unknown-session", "There is no such session", 404)
    case .unknownVCPU: ("unknown-vcpu", "The machine has no such vCPU", 404)
    case .unknownShadowPage: ("unknown-shadow-page", "No shadow page lives there", 404)
    case .methodNotAllowed: ("method-not-allowed", "The resource does not have this method", 405)
    case .notAcceptable: ("not-acceptable", "No representation fits the Accept field", 406)
    case .conflict: ("conflict", "The operation makes no sense in this state", 409)
    case .preconditionFailed: ("precondition-failed", "The session has changed", 412)
    case .contentTooLarge: ("content-too-large", "The body is larger than the limit", 413)
    case .unsupportedMediaType: ("unsupported-media-type", "The body is of another media type", 415)
    case .tooManySessions: ("too-many-sessions", "The service holds as many sessions as it can", 503)
    }
  }
}
