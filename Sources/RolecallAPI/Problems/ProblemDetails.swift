import HTTPCore
import JSON
import KVMModel

/// Why a request was refused, as the client is told (RFC 9457). A refused request has changed nothing.
struct ProblemDetails: Error {
  /// One thing that is wrong, and where.
  struct Item: Sendable {
    /// The place in the body (RFC 6901); nil for a query parameter.
    var pointer: String?
    /// The query parameter; nil for a place in the body.
    var parameter: String?
    /// What is wrong, as a sentence.
    var detail: String
  }

  /// The greatest number of items listed.
  static let itemLimit = 100

  let type: ProblemType
  let detail: String
  var items: [Item] = []
  /// Fields that go with the status, as Allow.
  var fields = ResponseFields()

  /// A problem that concerns no single place.
  init(_ type: ProblemType, _ detail: String, fields: ResponseFields = ResponseFields()) {
    self.type = type
    self.detail = detail
    self.fields = fields
  }

  /// A problem with places in the body.
  init(_ type: ProblemType, _ problems: [JSONProblem]) {
    self.type = type
    detail =
      if problems.count == 1 {
        problems[0].pointer.isEmpty ? problems[0].detail : "\(problems[0].pointer): \(problems[0].detail)"
      } else {
        "\(problems.count > Self.itemLimit ? "more than \(Self.itemLimit)" : "\(problems.count)") things are wrong with the body"
      }
    items = problems.prefix(Self.itemLimit).map { Item(pointer: $0.pointer, detail: $0.detail) }
  }

  /// A problem with a query parameter.
  init(_ type: ProblemType = .invalidQuery, parameter: String, _ detail: String) {
    self.init(type, parameters: [(parameter, detail)])
  }

  /// A problem with query parameters, at least one.
  init(_ type: ProblemType = .invalidQuery, parameters: [(parameter: String, detail: String)]) {
    self.type = type
    let faults = parameters.prefix(Self.itemLimit).map { (String($0.parameter.prefix(100)), $0.detail) }
    detail =
      parameters.count == 1
      ? "\(faults[0].0): \(faults[0].1)" : "\(parameters.count) things are wrong with the query"
    items = faults.map { Item(parameter: $0.0, detail: $0.1) }
  }

  /// Why the model refused an operation whose body stands at `pointer`.
  init(_ error: OperationError, at pointer: String = "") {
    switch error {
    case .noSuchVCPU(let number): self.init(.unknownVCPU, "the machine has no vCPU \(number)")
    case .conflict(let reason) where pointer.isEmpty: self.init(.conflict, reason)
    case .conflict(let reason): self.init(.conflict, [JSONProblem(pointer: pointer, detail: reason)])
    case .invalid(let problem):
      self.init(.ruleViolated, [JSONProblem(pointer: pointer + problem.pointer, detail: problem.detail)])
    }
  }

  /// The document.
  func write(to json: inout JSONWriter, instance: String?) {
    json.object { json in
      json.member("type", type.uri)
      json.member("title", type.title)
      json.member("status", Int(type.status.rawValue))
      json.member("detail", detail)
      json.member("instance", instance)
      json.key("errors")
      json.array { json in
        for item in items {
          json.object { json in
            json.member("pointer", item.pointer)
            if let parameter = item.parameter { json.member("parameter", parameter) }
            json.member("detail", item.detail)
          }
        }
      }
    }
  }

  /// The answer to the request for `instance`.
  func response(instance: String) -> Response {
    var json = JSONWriter()
    write(to: &json, instance: instance)
    var fields: ResponseFields = [("Content-Type", MediaType.problem.rawValue)]
    fields.append(contentsOf: self.fields)
    return Response(type.status, fields: fields, body: json.finish())
  }
}

extension HTTPError {
  /// The answer to a request that was refused before any handler saw it.
  func problemResponse(_ limits: HTTPCore.Limits, _ authorities: AllowedAuthorities) -> Response {
    var detail = "\(reason) (\(clause))"
    if let limit = limit(in: limits) { detail = "The limit is \(limit). \(detail)" }
    if self == .misdirected, let list = authorities.list {
      detail += " It answers for \(list.map { "http://\($0)" }.joined(separator: ", "))"
      detail += authorities.takesAddresses ? " and for IP addresses." : "."
    }
    // A problem that says no more than its status has no type of its own (RFC 9457, section 4.2.1).
    let type: ProblemType? =
      switch self {
      case .contentTooLarge: .contentTooLarge
      case .tooManyRequests: .tooManyRequests
      default: nil
      }
    var json = JSONWriter()
    json.object { json in
      json.member("type", type?.uri ?? "about:blank")
      json.member("title", type?.title ?? status.reason)
      json.member("status", Int(status.rawValue))
      json.member("detail", detail)
      json.member("instance", nil as String?)
      json.key("errors")
      json.array { _ in }
    }
    var fields: ResponseFields = [("Content-Type", MediaType.problem.rawValue)]
    if self == .tooMuchBuffered { fields.append("Retry-After", "10") }
    return Response(status, fields: fields, body: json.finish())
  }
}
