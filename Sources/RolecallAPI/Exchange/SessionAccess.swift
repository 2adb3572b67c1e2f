import HTTPCore
import SessionStore
import Synchronization

extension Exchange {
  /// Shows the session that the path names. The answer leaves once all that it shows is kept.
  @inline(__always)
  func look(
    _ body: (Session, inout Session.State) throws(ProblemDetails) -> Response
  ) throws(ProblemDetails) -> Response {
    try withSession { session, state throws(ProblemDetails) in
      let answer = try body(session, &state)
      if session.keptRevision < state.revision { settle(session, state) }
      return answer
    }
  }

  /// Changes the session that the path names. The answer leaves once what is new is kept.
  func change(
    _ body: (Session, inout Session.State) throws(ProblemDetails) -> Response
  ) throws(ProblemDetails) -> Response {
    try withSession { session, state throws(ProblemDetails) in
      let answer = try body(session, &state)
      keep(session, &state, answer)
      return answer
    }
  }

  /// Deletes the session that the path names.
  func delete(
    _ check: (borrowing Session.State) throws(ProblemDetails) -> Void
  ) throws(ProblemDetails) -> Response {
    try withSession { session, state throws(ProblemDetails) in
      try check(state)
      let sessions = service.sessions
      session.life.store(.deleted, ordering: .releasing)
      guard sessions.archive != nil else {
        sessions.remove(session)
        session.watchers.end()
        return Response(204)
      }
      submit([.delete(session.id.stored)], for: session) { kept in
        if case .failure = kept { return session.life.store(.stale, ordering: .releasing) }
        sessions.remove(session)
        session.watchers.end()
      }
      return Response(204)
    }
  }

  /// Keeps a session that was just made, and shows it.
  func created(_ session: Session, _ fields: Fields) throws(ProblemDetails) -> Response {
    guard service.sessions.insert(session) else {
      throw ProblemDetails(
        .tooManySessions, "at most \(service.limits.sessions) sessions; delete some",
        fields: [("Retry-After", "60")])
    }
    return session.withState { state in
      var headers = self.fields(revision: state.revision)
      headers.append("Location", session.path)
      let answer = json(201, fields: headers, capacity: 16 * 1024) { json in
        session.write(state, to: &json, naming, fields: fields)
      }
      keep(session, &state, answer)
      return answer
    }
  }

  /// Works with the session that the path names, while no other request does.
  @inline(__always)
  func withSession<Result>(
    _ body: (Session, inout Session.State) throws(ProblemDetails) -> Result
  ) throws(ProblemDetails) -> Result {
    guard let id = pathParameter(at: 0).flatMap(SessionID.init) else { throw .unknownSession }
    return try withSession(id, body)
  }

  /// Works with the session of a name, while no other request does.
  func withSession<Result>(
    _ id: SessionID, _ body: (Session, inout Session.State) throws(ProblemDetails) -> Result
  ) throws(ProblemDetails) -> Result {
    while true {
      guard let session = try session(id) else { throw .unknownSession }
      let result = try session.withState { state throws(ProblemDetails) -> Result? in
        switch session.life.load(ordering: .acquiring) {
        case .live: return try body(session, &state)
        case .deleted: throw .unknownSession
        case .stale:
          // Whoever worked with it before has given the store what is refused there. Only now may another take its place,
          // whose writes come after those.
          service.sessions.remove(session)
          return nil
        }
      }
      if let result { return result }
    }
  }

  private func session(_ id: SessionID) throws(ProblemDetails) -> Session? {
    do throws(StoreError) {
      return try service.sessions.session(id, at: service.now)
    } catch {
      throw ProblemDetails(error)
    }
  }

  private func keep(_ session: Session, _ state: inout Session.State, _ answer: Response) {
    let (first, last) = (state.announced + 1, state.revision)
    state.announced = last
    let isWatched = !session.watchers.isEmpty || !service.watchers.isEmpty
    let news = isWatched ? News(of: session, state, from: first, service.watchers) : nil
    guard let archive = service.sessions.archive else { return session.keep(last, news) }
    var writes = archive.writes(of: session, &state)
    guard !writes.isEmpty else { return }
    if let key {
      writes.append(.remember(key.stored, StoredAnswer(answer, to: request.identity, at: service.now)))
    }
    submit(writes, for: session) { kept in
      if case .success = kept { session.keep(last, news) }
    }
  }

  /// Lets the answer wait until what the session has in memory is kept, which it is not if what came before was refused.
  func settle(
    _ session: Session, _ state: borrowing Session.State,
    _ action: @escaping @Sendable (Commitment.Kept) -> Void = { _ in }
  ) {
    let revision = state.revision
    submit([.append(session.id.stored, after: revision, entries: [])], for: session, action)
  }

  /// Has the answer to a request with a key remembered that has changed nothing.
  func rememberIfUnchanged(_ answer: Response) {
    guard let archive = service.sessions.archive, let commitment, let key, commitment.isIdle else { return }
    commitment.begin()
    archive.store.submit([
      .remember(key.stored, StoredAnswer(answer, to: request.identity, at: service.now))
    ]) { commitment.end($0) }
  }

  /// Gives the store one unit of writes, which the answer waits for.
  private func submit(
    _ writes: [Write], for session: Session,
    _ action: @escaping @Sendable (Commitment.Kept) -> Void = { _ in }
  ) {
    guard let archive = service.sessions.archive, let commitment else { return }
    commitment.begin()
    archive.store.submit(writes) { kept in
      // What is in memory goes beyond what the store has: it is to be brought back from there.
      if case .failure = kept {
        _ = session.life.compareExchange(expected: .live, desired: .stale, ordering: .acquiringAndReleasing)
        session.watchers.end()
      }
      action(kept)
      commitment.end(kept)
    }
  }
}

extension ProblemDetails {
  /// There is no session of that name.
  static var unknownSession: ProblemDetails {
    ProblemDetails(.unknownSession, "the session was deleted or never made")
  }

  /// What kept the store from keeping or giving something.
  init(_ error: StoreError) {
    switch error {
    case .noSession: self = .unknownSession
    case .diskFull, .readOnly:
      self.init(
        .storeFull, "\(error); nothing of the request was kept", fields: [("Retry-After", "10")])
    case .sessionExists, .revisionConflict, .answerExists, .tooLarge, .overloaded, .locked, .corrupt, .io,
      .closed:
      self.init(
        .storeFailed, "\(error); nothing of the request was kept", fields: [("Retry-After", "5")])
    }
  }
}
