import HTTPCore
import JSON
import Yams

/// The API's description as JSON, made from the YAML when it is first asked for.
private let openAPIJSON: [UInt8]? = {
  guard let node = try? Yams.compose(yaml: String(decoding: Assets.openAPI, as: UTF8.self)) else {
    return nil
  }
  var json = JSONWriter()
  json.yaml(node)
  return json.finish()
}()

/// `GET /openapi.yaml`
func answerOpenAPIYAML(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  Response(200, contentType: MediaType.yaml.rawValue, body: Assets.openAPI)
}

/// `GET /openapi.json`
func answerOpenAPIJSON(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  guard let openAPIJSON else { throw ProblemDetails(.notFound, "the embedded description is not YAML") }
  return Response(200, contentType: MediaType.json.rawValue, body: openAPIJSON)
}

extension JSONWriter {
  /// A YAML node by the JSON schema of YAML 1.2, section 10.2, and strings for all other scalars.
  mutating func yaml(_ node: Node) {
    switch node {
    case .mapping(let mapping):
      beginObject()
      for (key, value) in mapping {
        self.key(named: key.scalar?.string ?? "")
        yaml(value)
      }
      endObject()
    case .sequence(let sequence):
      beginArray()
      for element in sequence { yaml(element) }
      endArray()
    case .scalar(let scalar): yaml(scalar)
    case .alias: null()
    }
  }

  private mutating func yaml(_ scalar: Node.Scalar) {
    guard scalar.style == .plain || scalar.style == .any else { return string(scalar.string) }
    switch scalar.string {
    case "", "null", "~": null()
    case "true": bool(true)
    case "false": bool(false)
    case let text:
      guard let number = try? JSONValue(parsing: Array(text.utf8)), number.type == .number else {
        return string(text)
      }
      value(number)
    }
  }
}
