import HTTPCore
import JSON
import Labs
import RolecallAPI
import Testing

/// Asks a service without sockets.
struct TestClient {
  let service: RolecallService

  init(
    origins: [String] = [], token: String? = nil, labs: [LabFile] = [],
    _ change: (inout RolecallService.Limits) -> Void = { _ in }
  ) {
    var limits = RolecallService.Limits()
    change(&limits)
    service = RolecallService(
      limits: limits, origins: WebOrigins(origins), operatorToken: token.flatMap { OperatorToken($0) },
      labs: LabLibrary(labs)
    ) { 1_795_375_903 }
  }

  /// An answer with its body taken apart.
  struct Answer {
    let response: Response
    var status: UInt16 { response.status.rawValue }
    var text: String { String(decoding: response.body, as: UTF8.self) }

    /// The body as JSON; null if it is none.
    var json: JSONValue { (try? JSONValue(parsing: response.body)) ?? .null }
    /// The pointers of a problem's errors.
    var pointers: [String?] { json["errors"].elements.map { $0["pointer"].string } }
    func field(_ name: String) -> String? { response.fields[name] }
  }

  func send(
    _ method: Method, _ path: String, _ body: String? = nil, fields: [(name: String, value: String)] = []
  ) throws -> Answer {
    let type = body == nil ? [] : [(name: "Content-Type", value: "application/json")]
    let request = try Request(method, path, fields: type + fields, body: Array((body ?? "").utf8))
    return Answer(response: service.respond(to: request))
  }

  func get(_ path: String, fields: [(name: String, value: String)] = []) throws -> Answer {
    try send(.get, path, fields: fields)
  }

  func post(_ path: String, _ body: String = "{}", fields: [(name: String, value: String)] = []) throws
    -> Answer
  {
    try send(.post, path, body, fields: fields)
  }

  /// A new session's path.
  func session(_ body: String = "{}") throws -> String {
    let answer = try post("/v1/sessions", body)
    #expect(answer.status == 201, "\(answer.text)")
    return try #require(answer.field("Location"))
  }

  /// Expects a problem of a type, at these places in the body.
  func expectProblem(
    _ answer: Answer, _ status: UInt16, _ type: String, _ pointers: [String?] = [],
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(answer.status == status, "\(answer.text)", sourceLocation: location)
    #expect(answer.field("Content-Type") == "application/problem+json", sourceLocation: location)
    #expect(answer.json["type"].string == "/problems/\(type)", "\(answer.text)", sourceLocation: location)
    #expect(answer.json["status"].integer == Int(status), sourceLocation: location)
    #expect(answer.pointers == pointers, "\(answer.text)", sourceLocation: location)
  }
}

extension JSONValue {
  /// A member; null if there is none.
  subscript(key: String) -> JSONValue {
    if case .object(let object) = self { object[key] ?? .null } else { .null }
  }
  /// An element; null if there is none.
  subscript(index: Int) -> JSONValue { elements.indices.contains(index) ? elements[index] : .null }
  var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
  var keys: [String] { if case .object(let object) = self { object.members.map(\.key) } else { [] } }
  var string: String? { if case .string(let string) = self { string } else { nil } }
  var number: JSONNumber? { if case .number(let number) = self { number } else { nil } }
  var integer: Int? { number?.integer }
  var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
}
