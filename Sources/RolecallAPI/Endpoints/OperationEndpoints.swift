import HTTPCore
import JSON
import KVMModel

/// `POST /v1/sessions/{id}/vcpus/{n}/{operation}`
func applyVCPUOperation(_ name: String, _ exchange: Exchange) throws(ProblemDetails) -> Response {
  try applyOperation(exchange) { decoder, body, machine throws(ProblemDetails) in
    let vcpu = try exchange.vcpu(of: machine)
    return decoder.vcpuOperation(name, vcpu: vcpu, &body)
  }
}

/// `POST /v1/sessions/{id}/{operation}`
func applyMachineOperation(_ name: String, _ exchange: Exchange) throws(ProblemDetails) -> Response {
  try applyOperation(exchange) { decoder, body, _ throws(ProblemDetails) in
    decoder.machineOperation(name, &body)
  }
}

private func applyOperation(
  _ exchange: Exchange,
  _ decode: (OperationDecoder, inout Body, borrowing VirtualMachine) throws(ProblemDetails) ->
    OperationRequest?
) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: ResultDocument.choosableKeys)
  let value = try exchange.body()
  let isMinimal = exchange.preference == .minimal
  return try exchange.change { _, state throws(ProblemDetails) in
    let machine = state.machine.machine
    var body = Body(value)
    let request = try decode(
      OperationDecoder(vendor: machine.vendor, vcpus: machine.vcpus), &body, state.machine)
    try body.finish()
    guard let request else { throw ProblemDetails(.notFound, "no such operation") }
    _ = try exchange.precondition(revision: state.revision)
    let (operation, result) = try state.apply(
      request, detail: ResultDocument.detail(isMinimal: isMinimal), time: exchange.service.now,
      limit: exchange.service.limits.history)
    var headers = exchange.fields(revision: state.revision)
    if isMinimal { headers.append(contentsOf: Exchange.minimalApplied) }
    let document = ResultDocument(
      operation: operation, result: result, revision: state.revision, isMinimal: isMinimal, fields: fields,
      isAlone: true)
    switch exchange.media {
    case .text: return exchange.text(document.text(exchange.naming, in: state.machine), fields: headers)
    case .svg:
      return exchange.text(document.drawing ?? Drawing.nothing, as: .svg, fields: headers)
    default: break
    }
    return exchange.json(fields: headers, body: document.bytes(exchange.naming, in: state.machine))
  }
}
