import HTTPCore
import JSON

/// One request on its way to an answer: what the endpoint's row in the route table says was already checked.
///
/// It is passed on, never copied: a copy would count a dozen references.
struct Exchange: ~Copyable {
  let request: Request
  private let parameters: PathParameters
  let service: RolecallService
  /// The media type of the answer.
  let media: MediaType
  /// How the answer calls the roles.
  let naming: Naming
  /// What the answer waits for, if there is a store.
  let commitment: Commitment?
  /// The key by which the answer is remembered.
  let key: IdempotencyKey?
  private let query: [QueryItem]

  /// Says that a result is told in short, as the client preferred (RFC 7240, section 3).
  static let minimalApplied: ResponseFields = [("Preference-Applied", "return=minimal")]

  /// What the client wants to see of a result.
  enum Preference: Sendable { case none, minimal, representation }

  /// Throws if the query or the Accept field asks for what the endpoint has not.
  init(
    _ request: Request, _ parameters: PathParameters, _ endpoint: Endpoint, _ service: RolecallService,
    _ commitment: Commitment? = nil, _ key: IdempotencyKey? = nil
  ) throws(ProblemDetails) {
    let query = request.queryItems
    if !query.isEmpty, !endpoint.isForAnyone { try Self.check(query, endpoint.query) }
    guard
      let media = MediaType.preferred(of: endpoint.media, by: request)
        ?? (endpoint.isForAnyone ? endpoint.media.first : nil)
    else {
      throw ProblemDetails(
        .notAcceptable,
        "the resource is offered as \(endpoint.media.map(\.rawValue).joined(separator: ", "))",
        fields: [("Vary", "Accept")])
    }
    let naming: Naming
    switch query.first(where: { $0.name == "names" }).map({ $0.value ?? "" }) {
    case nil: naming = .proposed
    case "upstream": naming = .upstream
    case let other?:
      throw ProblemDetails(parameter: "names", "must be \"upstream\", not \"\(other.prefix(40))\"")
    }
    self.request = request
    self.parameters = parameters
    self.service = service
    self.commitment = commitment
    self.key = key
    self.query = query
    self.media = media
    self.naming = naming
  }

  /// Throws if a parameter is not among those known, or stands twice; all such are told at once.
  private static func check(_ query: [QueryItem], _ known: [String]) throws(ProblemDetails) {
    var seen: Set<String> = []
    var told: Set<String> = []
    var faults: [(parameter: String, detail: String)] = []
    for item in query {
      let isNew = seen.insert(item.name).inserted
      guard !known.contains(item.name) || !isNew, told.insert(item.name).inserted else { continue }
      let hint =
        known.isEmpty ? "no parameter is known here" : "known are \(known.joined(separator: ", "))"
      faults.append((item.name, known.contains(item.name) ? "stands twice" : "unknown; \(hint)"))
    }
    if !faults.isEmpty { throw ProblemDetails(parameters: faults) }
  }

  private static let returnMinimal = Array("return=minimal".utf8)

  /// Whether the client wants results without narration and vCPU (RFC 7240, section 4.2).
  var preference: Preference {
    guard let first = request.fieldValue(.prefer) else { return .none }
    if first.holds(Self.returnMinimal) { return .minimal }
    for preference in (request[field: .prefer] ?? "").split(separator: ",") {
      switch preference.prefix(while: { $0 != ";" }).trimmingSpaces().lowercased() {
      case "return=minimal": return .minimal
      case "return=representation": return .representation
      default: continue
      }
    }
    return .none
  }

  // MARK: The path

  /// The parameter of that name in the path; nil when the template has none of that name, or it is not UTF-8.
  func pathParameter(_ name: String) -> String? {
    service.router.parameter(name, in: parameters, of: request)
  }

  /// The parameter that stands at that place among the template's, counted from 0.
  @inline(__always)
  func pathParameter(at place: Int) -> ArraySlice<UInt8>? { request.bytes(of: parameters, at: place) }

  // MARK: The query

  /// A parameter's value; empty text if it has none.
  func parameter(_ name: String) -> String? {
    query.first { $0.name == name }.map { $0.value ?? "" }
  }

  /// A parameter that is a word of up to 64 bits.
  func word(_ name: String) throws(ProblemDetails) -> UInt64? {
    guard let text = parameter(name) else { return nil }
    guard let word = parseWord(text) else {
      throw ProblemDetails(
        parameter: name, "must be \"0x\" and hexadecimal digits, or decimal digits, of up to 64 bits")
    }
    return word
  }

  /// A parameter that is `true` or `false`.
  func flag(_ name: String) throws(ProblemDetails) -> Bool {
    switch parameter(name) {
    case nil, "false": return false
    case "true": return true
    default: throw ProblemDetails(parameter: name, "must be true or false")
    }
  }

  /// A parameter that is one of the names that a type's cases have.
  func enumeration<Value: RawRepresentable<String> & CaseIterable>(
    _ name: String, of type: Value.Type
  ) throws(ProblemDetails) -> Value? {
    guard let text = parameter(name) else { return nil }
    guard let value = Value(rawValue: text) else {
      throw ProblemDetails(
        parameter: name, "must be one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return value
  }

  /// The parameter `fields`, whose names must be among `known`.
  func fields(of known: [String]) throws(ProblemDetails) -> Fields {
    guard let text = parameter("fields") else { return .all }
    let chosen = text.split(separator: ",").map { String($0.trimmingSpaces()) }
    let unknown = chosen.filter { !known.contains($0) }
    guard unknown.isEmpty, !chosen.isEmpty else {
      throw ProblemDetails(
        parameter: "fields",
        "must name top-level keys (\(known.joined(separator: ", ")))"
          + (unknown.first.map { ", not \"\($0.prefix(40))\"" } ?? ""))
    }
    return Fields(chosen: chosen)
  }

  // MARK: The body

  /// The body as JSON; an empty one is an empty object.
  func body() throws(ProblemDetails) -> JSONDocument {
    var bytes = request.body
    if bytes.isEmpty { bytes = ArraySlice("{}".utf8) }
    do {
      return try JSONDocument(parsing: bytes)
    } catch {
      throw ProblemDetails(.malformedJSON, [JSONProblem(error)])
    }
  }

  // MARK: The answer

  /// A JSON document.
  func json(
    _ status: Status = 200, fields: ResponseFields = ResponseFields(), capacity: Int = 1024,
    _ write: (inout JSONWriter) -> Void
  ) -> Response {
    self.json(status, fields: fields, body: JSONWriter.document(capacity: capacity, write))
  }

  /// A JSON document that is there already.
  func json(_ status: Status = 200, fields: ResponseFields = ResponseFields(), body: [UInt8]) -> Response {
    Response(status, fields: fields.with(.json), body: body)
  }
}

/// A word of up to 64 bits: `0x` and hexadecimal digits in either case, or decimal digits.
func parseWord(_ text: some StringProtocol) -> UInt64? {
  let isHexadecimal = text.hasPrefix("0x") || text.hasPrefix("0X")
  let digits = isHexadecimal ? text.dropFirst(2) : text[...]
  guard let first = digits.utf8.first, first != UInt8(ascii: "+") else { return nil }
  return UInt64(digits, radix: isHexadecimal ? 16 : 10)
}
