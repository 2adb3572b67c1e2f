import HTTPCore
import JSON

/// `GET /v1/sessions`: every session, for the operator.
func answerSessions(_ exchange: Exchange) throws(ProblemDetails) -> Response {
  try exchange.admitOperator()
  let page = try exchange.page()
  let (sessions, next) = exchange.service.sessions.list(after: page.after, limit: page.limit)
  var headers: ResponseFields = [("Cache-Control", "no-store")]
  if let next { headers.append("Link", page.link("/v1/sessions", after: next)) }
  return exchange.json(fields: headers, capacity: 256 * (sessions.count + 1)) { json in
    json.object { json in
      json.member("total", exchange.service.sessions.count)
      json.key("sessions")
      json.array { json in
        for session in sessions {
          let (revision, updated, operations) = session.withState {
            ($0.revision, $0.updated, $0.history.undoable)
          }
          json.object { json in
            json.member("id", session.id.text)
            json.member("name", session.name)
            json.member("revision", revision)
            json.member("created", session.created.text)
            json.member("updated", updated.text)
            json.member("operations", operations)
          }
        }
      }
    }
  }
}
