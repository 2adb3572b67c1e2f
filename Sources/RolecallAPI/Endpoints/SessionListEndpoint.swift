import HTTPCore
import JSON
import SessionStore

/// `GET /v1/sessions`: every session, for the operator.
func answerSessions(_ exchange: Exchange) throws(ProblemDetails) -> Response {
  try exchange.admitOperator()
  let limit = try exchange.pageLimit()
  let after = exchange.parameter("after")
  let start = after.flatMap { SessionID(ArraySlice($0.utf8)) }
  guard after == nil || start != nil else {
    throw ProblemDetails(parameter: "after", "must be the id of a session, the last of the page before")
  }
  let page: (sessions: [Sessions.Listed], hasMore: Bool)
  do throws(StoreError) {
    page = try exchange.service.sessions.list(after: start, limit: limit)
  } catch {
    throw ProblemDetails(error)
  }
  var headers: ResponseFields = [("Cache-Control", "no-store")]
  if page.hasMore, let last = page.sessions.last {
    headers.append("Link", "</v1/sessions?after=\(last.id.text)&limit=\(limit)>; rel=\"next\"")
  }
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
