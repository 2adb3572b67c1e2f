import HTTPCore
import JSON
import KVMModel

private let batchKeys = ["names", "results", "session"]

/// `POST /v1/sessions/{id}/batch`
///
/// The whole batch is read before the first operation is applied, and no other request comes between two of them.
func applyBatch(_ exchange: Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: batchKeys)
  let session = try exchange.session()
  let value = try exchange.body()
  let limits = exchange.service.limits
  return try session.withState { state throws(ProblemDetails) in
    let machine = state.machine.machine
    var body = Body(value)
    let stopsOnException = body.members.optionalEnumeration(
      "stop_on", of: ["never": false, "exception": true])
    let operations = try body.operations(
      OperationDecoder(vendor: machine.vendor, vcpus: machine.vcpus), limit: limits.operations)
    if body.members.optionalValue("operations") == nil { body.members.refuse("operations", "is missing") }
    try body.finish()
    _ = try exchange.precondition(revision: state.revision)

    let isMinimal =
      exchange.preference == .minimal
      || (operations.count > limits.wholeResults && exchange.preference != .representation)
    var json = JSONWriter()
    json.beginObject()
    if fields.contains("names") { exchange.naming.writeNames(to: &json) }
    let showsResults = fields.contains("results")
    if showsResults {
      json.key("results")
      json.beginArray()
    }
    for (index, operation) in operations.enumerated() {
      let outcome = state.run(
        operation, index, isMinimal: isMinimal, exchange, writing: showsResults, to: &json)
      if stopsOnException == true, case .exception = outcome { break }
    }
    if showsResults { json.endArray() }
    if fields.contains("session") {
      json.key("session")
      session.write(state, to: &json, exchange.naming)
    }
    json.endObject()

    var headers: ResponseFields = [("Content-Type", MediaType.json.rawValue)]
    headers.append(contentsOf: exchange.fields(revision: state.revision))
    if isMinimal { headers.append("Preference-Applied", "return=minimal") }
    return Response(200, fields: headers, body: json.finish())
  }
}

extension Session.State {
  /// Applies one operation of a batch and writes its result, or the problem that it makes no sense.
  fileprivate mutating func run(
    _ request: OperationRequest, _ index: Int, isMinimal: Bool, _ exchange: Exchange, writing: Bool,
    to json: inout JSONWriter
  ) -> Outcome? {
    let operation = request.resolved(on: machine)
    do throws(OperationError) {
      let result = try apply(
        operation, detail: ResultDocument.detail(isMinimal: isMinimal), at: exchange.service.now)
      if writing {
        let document = ResultDocument(
          operation: operation, result: result, revision: revision, isMinimal: isMinimal)
        document.write(to: &json, exchange.naming, in: machine)
      }
      return result.outcome
    } catch {
      guard writing else { return nil }
      json.beginObject()
      json.key("problem")
      request.problem(error, at: "/operations/\(index)").write(to: &json, instance: exchange.request.path)
      json.endObject()
      return nil
    }
  }
}
