import HTTPCore
import JSON

/// `GET /v1/sessions/{id}/export`
func exportSession(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  return try exchange.look { session, state throws(ProblemDetails) in
    if let answer = try exchange.precondition(revision: state.revision) { return answer }
    var headers = exchange.fields(revision: state.revision)
    headers.append("Content-Type", MediaType.json.rawValue)
    return Response(200, fields: headers, body: session.script(state))
  }
}

/// `POST /v1/sessions/{id}/fork`
func forkSession(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: Session.documentKeys)
  let service = exchange.service
  var body = Body(try exchange.body())
  let name = body.sessionName(service.limits)
  let wanted = body.optionalInteger("at_revision")
  return try exchange.withSession { session, state throws(ProblemDetails) in
    let revision = wanted ?? state.revision
    if !(1...state.revision).contains(revision) {
      body.refuse("at_revision", "the session has revisions 1 to \(state.revision), not \(revision)")
    }
    try body.finish()
    _ = try exchange.precondition(revision: state.revision)
    let fork = Session(
      name: name ?? session.name, boot: session.boot, enrolment: session.enrolment,
      try state.pastState(revision), of: session.id, at: service.now,
      counts: service.counts)
    // Given to the store before anything can come after the state that it is a fork of.
    return try exchange.created(fork, fields)
  }
}
