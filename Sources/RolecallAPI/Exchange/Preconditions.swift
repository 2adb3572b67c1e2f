import HTTPCore

/// The entity tag of a session or vCPU: its revision, and the representation (RFC 9110, section 8.8.3).
struct EntityTag: Sendable {
  let revision: Int
  let media: MediaType

  /// The representations that have a tag of their own.
  private static let representations: [MediaType] = [.json, .text, .svg]

  /// The tag as it stands in the field; JSON's is the revision alone.
  var text: String {
    switch media {
    case .text: "\"\(revision)-text\""
    case .svg: "\"\(revision)-svg\""
    default: "\"\(revision)\""
    }
  }

  /// Whether a list of tags, as in If-Match, names this revision. A weak tag (`W/`) matches only if `weak`, and another
  /// representation's only if not: what is to be changed is the session, however the client came to see it.
  func matches(_ list: String, weak: Bool) -> Bool {
    list.split(separator: ",").contains { element in
      var tag = element.trimmingSpaces()
      if tag == "*" { return true }
      if tag.hasPrefix("W/") {
        guard weak else { return false }
        tag = tag.dropFirst(2)
      }
      return weak
        ? tag == text
        : Self.representations.contains { tag == EntityTag(revision: revision, media: $0).text }
    }
  }
}

extension Exchange {
  /// What the conditions of the request lead to for a resource at this revision (RFC 9110, section 13.2.2): nil if it
  /// is to be carried out, or the answer that nothing has changed.
  func precondition(revision: Int) throws(ProblemDetails) -> Response? {
    let tag = EntityTag(revision: revision, media: media)
    if let list = request[field: "If-Match"], !tag.matches(list, weak: false) {
      throw ProblemDetails(
        .preconditionFailed, "If-Match names another revision than \(revision)", fields: [("ETag", tag.text)])
    }
    if let list = request[field: "If-None-Match"], tag.matches(list, weak: true) {
      guard request.method == .get || request.method == .head else {
        throw ProblemDetails(
          .preconditionFailed, "If-None-Match names the revision, \(revision)", fields: [("ETag", tag.text)])
      }
      return Response(304, fields: [("ETag", tag.text), ("Vary", "Accept")])
    }
    return nil
  }

  /// The fields of an answer that shows this revision.
  func fields(revision: Int) -> ResponseFields {
    [("ETag", EntityTag(revision: revision, media: media).text), ("Vary", "Accept")]
  }
}
