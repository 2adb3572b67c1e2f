import HTTPCore
import JSON
import KVMModel

private let batchKeys = ["names", "results", "truncated", "session"]

/// What is told of a result once the answer is as long as it may be, so that no outcome is lost.
private let shortFields = Fields(chosen: ["revision", "outcome"])

/// `POST /v1/sessions/{id}/batch`
///
/// The body may be a script whose machine and boot are the session's. The whole batch is read before the first operation
/// is applied, and no other request comes between two of them. Every operation is applied however long the answer grows:
/// from `answerBytes` on, results are told in short.
func applyBatch(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: batchKeys)
  let value = try exchange.body()
  let limits = exchange.service.limits
  return try exchange.change { session, state throws(ProblemDetails) in
    let machine = state.machine.machine
    var body = Body(value)
    let stopsOnException = body.members.optionalEnumeration(
      "stop_on", of: ["never": false, "exception": true])
    let operations = try body.operations(
      OperationDecoder(vendor: machine.vendor, vcpus: machine.vcpus), limit: limits.operations)
    body.readScriptHead(of: machine, session.boot)
    if !body.members.hasValue("operations") { body.members.refuse("operations", "is missing") }
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
    var firstShort: Int?
    for (index, operation) in operations.enumerated() {
      if firstShort == nil, json.count >= limits.answerBytes { firstShort = index }
      let outcome = state.run(
        operation, index, isMinimal: isMinimal, isShort: firstShort != nil, exchange, writing: showsResults,
        to: &json)
      if stopsOnException == true, case .exception = outcome { break }
    }
    if showsResults { json.endArray() }
    if fields.contains("truncated") { writeTruncation(from: firstShort, limits.answerBytes, to: &json) }
    if fields.contains("session") {
      json.key("session")
      session.write(state, to: &json, exchange.naming)
    }
    json.endObject()

    var headers: ResponseFields = [("Content-Type", MediaType.json.rawValue)]
    headers.append(contentsOf: exchange.fields(revision: state.revision))
    if isMinimal { headers.append(contentsOf: Exchange.minimalApplied) }
    return Response(200, fields: headers, body: json.finish())
  }
}

/// Says from which result on only `shortFields` are told, and what to do about it; null if none is.
private func writeTruncation(from index: Int?, _ limit: Int, to json: inout JSONWriter) {
  json.key("truncated")
  guard let index else { return json.null() }
  json.object { json in
    json.member("pointer", "/results/\(index)")
    json.member(
      "detail",
      "the answer reached \(limit) bytes: from this result on only revision and outcome are told; every operation was "
        + "applied. Send fewer operations at once, or ask for less by Prefer: return=minimal or fields=session"
    )
  }
}

extension Session.State {
  /// Applies one operation of a batch and writes its result, or the problem that it makes no sense.
  fileprivate mutating func run(
    _ request: OperationRequest, _ index: Int, isMinimal: Bool, isShort: Bool, _ exchange: borrowing Exchange,
    writing: Bool, to json: inout JSONWriter
  ) -> Outcome? {
    do throws(ProblemDetails) {
      let (operation, result) = try apply(
        request, at: "/operations/\(index)", detail: ResultDocument.detail(isMinimal: isMinimal),
        time: exchange.service.now, limit: exchange.service.limits.history)
      if writing {
        let document = ResultDocument(
          operation: operation, result: result, revision: revision, isMinimal: isMinimal,
          fields: isShort ? shortFields : .all)
        document.write(to: &json, exchange.naming, in: machine)
      }
      return result.outcome
    } catch {
      guard writing else { return nil }
      json.beginObject()
      json.key("problem")
      error.write(to: &json, instance: exchange.request.path)
      json.endObject()
      return nil
    }
  }
}
