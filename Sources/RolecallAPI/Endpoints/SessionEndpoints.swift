import HTTPCore
import JSON
import KVMModel

/// `POST /v1/sessions`
func createSession(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: Session.documentKeys)
  let service = exchange.service
  let script = try Script(try exchange.body(), service.limits, labs: service.labs)
  let session = try script.session(at: service.now, service.limits, counts: service.counts)
  return try exchange.created(session, fields)
}

/// `GET /v1/sessions/{id}`
func answerSession(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: Session.documentKeys)
  return try exchange.look { session, state throws(ProblemDetails) in
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
func deleteSession(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  try exchange.delete { state throws(ProblemDetails) in
    _ = try exchange.precondition(revision: state.revision)
  }
}

/// `GET /v1/sessions/{id}/vcpus/{n}`
func answerVCPU(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: VCPU.documentKeys)
  return try exchange.look { _, state throws(ProblemDetails) in
    let index = try exchange.vcpu(of: state.machine.vcpus.count)
    if let answer = try exchange.precondition(revision: state.revision) { return answer }
    let revision = state.revision
    if exchange.media == .json, exchange.naming == .proposed, fields.isAll {
      return state.answer(forVCPU: index) { document in
        exchange.json(fields: exchange.fields(revision: revision), body: document)
      }
    }
    let headers = exchange.fields(revision: revision)
    let vcpu = state.machine.vcpus[index]
    switch exchange.media {
    case .text: return exchange.text(vcpu.table(in: state.machine), fields: headers)
    case .svg: return exchange.drawing(of: [vcpu], in: state.machine, fields: headers)
    default: break
    }
    return exchange.json(fields: headers, capacity: 16 * 1024) { json in
      state.machine.vcpus[index].write(
        to: &json, exchange.naming, in: state.machine, fields: fields, isAlone: true)
    }
  }
}

extension Exchange {
  /// The number of the vCPU that the path names, of so many: the second parameter of its template.
  func vcpu(of count: Int) throws(ProblemDetails) -> Int {
    guard let number = pathParameter(at: 1).flatMap(\.canonicalDecimal), number < count else {
      throw ProblemDetails(.unknownVCPU, OperationDecoder.vcpuRange(count))
    }
    return number
  }

  /// An answer that is text, plain unless another media type is given.
  func text(_ text: String, as media: MediaType = .text, fields: ResponseFields) -> Response {
    Response(200, fields: fields.with(media), body: Array(text.utf8))
  }
}

extension Body {
  /// The list `operations`, empty if there is none. Longer than the limit, it is not read at all.
  mutating func operations(_ decoder: OperationDecoder, limit: Int) throws(ProblemDetails)
    -> [OperationRequest]
  {
    var excess: Int?
    var index = 0
    var broken: [(index: Int, rules: [JSONProblem])] = []
    let operations = optionalArray("operations", limit: limit, refuse: { excess = $0 }) { element in
      var rules: [JSONProblem] = []
      let operation = element.object { Body.decode(&$0, &rules, decoder.listed) }
      if !rules.isEmpty, broken.count <= JSONProblems.limit { broken.append((index, rules)) }
      index += 1
      return operation
    }
    if let excess {
      throw ProblemDetails(
        .limitExceeded,
        [
          JSONProblem(
            pointer: "/operations", detail: "at most \(limit) operations, there are \(excess)")
        ])
    }
    for (index, rules) in broken { refuse(rules, at: JSONPointer.element(index, of: "/operations")) }
    return (operations ?? []).compactMap(\.self)
  }
}
