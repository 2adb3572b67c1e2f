import HTTPCore

/// `GET /`: what the service is, for people.
func answerStartPage(_ exchange: Exchange) throws(ProblemDetails) -> Response {
  Response(200, contentType: MediaType.html.rawValue, body: Assets.startPage)
}

/// `GET /problems/{type}`: what a problem's type means.
func answerProblemPage(_ exchange: Exchange) throws(ProblemDetails) -> Response {
  let slug = exchange.parameters["type"]
  guard let type = ProblemType.allCases.first(where: { $0.slug == slug }) else {
    let known = ProblemType.allCases.map(\.uri).joined(separator: ", ")
    throw ProblemDetails(.notFound, "there is no such type of problem; there are \(known)")
  }
  let fields: ResponseFields = [("Vary", "Accept")]
  guard exchange.media == .html else {
    return exchange.text("\(type.title) (status \(type.status.rawValue))\n\(type.remedy)\n", fields: fields)
  }
  let page = """
    <!DOCTYPE html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>\(htmlEscaped(type.title)) - Rolecall</title>
    <h1>\(htmlEscaped(type.title))</h1>
    <p>Status \(type.status.rawValue) \(type.status.reason). Type <code>\(type.uri)</code> of a problem document (RFC 9457).</p>
    <p>\(htmlEscaped(type.remedy))</p>
    <p><a href="/">Rolecall</a></p>
    </html>

    """
  var all: ResponseFields = [("Content-Type", MediaType.html.rawValue)]
  all.append(contentsOf: fields)
  return Response(200, fields: all, body: Array(page.utf8))
}

/// `text` as the content of an HTML element.
private func htmlEscaped(_ text: String) -> String {
  text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
}
