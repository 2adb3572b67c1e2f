import HTTPCore
import JSON
import KVMModel

/// `GET /v1/sessions/{id}/shadow-pages`
func answerShadowPages(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: ["shadow_pages"])
  let withEntries = try exchange.flag("entries")
  return try exchange.look { _, state throws(ProblemDetails) in
    if let answer = try exchange.precondition(revision: state.revision) { return answer }
    let pages = state.machine.shadowPages
    let format = withEntries ? state.machine.spteFormat : nil
    let capacity = 64 + 640 * pages.count
    return exchange.json(fields: exchange.fields(revision: state.revision), capacity: capacity) { json in
      json.object { json in
        guard fields.contains("shadow_pages") else { return }
        json.key("shadow_pages")
        json.array { json in for page in pages { page.write(to: &json, entries: format) } }
      }
    }
  }
}

/// `GET /v1/sessions/{id}/shadow-pages/{hpa}`
func answerShadowPage(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: ShadowPage.documentKeys)
  return try exchange.look { _, state throws(ProblemDetails) in
    let address = exchange.pathParameter("hpa").flatMap { parseWord($0) }.map(HostPhysicalAddress.init)
    guard let page = address.flatMap({ state.machine.shadowPage(at: $0) }) else {
      throw ProblemDetails(.unknownShadowPage, "it was freed, or never made")
    }
    if let answer = try exchange.precondition(revision: state.revision) { return answer }
    return exchange.json(fields: exchange.fields(revision: state.revision)) { json in
      page.write(to: &json, fields: fields, entries: state.machine.spteFormat)
    }
  }
}

/// `GET /v1/sessions/{id}/memory`
func answerMemory(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let limit = exchange.service.limits.memoryWords
  guard let gpa = try exchange.word("gpa") else { throw ProblemDetails(parameter: "gpa", "is missing") }
  guard gpa % 8 == 0 else {
    throw ProblemDetails(.ruleViolated, parameter: "gpa", "must be a multiple of 8")
  }
  let words = try exchange.word("words") ?? 8
  guard (1...UInt64(limit)).contains(words) else {
    throw ProblemDetails(
      .limitExceeded, parameter: "words", "from 1 to \(limit) words in one answer, not \(words)")
  }
  guard !gpa.addingReportingOverflow(8 * (words - 1)).overflow else {
    throw ProblemDetails(.ruleViolated, parameter: "words", "reach past the last address")
  }
  return try exchange.look { _, state throws(ProblemDetails) in
    if let answer = try exchange.precondition(revision: state.revision) { return answer }
    let memory = state.machine.memory
    return exchange.json(fields: exchange.fields(revision: state.revision), capacity: 64 + 24 * Int(words)) {
      json in
      json.object { json in
        json.member("gpa", hex: gpa)
        json.key("words")
        json.array { json in
          for index in 0..<words {
            json.hex(memory.word(at: GuestPhysicalAddress(rawValue: gpa + 8 * index)))
          }
        }
      }
    }
  }
}
