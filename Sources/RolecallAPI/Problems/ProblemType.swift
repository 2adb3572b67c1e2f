import HTTPCore

/// Everything a client can be told is wrong, one row each (RFC 9457, section 3.1). The slugs are stable.
enum ProblemType: Sendable, CaseIterable {
  case malformedJSON, invalidBody, invalidQuery, invalidHeader, ruleViolated, limitExceeded
  case unauthorized, crossSite, notFound, unknownSession, unknownRevision, unknownVCPU, unknownShadowPage
  case unknownLab
  case methodNotAllowed, notAcceptable, conflict, preconditionFailed, contentTooLarge, unsupportedMediaType
  case requestUnfinished, idempotencyKeyReused
  case tooManyRequests, tooManySessions, storeFull, storeFailed

  /// The last part of the URI.
  var slug: String { row.slug }
  /// The URI reference that names the type, where a page explains it.
  var uri: String { "/problems/" + row.slug }
  /// The type in a few words.
  var title: String { row.title }
  /// The status that goes with it.
  var status: Status { row.status }
  /// What it means and what to do, as a sentence or two.
  var remedy: String { row.remedy }

  private var row: (slug: String, title: String, status: Status, remedy: String) {
    switch self {
    case .malformedJSON:
      (
        "malformed-json", "The body is not JSON", 400,
        "The body breaks RFC 8259, or this service's bounds on it: 64 levels of nesting, no key twice in an object, "
          + "and no integer beyond 2^53 but in a string. The detail names the byte and the place."
      )
    case .invalidBody:
      (
        "invalid-body", "The body has another form than this operation takes", 400,
        "Keys are missing, unknown or of another type. Each error points at its place; the API's description has the form."
      )
    case .invalidQuery:
      (
        "invalid-query", "The query has another form than this resource takes", 400,
        "Parameters are unknown, stand twice or have a value that cannot be. Each error names its parameter."
      )
    case .invalidHeader:
      (
        "invalid-header", "A header field has another form than it must have", 400,
        "The detail names the field and its form."
      )
    case .ruleViolated:
      (
        "rule-violated", "A value is against a rule", 422,
        "The body has the right form, but no such machine or operation can be. Each error tells the rule."
      )
    case .limitExceeded:
      (
        "limit-exceeded", "A limit is passed", 422,
        "The request asks for more than the service gives at once. The detail names the limit; divide the request."
      )
    case .unauthorized:
      (
        "unauthorized", "This is for the operator", 401,
        "Send Authorization: Bearer and the token that lies in the file of --operator-token-file."
      )
    case .crossSite:
      (
        "cross-site", "A page of another site may not do this", 403,
        "The browser says that a page of another origin makes this request. If that page is to be trusted, the operator "
          + "names its origin with --allow-origin."
      )
    case .notFound:
      (
        "not-found", "There is no such resource", 404,
        "Nothing is known at this path. The API's description lists what is."
      )
    case .unknownSession:
      (
        "unknown-session", "There is no such session", 404,
        "The session was deleted or never made, or the service was started anew since. Make another."
      )
    case .unknownRevision:
      (
        "unknown-revision", "The session has no such revision", 404,
        "Revisions are numbered from 1; the detail names the last one. The session's history lists them."
      )
    case .unknownVCPU:
      (
        "unknown-vcpu", "The machine has no such vCPU", 404,
        "vCPUs are numbered from 0; the session's machine tells how many there are."
      )
    case .unknownShadowPage:
      (
        "unknown-shadow-page", "No shadow page lives there", 404,
        "The page was freed or never made. The session's shadow-pages lists those that live."
      )
    case .unknownLab:
      (
        "unknown-lab", "There is no such lab", 404,
        "No lab has this id, or the session belongs to none. GET /v1/labs lists the labs; a session that is made with the "
          + "key lab belongs to one."
      )
    case .methodNotAllowed:
      (
        "method-not-allowed", "The resource does not have this method", 405,
        "The field Allow lists the methods that it has."
      )
    case .notAcceptable:
      (
        "not-acceptable", "No representation fits the Accept field", 406,
        "The detail lists the media types on offer."
      )
    case .conflict:
      (
        "conflict", "The operation makes no sense in this state", 409,
        "Nothing was changed. The detail tells which state it would take."
      )
    case .preconditionFailed:
      (
        "precondition-failed", "The session or file has changed", 412,
        "If-Match or If-None-Match names another state than it has. Look at it again, then decide anew."
      )
    case .contentTooLarge:
      (
        "content-too-large", "The body is larger than the limit", 413,
        "The detail names the limit. Divide the request."
      )
    case .unsupportedMediaType:
      (
        "unsupported-media-type", "The body is of another media type", 415,
        "Send JSON, not encoded, with Content-Type: application/json; curl's --json does."
      )
    case .requestUnfinished:
      (
        "request-unfinished", "The first request with this Idempotency-Key is not answered yet", 409,
        "Send the same request again after the seconds that Retry-After names."
      )
    case .idempotencyKeyReused:
      (
        "idempotency-key-reused", "Another request has had this Idempotency-Key", 422,
        "A key stands for one request, its path and body. Give each new request a new key, such as a random UUID."
      )
    case .tooManyRequests:
      (
        "too-many-requests", "This address asks too often", 429,
        "Wait for the seconds that Retry-After names. RateLimit tells how many requests are left, RateLimit-Policy how "
          + "many there are."
      )
    case .storeFull:
      (
        "store-full", "There is no room to keep the change", 507,
        "The change could not be kept, so it was not made; what was kept before can be read. The operator must make room "
          + "on the disk or make it writable, and then the same request can be sent again."
      )
    case .storeFailed:
      (
        "store-failed", "The change could not be kept", 503,
        "The database did not take the change, so it was not made. Send the request again after the time in Retry-After."
      )
    case .tooManySessions:
      (
        "too-many-sessions", "The service holds as many sessions as it can", 503,
        "Delete sessions that are not needed, or try again later."
      )
    }
  }
}
