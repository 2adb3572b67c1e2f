public import HTTPCore

/// Which web pages may use the service. A browser on the operator's machine or network reaches it for any page that it
/// shows, so every write says where it comes from (RFC 6454; Fetch Metadata), or comes from no page.
public struct WebOrigins: Sendable {
  /// Fields that every answer carries: it is taken for nothing but what Content-Type says, is shown in no frame of
  /// another site, and runs no script but the service's own files (CSP Level 3; Fetch).
  public static let protectiveFields: ResponseFields = [
    ("X-Content-Type-Options", "nosniff"),
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    ("Cross-Origin-Resource-Policy", "same-origin"), ("Referrer-Policy", "no-referrer"),
  ]

  private static let allowedFields: ResponseFields = [
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE"),
    (
      "Access-Control-Allow-Headers",
      "Accept, Content-Type, If-Match, If-None-Match, Prefer, Idempotency-Key, Last-Event-ID"
    ),
    ("Access-Control-Max-Age", "600"),
  ]

  private static let exposedNames =
    "Allow, ETag, Link, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After"

  private static let fieldsOfPages = FieldName.Group([.origin, .secFetchSite])

  private let allowed: [String]

  /// Pages of the service itself, and those of these origins, each a scheme, host and port as a browser writes them,
  /// such as `https://lab.example`.
  public init(_ allowed: [String] = []) {
    self.allowed = allowed.map { $0.lowercased() }
  }

  /// Whether `text` is an origin as a browser writes it: `http` or `https`, a host, and a port unless it is the
  /// scheme's own (RFC 6454, section 6.2).
  public static func isValid(_ text: String) -> Bool {
    for scheme in ["http://", "https://"] where text.hasPrefix(scheme) {
      return AllowedAuthorities.isValid(String(text.dropFirst(scheme.count)))
    }
    return false
  }

  /// Refuses a write that a page of a foreign origin has the browser make.
  func admit(_ request: Request) throws(ProblemDetails) {
    guard request.mayHave(Self.fieldsOfPages) else { return }
    let origin = request.fieldValue(.origin)
    if let origin, isNamed(origin) { return }
    if let site = request.fieldValue(.secFetchSite), !Self.isOwn(site: site) {
      throw ProblemDetails(
        .crossSite,
        "Sec-Fetch-Site says that a page of another site sends this; its origin is not among those allowed")
    }
    guard let origin, !Self.isOwn(origin, request.authority) else { return }
    throw ProblemDetails(
      .crossSite,
      "the origin \(String(decoding: origin.prefix(100), as: UTF8.self)) is neither the service's own nor among those allowed"
    )
  }

  /// Whether pages of other origins may use the service.
  var areAny: Bool { !allowed.isEmpty }

  /// What a browser needs to show the answer to a page of an allowed origin (Fetch, section 3.3).
  func grant(_ request: Request) -> ResponseFields {
    var fields: ResponseFields = [("Vary", "Origin")]
    guard let origin = request.fieldValue(.origin), isNamed(origin) else { return fields }
    fields.append("Access-Control-Allow-Origin", String(decoding: origin, as: UTF8.self))
    fields.append("Access-Control-Expose-Headers", Self.exposedNames)
    if request.method == .options, request.fieldValue(.accessControlRequestMethod) != nil {
      fields.append(contentsOf: Self.allowedFields)
    }
    return fields
  }

  private func isNamed(_ origin: ArraySlice<UInt8>) -> Bool {
    allowed.contains { $0.utf8.elementsEqual(origin) }
  }

  private static func isOwn(site: ArraySlice<UInt8>) -> Bool {
    site.elementsEqual("same-origin".utf8) || site.elementsEqual("none".utf8)
  }

  /// Whether an origin is the host that the request is for; `https` where a proxy speaks TLS for the service.
  private static func isOwn(_ origin: ArraySlice<UInt8>, _ authority: ArraySlice<UInt8>?) -> Bool {
    guard let authority else { return false }
    for scheme in ["http://", "https://"] where origin.starts(with: scheme.utf8) {
      return origin.dropFirst(scheme.utf8.count).equalsIgnoringCase(
        String(decoding: authority, as: UTF8.self))
    }
    return false
  }
}

extension Request {
  /// Whether it may change something (RFC 9110, section 9.2.1).
  var isWrite: Bool {
    switch method {
    case .get, .head, .options, .trace: false
    default: true
    }
  }

  /// Refuses a body that is not plain JSON. A page of any site can send the other media types that forms have, without
  /// asking.
  func checkContent() throws(ProblemDetails) {
    guard hasBody else { return }
    guard let type = fieldValue(.contentType), type.holds(Self.json) || isJSON else {
      throw ProblemDetails(
        .unsupportedMediaType, "the body must be application/json, and Content-Type must say so")
    }
    if let coding = self[field: .contentEncoding], coding.lowercased() != "identity" {
      throw ProblemDetails(
        .unsupportedMediaType, "the body must not be encoded", fields: [("Accept-Encoding", "identity")])
    }
  }

  private static let json = Array(MediaType.json.rawValue.utf8)

  /// Whether Content-Type is that of JSON but for parameters and the case of letters.
  private var isJSON: Bool {
    let type = self[field: .contentType] ?? ""
    return type.prefix { $0 != ";" }.trimmingSpaces().lowercased() == MediaType.json.rawValue
  }
}
