import HTTPCore
import JSON
import KVMModel

/// `POST /v1/sessions`
func createSession(_ exchange: Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: Session.documentKeys)
  let service = exchange.service
  let script = try Script(try exchange.body(), service.limits, labs: service.labs)
  let session = try script.session(at: service.now, service.limits, counts: service.counts)
  return try exchange.created(session, fields)
}

/// `GET /v1/sessions/{id}`
func answerSession(_ exchange: Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: Session.documentKeys)
  let session = try exchange.session()
  return try session.withState { state throws(ProblemDetails) in
    if let answer = try exchange.precondition(revision: state.revision) { return answer }
    let headers = exchange.fields(revision: state.revision)
    switch exchange.media {
    case .text: return exchange.text(session.table(state), fields: headers)
    case .svg: return exchange.drawing(of: state.machine.vcpus, in: state.machine, fields: headers)
    default: break
    }
    return exchange.json(fields: headers, capacity: 16 * 1024) { json in
      session.write(state, to: &json, exchange.naming, fields: fields)
    }
  }
}

/// `DELETE /v1/sessions/{id}`
func deleteSession(_ exchange: Exchange) throws(ProblemDetails) -> Response {
  let session = try exchange.session()
  try session.withState { state throws(ProblemDetails) in
    _ = try exchange.precondition(revision: state.revision)
    exchange.service.sessions.remove(session.id)
  }
  return Response(204)
}

/// `GET /v1/sessions/{id}/vcpus/{n}`
func answerVCPU(_ exchange: Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: VCPU.documentKeys)
  let session = try exchange.session()
  return try session.withState { state throws(ProblemDetails) in
    let vcpu = state.machine.vcpus[try exchange.vcpu(of: state.machine)]
    if let answer = try exchange.precondition(revision: state.revision) { return answer }
    let headers = exchange.fields(revision: state.revision)
    switch exchange.media {
    case .text: return exchange.text(vcpu.table(in: state.machine), fields: headers)
    case .svg: return exchange.drawing(of: [vcpu], in: state.machine, fields: headers)
    default: break
    }
    return exchange.json(fields: headers, capacity: 16 * 1024) { json in
      vcpu.write(to: &json, exchange.naming, in: state.machine, fields: fields, isAlone: true)
    }
  }
}

extension Exchange {
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
      return json(201, fields: headers, capacity: 16 * 1024) { json in
        session.write(state, to: &json, naming, fields: fields)
      }
    }
  }

  /// The session that the path names.
  func session() throws(ProblemDetails) -> Session {
    guard let id = parameters["id"].flatMap({ SessionID($0) }), let session = service.sessions.session(id)
    else {
      throw ProblemDetails(.unknownSession, "the session was deleted or never made")
    }
    return session
  }

  /// The number of the vCPU that the path names.
  func vcpu(of machine: borrowing VirtualMachine) throws(ProblemDetails) -> Int {
    let text = parameters["n"] ?? ""
    let count = machine.vcpus.count
    guard let number = Int(text), String(number) == text, (0..<count).contains(number) else {
      throw ProblemDetails(.unknownVCPU, OperationDecoder.vcpuRange(count))
    }
    return number
  }

  /// An answer that is text, plain unless another media type is given.
  func text(_ text: String, as media: MediaType = .text, fields: ResponseFields) -> Response {
    var all: ResponseFields = [("Content-Type", media.rawValue)]
    all.append(contentsOf: fields)
    return Response(200, fields: all, body: Array(text.utf8))
  }
}

extension Body {
  /// The list `operations`, empty if there is none. Longer than the limit, it is not read at all.
  mutating func operations(_ decoder: OperationDecoder, limit: Int) throws(ProblemDetails)
    -> [OperationRequest]
  {
    var excess: Int?
    var broken: [JSONProblem] = []
    let operations = optionalArray("operations", limit: limit, refuse: { excess = $0 }) { element in
      let pointer = element.pointer
      return element.object { Body.decode(&$0, at: pointer, &broken, decoder.listed) }
    }
    if let excess {
      throw ProblemDetails(
        .limitExceeded,
        [
          JSONProblem(
            pointer: pointer + "/operations", detail: "at most \(limit) operations, there are \(excess)")
        ])
    }
    refuse(broken)
    return (operations ?? []).compactMap(\.self)
  }
}
