import HTTPCore
import JSON
import KVMModel

/// `GET /v1/sessions/{id}/history`
func answerHistory(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let revision = try exchange.number("revision")
  let page = try exchange.page()
  return try exchange.look { session, state throws(ProblemDetails) in
    if let revision { return try answerPast(revision, session, state, exchange) }
    if let answer = try exchange.precondition(revision: state.revision) { return answer }
    let history = state.history
    let revisions = page.after + 1..<max(page.after, min(history.revision, page.after + page.limit)) + 1
    var headers = exchange.fields(revision: state.revision)
    if revisions.upperBound <= history.revision {
      headers.append("Link", page.link(session.path + "/history", after: revisions.upperBound - 1))
    }
    let effective = Set(history.path(to: history.state).filter(revisions.contains))
    let vendor = state.machine.machine.vendor
    guard exchange.media == .json else {
      let lines = revisions.map { history.line($0, effective: effective, vendor) + "\n" }
      return exchange.text(lines.joined(), fields: headers)
    }
    return exchange.json(fields: headers, capacity: 256 * (revisions.count + 1)) { json in
      json.object { json in
        json.member("revision", history.revision)
        json.member("undoable", history.undoable)
        json.member("redoable", history.redoable)
        json.key("entries")
        json.array { json in
          for revision in revisions { history.write(revision, effective: effective, to: &json, vendor) }
        }
      }
    }
  }
}

/// The session's document as it was.
private func answerPast(
  _ revision: Int, _ session: Session, _ state: Session.State, _ exchange: borrowing Exchange
) throws(ProblemDetails) -> Response {
  for parameter in ["after", "limit"] where exchange.parameter(parameter) != nil {
    throw ProblemDetails(parameter: parameter, "chooses entries, and excludes revision")
  }
  guard (1...state.revision).contains(revision) else {
    throw ProblemDetails(
      .unknownRevision, "the session has revisions 1 to \(state.revision), not \(revision)")
  }
  if let answer = try exchange.precondition(revision: revision) { return answer }
  let past = try state.pastState(revision)
  let headers = exchange.fields(revision: revision)
  guard exchange.media == .json else { return exchange.text(session.table(past), fields: headers) }
  return exchange.json(fields: headers, capacity: 16 * 1024) { json in
    session.write(past, to: &json, exchange.naming)
  }
}

/// `POST /v1/sessions/{id}/undo`
func undoOperations(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  try travel(exchange, isUndo: true)
}

/// `POST /v1/sessions/{id}/redo`
func redoOperations(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  try travel(exchange, isUndo: false)
}

private func travel(_ exchange: borrowing Exchange, isUndo: Bool) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: TravelDocument.keys)
  let limits = exchange.service.limits
  var body = Body(try exchange.body())
  let steps = body.optionalInteger("steps") ?? 1
  if steps < 1 { body.refuse("steps", "must be at least 1, is \(steps)") }
  try body.finish()
  let isMinimal = exchange.preference == .minimal
  return try exchange.change { session, state throws(ProblemDetails) in
    _ = try exchange.precondition(revision: state.revision)
    try state.history.checkSteps(steps, isUndo: isUndo)
    try state.history.checkRoom(for: History.entryBytes, limit: limits.history)
    let before = state.machine
    let operations: [Int]
    do throws(OperationError) {
      let time = exchange.service.now
      operations = isUndo ? try state.undo(steps, at: time) : try state.redo(steps, at: time)
    } catch {
      throw ProblemDetails(error)
    }
    let document = TravelDocument(
      isUndo: isUndo, operations: operations, limit: limits.page,
      changes: state.machine.changes(from: before),
      isMinimal: isMinimal, fields: fields)
    var headers = exchange.fields(revision: state.revision)
    if isMinimal { headers.append("Preference-Applied", "return=minimal") }
    guard exchange.media == .json else {
      return exchange.text(document.text(state, exchange.naming), fields: headers)
    }
    return exchange.json(fields: headers, capacity: 24 * 1024) { json in
      document.write(state, to: &json, exchange.naming)
    }
  }
}

extension History {
  /// Refuses to undo or redo more than there is.
  fileprivate func checkSteps(_ steps: Int, isUndo: Bool) throws(ProblemDetails) {
    let (count, verb) = isUndo ? (undoable, "undone") : (redoable, "redone")
    guard count > 0 else { throw ProblemDetails(.conflict, "there is no operation that can be \(verb)") }
    guard steps <= count else {
      throw ProblemDetails(
        .ruleViolated, [JSONProblem(pointer: "/steps", detail: "\(count) can be \(verb), not \(steps)")])
    }
  }
}

extension Session.State {
  /// The session as it was at a revision that it has.
  func pastState(_ revision: Int) throws(ProblemDetails) -> Session.State {
    do throws(OperationError) { return try past(revision) } catch { throw ProblemDetails(error) }
  }
}
