import HTTPCore
import Yams

/// `GET /problems/{type}`: what a problem's type means.
func answerProblemPage(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let slug = exchange.pathParameter("type")
  guard let type = ProblemType.allCases.first(where: { $0.slug == slug }) else {
    let known = ProblemType.allCases.map(\.uri).joined(separator: ", ")
    throw ProblemDetails(.notFound, "there is no such type of problem; there are \(known)")
  }
  let fields: ResponseFields = [("Vary", "Accept")]
  guard exchange.media == .html else {
    return exchange.text("\(type.title) (status \(type.status.rawValue))\n\(type.remedy)\n", fields: fields)
  }
  let page = HTMLText.page(
    type.title,
    """
    <h1>\(HTMLText.escaped(type.title))</h1>
    <p>Status \(type.status.rawValue) \(type.status.reason). Type <code>\(type.uri)</code> of a problem document (RFC 9457).</p>
    <p>\(HTMLText.escaped(type.remedy))</p>
    """)
  var all: ResponseFields = [("Content-Type", MediaType.html.rawValue)]
  all.append(contentsOf: fields)
  return Response(200, fields: all, body: Array(page.utf8))
}

/// `GET /docs`: the API's description, for people.
func answerDescriptionPage(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  Response(200, contentType: MediaType.html.rawValue, body: descriptionPage)
}

/// Made from `openapi.yaml` when it is first asked for.
private let descriptionPage: [UInt8] = {
  let document = (try? Yams.compose(yaml: String(decoding: Assets.openAPI, as: UTF8.self))) ?? Node("")
  var body = "<h1>The API</h1>\n"
  body += HTMLText.markup(commonMark: document["info"]?["description"]?.string ?? "")
  let operations = document["paths"]?.mapping?.flatMap { path, item in
    (item.mapping ?? [:]).filter { $0.key != "parameters" }.map {
      (path.string ?? "", $0.key.string ?? "", $0.value)
    }
  }
  for tag in document["tags"]?.array() ?? [] {
    let name = tag["name"]?.string ?? ""
    body +=
      "\n<h2>\(HTMLText.escaped(name))</h2>\n<p>\(HTMLText.escaped(tag["description"]?.string ?? ""))</p>"
    for (path, method, operation) in operations ?? [] where operation["tags"]?[0]?.string == name {
      body += "\n<h3><code>\(method.uppercased()) \(HTMLText.escaped(path))</code></h3>"
      body += "\n<p>\(HTMLText.escaped(operation["summary"]?.string ?? "")).</p>\n"
      body += HTMLText.markup(commonMark: operation["description"]?.string ?? "")
    }
  }
  body += "\n<p>Forms of bodies and answers, and examples: <a href=\"/openapi.yaml\">openapi.yaml</a>.</p>"
  return Array(HTMLText.page("The API", body).utf8)
}()
