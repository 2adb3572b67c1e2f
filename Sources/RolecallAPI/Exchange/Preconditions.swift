import HTTPCore

/// The entity tag of a session or vCPU: its revision, and the representation (RFC 9110, section 8.8.3).
struct EntityTag: Sendable {
  let revision: Int
  let media: MediaType

  /// What tags end in, by representation; JSON's is the revision alone.
  private static let endings: [MediaType: String] = [.text: "-text", .svg: "-svg"]

  /// The tag as it stands in the field.
  var text: String { tag(Self.endings[media] ?? "") }

  private func tag(_ ending: String) -> String { "\"\(revision)\(ending)\"" }

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
      return weak ? tag == text : tag == self.tag("") || Self.endings.values.contains { tag == self.tag($0) }
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
