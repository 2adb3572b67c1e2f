import HTTPCore

/// What kind of work a request is, where latencies are told apart.
enum RouteClass: String, Sendable {
  /// Pages, descriptions and lists that never change.
  case page
  /// What monitors ask for.
  case probe
  /// Calculations without a session.
  case calculation
  /// Making and deleting sessions.
  case session
  /// Looking at a session.
  case read
  /// One operation.
  case operation
  /// Many operations at once.
  case batch

  /// The class of a row of the route table.
  init(_ route: APIRoute) {
    switch route.template {
    case "/livez", "/readyz", "/metrics": self = .probe
    case "/v1/sessions": self = .session
    case let path where path.hasSuffix("/batch"): self = .batch
    case let path where path.hasSuffix("/fork"): self = .session
    case "/v1/labs/{lab}/results": self = .read
    case let path where path.hasPrefix("/v1/sessions/"):
      self = route.method == .get ? .read : route.method == .delete ? .session : .operation
    case let path where path.hasPrefix("/v1/decode/") || route.method == .post: self = .calculation
    default: self = .page
    }
  }
}

extension RolecallService {
  /// ``routes`` with the class of their work, as metrics name them; `Response.route` counts them from 1.
  public static var routeLabels: [(method: String, template: String, group: String)] {
    apiRoutes.map { ($0.method.name, $0.template, RouteClass($0).rawValue) }
  }

  /// What monitors ask for; limits on the rate of requests spare it.
  public static let monitoredPaths = ["/livez", "/readyz", "/metrics"]

  /// The segments that stand in templates, which no session is called.
  private static let literals = Set(
    apiRoutes.flatMap { $0.template.split(separator: "/").map(String.init).filter { !$0.hasPrefix("{") } })

  /// A path as it may be logged: whatever could be a session's name is shortened to 6 characters and an ellipsis.
  /// That is a segment after `sessions`, and any segment as long as such a name, however it is encoded.
  ///
  /// - Parameter path: a path as it was sent.
  public static func redacted(_ path: String) -> String {
    var isName = false
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).map { raw -> String in
      let segment = Array(raw.utf8).percentDecoded
      let mustHide = isName ? segment.utf8.count > 6 : segment.utf8.count >= SessionID.length
      isName = segment == "sessions"
      return mustHide && !literals.contains(segment) ? "\(raw.prefix(6))…" : String(raw)
    }
    return segments.joined(separator: "/")
  }
}

extension [UInt8] {
  /// The bytes with `%` and two hexadecimal digits as one byte, read as UTF-8.
  fileprivate var percentDecoded: String {
    var bytes: [UInt8] = []
    var rest = self[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let decoded = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(decoded)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
