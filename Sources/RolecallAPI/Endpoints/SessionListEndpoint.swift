import HTTPCore
import JSON
import SessionStore

/// `GET /v1/sessions`: every session, for the operator.
func answerSessions(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  try exchange.admitOperator()
  let page = try exchange.sessionPage()
  var headers: ResponseFields = [("Cache-Control", "no-store")]
  if let link = page.link("/v1/sessions") { headers.append("Link", link) }
  return exchange.json(fields: headers, capacity: 256 * (page.sessions.count + 1)) { json in
    json.object { json in
      json.member("total", exchange.service.sessions.count)
      json.key("sessions")
      json.array { json in
        for session in page.sessions {
          json.object { json in
            json.member("id", session.id.text)
            json.member("name", session.name)
            json.member("revision", session.revision)
            json.member("created", session.created.text)
            json.member("used", session.used.text)
          }
        }
      }
    }
  }
}

/// A part of the list of all sessions.
struct SessionPage {
  let sessions: [Sessions.Listed]
  fileprivate let hasMore: Bool
  fileprivate let limit: Int

  /// The value of Link for the sessions that follow (RFC 8288).
  func link(_ path: String) -> String? {
    guard hasMore, let last = sessions.last else { return nil }
    return "<\(path)?after=\(last.id.text)&limit=\(limit)>; rel=\"next\""
  }
}

extension Exchange {
  /// The sessions that the parameters `after`, the last one of the page before, and `limit` choose.
  func sessionPage() throws(ProblemDetails) -> SessionPage {
    let limit = try pageLimit()
    let after = parameter("after")
    let start = after.flatMap { SessionID(ArraySlice($0.utf8)) }
    guard after == nil || start != nil else {
      throw ProblemDetails(parameter: "after", "must be the id of a session, the last of the page before")
    }
    do throws(StoreError) {
      let (sessions, hasMore) = try service.sessions.list(after: start, limit: limit)
      return SessionPage(sessions: sessions, hasMore: hasMore, limit: limit)
    } catch {
      throw ProblemDetails(error)
    }
  }
}
