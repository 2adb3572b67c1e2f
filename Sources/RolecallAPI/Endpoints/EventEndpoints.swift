import HTTPCore

/// Revisions that one stream catches up with; a client that missed more comes again for the rest.
private let longestCatchUp = 1_000

/// `GET /v1/sessions/{id}/events`: an event for each revision, from the present one or after the one that the client had
/// last.
func streamEvents(_ exchange: borrowing Exchange, _ later: Later) throws(ProblemDetails) -> EventStream {
  let last = try exchange.lastEventID()
  return try exchange.withSession { session, state throws(ProblemDetails) in
    // A client can know of a revision that was never kept.
    let kept = session.keptRevision
    let first = last.map { min($0 + 1, kept + 1) } ?? kept
    let end = min(kept + 1, first + longestCatchUp)
    let effective = Set(state.history.path(to: state.history.state))
    let missed = (first..<end).flatMap { state.event($0, effective: effective) }
    let watcher = end > kept ? session.watchers.add(later, next: end) : nil
    if watcher != nil, kept < state.revision {
      // Whoever made these may not have known that someone would watch.
      let unkept = (kept + 1...state.revision).map { state.event($0, effective: [$0]) }
      exchange.settle(session, state) { outcome in
        if case .success = outcome { session.watchers.tell(unkept, from: kept + 1) }
      }
    }
    let stream = eventStream(beginningWith: missed) {
      if let watcher { session.watchers.remove(watcher) }
    }
    if watcher == nil { later.end() }
    return stream
  }
}

/// `GET /v1/events`: every revision of every session from now on, for the operator.
func streamEveryEvent(_ exchange: borrowing Exchange, _ later: Later) throws(ProblemDetails) -> EventStream {
  try exchange.admitOperator()
  let watchers = exchange.service.watchers
  let watcher = watchers.add(later)
  return eventStream(beginningWith: EventStream.heartbeat) { watchers.remove(watcher) }
}

private func eventStream(
  beginningWith events: [UInt8], onEnd: @escaping @Sendable () -> Void
) -> EventStream {
  let head = Response(
    200, fields: [("Content-Type", MediaType.eventStream.rawValue), ("Cache-Control", "no-store")],
    body: events)
  return EventStream(head, onEnd: onEnd)
}

extension Exchange {
  /// The revision in Last-Event-ID; nil if there is none.
  fileprivate func lastEventID() throws(ProblemDetails) -> Int? {
    guard let field = request.fieldValue(.lastEventID), !field.isEmpty else { return nil }
    guard let revision = field.canonicalDecimal else {
      throw ProblemDetails(
        .invalidHeader, "Last-Event-ID must be the revision of the last event, in decimal digits")
    }
    return revision
  }
}
