import HTTPCore
import JSON
import KVMModel

/// `POST /v1/sessions/{id}/vcpus/{n}/{operation}`
func applyVCPUOperation(_ name: String, _ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  try applyOperation(exchange) { decoder, body throws(ProblemDetails) in
    let vcpu = try exchange.vcpu(of: decoder.vcpus)
    guard let request = decoder.vcpuOperation(name, vcpu: vcpu, &body) else { throw .unknownPath }
    return request
  }
}

/// `POST /v1/sessions/{id}/{operation}`
func applyMachineOperation(_ name: String, _ exchange: borrowing Exchange) throws(ProblemDetails) -> Response
{
  try applyOperation(exchange) { decoder, body throws(ProblemDetails) in
    guard let request = decoder.machineOperation(name, &body) else { throw .unknownPath }
    return request
  }
}

private func applyOperation(
  _ exchange: borrowing Exchange,
  _ decode: (OperationDecoder, inout Body) throws(ProblemDetails) -> OperationRequest
) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: ResultDocument.choosableKeys)
  let value = try exchange.body()
  let isMinimal = exchange.preference == .minimal
  return try exchange.change { _, state throws(ProblemDetails) in
    let decoder = OperationDecoder(
      vendor: state.machine.machine.vendor, vcpus: state.machine.machine.vcpus)
    var body = Body(value)
    let request = try decode(decoder, &body)
    try body.finish()
    _ = try exchange.precondition(revision: state.revision)
    let (operation, result) = try state.apply(
      request, detail: ResultDocument.detail(isMinimal: isMinimal), time: exchange.service.now,
      limit: exchange.service.limits.history)
    let document = ResultDocument(
      operation: operation, result: result, revision: state.revision, isMinimal: isMinimal, fields: fields,
      isAlone: true)
    let content =
      switch exchange.media {
      case .text: Array(document.text(exchange.naming, in: state.machine).utf8)
      case .svg: Array((document.drawing ?? Drawing.nothing).utf8)
      default: document.bytes(exchange.naming, in: state.machine)
      }
    let tag = EntityTag(revision: state.revision, media: exchange.media)
    return Response(200, fields: tag.contentFields(isMinimal: isMinimal), body: content)
  }
}
