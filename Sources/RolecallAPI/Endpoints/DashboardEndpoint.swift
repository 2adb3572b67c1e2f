import HTTPCore

/// One of the files that make the dashboard.
struct DashboardFile: Sendable {
  let media: MediaType
  let bytes: [UInt8]
  /// A strong entity tag (RFC 9110, section 8.8.3): the files are the program's own, so that a hash that is not
  /// cryptographic tells them apart (FNV-1a, 64 bits).
  let entityTag: String

  /// Media types by the ends of names; anything else is a script.
  private static let types: [(end: String, media: MediaType)] = [
    (".html", .html), (".css", .css), (".svg", .svg), (".js", .javaScript),
  ]

  init(name: String, bytes: [UInt8]) {
    media = Self.types.first { name.hasSuffix($0.end) }?.media ?? .javaScript
    self.bytes = bytes
    let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    entityTag = "\"\(String(hash, radix: 16))\""
  }
}

/// `GET /` and `GET /dashboard/{file}`: a file of the dashboard, from a table in memory. A browser may keep it, but asks
/// each time whether it is still the one, so that a new version of the service never meets an old page.
func answerDashboard(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  guard let file = Assets.dashboard[exchange.pathParameter("file") ?? "index.html"] else {
    throw ProblemDetails(.notFound, "the dashboard has no such file")
  }
  var fields: ResponseFields = [("ETag", file.entityTag), ("Cache-Control", "no-cache")]
  if let list = exchange.request[field: .ifMatch], !file.entityTag.isNamed(in: list, weakly: false) {
    throw ProblemDetails(
      .preconditionFailed, "If-Match names another state of the file than \(file.entityTag)",
      fields: [("ETag", file.entityTag)])
  }
  if let list = exchange.request[field: .ifNoneMatch], file.entityTag.isNamed(in: list, weakly: true) {
    return Response(304, fields: fields)
  }
  fields.append("Content-Type", file.media.rawValue)
  return Response(200, fields: fields, body: file.bytes)
}

extension String {
  /// Whether a list of entity tags names this one, strongly or, as is enough in If-None-Match, also weakly (RFC 9110,
  /// sections 13.1.1 and 13.1.2).
  fileprivate func isNamed(in list: String, weakly: Bool) -> Bool {
    list.split(separator: ",").contains { element in
      let tag = element.trimmingSpaces()
      return tag == "*" || tag == self || weakly && tag == "W/" + self
    }
  }
}
