import HTTPCore
import JSON
import KVMModel

/// `GET /v1/sessions/{id}/vcpus/{n}/translate`: a walk on a copy of the machine, so that nothing changes.
func answerTranslation(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: WalkReport.documentKeys)
  let request = try exchange.walkRequest()
  return try exchange.look { _, state throws(ProblemDetails) in
    let vcpu = try exchange.vcpu(of: state.machine.vcpus.count)
    if let answer = try exchange.precondition(revision: state.revision) { return answer }
    var copy = state.machine
    let result: OperationResult
    do throws(OperationError) {
      result = try copy.apply(.vcpu(vcpu, .walk(request), enterGuest: false), detail: [.walk, .memory])
    } catch {
      throw ProblemDetails(error)
    }
    let headers = exchange.fields(revision: state.revision)
    if exchange.media == .svg {
      return exchange.text(result.walkDrawing ?? Drawing.nothing, as: .svg, fields: headers)
    }
    return exchange.json(fields: headers, capacity: 8 * 1024) { json in
      result.writeWalk(to: &json, copy.machine, fields: fields)
    }
  }
}

extension Exchange {
  fileprivate func walkRequest() throws(ProblemDetails) -> WalkRequest {
    guard let address = try word("address") else { throw ProblemDetails(parameter: "address", "is missing") }
    return WalkRequest(
      address: address, access: try enumeration("access", of: WalkRequest.Access.self) ?? .read,
      user: try flag("user"), implicit: try flag("implicit"), alignmentCheck: try flag("ac"),
      space: try enumeration("space", of: WalkRequest.Space.self) ?? .virtual, inject: false)
  }
}
