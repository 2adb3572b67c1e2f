/// The description of the API, openapi.yaml, as a running service gives it.
struct APIDescription {
  /// One request that the description promises an answer to.
  struct Example {
    let method: String
    let template: String
    let name: String
    /// What the session's machine is before the request.
    let preset: String
    /// The lab that the session is for.
    let lab: String?
    let before: JSONDocument
    /// How many of those operations were undone.
    let undone: Int
    /// It is for the operator.
    let needsToken: Bool
    let role: String?
    let body: JSONDocument?
    let bodySchema: JSONDocument?
    let responses: JSONDocument
  }

  let document: JSONDocument
  let checker: SchemaChecker

  init(from url: String) throws {
    document = try JSONDocument(CurlClient().request("GET", url + "/openapi.json").body)
    checker = SchemaChecker(document)
  }

  /// Every operation by its method and path template, with the parameters that it shares with its path.
  var operations: [(method: String, template: String, operation: JSONDocument)] {
    (document["paths"]?.object ?? [:]).flatMap { template, item in
      (item.object ?? [:]).filter { $0.key != "parameters" }.map { ($0.key.uppercased(), template, $0.value) }
    }
  }

  /// A request for every example of a body, and one for every GET.
  var examples: [Example] {
    operations.flatMap { method, template, operation -> [Example] in
      let content = operation["requestBody"]?["content"]?["application/json"]
      var bodies = content?["examples"]?.object ?? [:]
      if method == "GET" {
        let roles = template.contains("{role}") ? ["mmu-role", "vcpu-role"] : [""]
        for role in roles { bodies["GET " + role] = .object(["x-rolecall-role": .string(role)]) }
      }
      return bodies.map { name, example in
        Example(
          method: method, template: template, name: name,
          preset: (example["x-rolecall-preset"] ?? operation["x-rolecall-preset"])?.string ?? "intel-ept",
          lab: operation["x-rolecall-lab"]?.string,
          before: example["x-rolecall-before"] ?? operation["x-rolecall-before"] ?? .array([]),
          undone: operation["x-rolecall-undone"]?.number.map { Int($0) } ?? 0,
          needsToken: operation["security"] != nil, role: example["x-rolecall-role"]?.string,
          body: example["value"], bodySchema: content?["schema"],
          responses: operation["responses"] ?? .null)
      }
    }
  }

  /// What is wrong with an answer by what the description says of its status: media type, fields and body.
  func faults(of response: CurlClient.Response, by responses: JSONDocument) throws -> [String] {
    guard var declared = responses["\(response.status)"] else { return ["no response \(response.status)"] }
    if let reference = declared["$ref"]?.string { declared = checker.resolve(reference) ?? .null }
    // A preference is only named where one was followed, and a link only where something follows.
    var faults =
      (declared["headers"]?.object?.keys).map(Array.init)?
      .filter { !["Preference-Applied", "Link"].contains($0) && response.header($0) == nil }.map {
        "no field \($0)"
      } ?? []
    guard let content = declared["content"]?.object else {
      return faults + (response.body.isEmpty ? [] : ["has a body"])
    }
    let type = response.header("Content-Type").map { String($0.prefix { $0 != ";" }) } ?? ""
    guard let schema = content[type]?["schema"] else { return faults + ["no media type \(type)"] }
    if type.hasSuffix("json") { faults += checker.faults(of: try JSONDocument(response.body), by: schema) }
    return faults
  }
}
