import HTTPCore
import Testing

@testable import RolecallAPI

@Suite struct PageEndpointsTests {
  private let client = TestClient()

  @Test func theStartPageLeadsOn() throws {
    let answer = try client.get("/")
    #expect(answer.status == 200 && answer.field("Content-Type") == "text/html; charset=utf-8")
    let links = answer.text.matches(of: /(?:href|src)="(\/[^"]*)"/).map { String($0.1) }
    #expect(
      links.contains("/openapi.yaml") && links.contains("/docs") && links.contains("/dashboard/main.js"))
    for link in links { #expect(try client.get(link).status == 200, "\(link)") }
    // Without scripts the page says what the service is, and how to use it by curl.
    let plain = answer.text.split(separator: "<noscript>").last?.split(separator: "</noscript>").first ?? ""
    #expect(plain.contains("curl -s $rolecall/v1/sessions --json") && plain.contains("href=\"/docs\""))
  }

  @Test func theDocsNameEveryOperation() throws {
    let page = try client.get("/docs")
    #expect(page.status == 200 && page.field("Content-Type") == "text/html; charset=utf-8")
    for (method, template) in RolecallService.routes {
      #expect(page.text.contains("<h3><code>\(method) \(template)</code></h3>"), "\(method) \(template)")
    }
    #expect(!page.text.contains("`") && !page.text.contains("<script"))
  }

  @Test func everyTypeOfProblemHasItsPage() throws {
    for type in ProblemType.allCases {
      let page = try client.get(type.uri)
      #expect(page.status == 200 && page.field("Content-Type") == "text/html; charset=utf-8")
      #expect(page.text.contains("Status \(type.status.rawValue) "), "\(type)")
      let text = try client.get(type.uri, fields: [("Accept", "text/plain")])
      #expect(text.field("Content-Type") == "text/plain; charset=utf-8")
      #expect(text.text.hasPrefix(type.title) && text.text.contains(type.remedy), "\(type)")
    }
    let unknown = try client.get("/problems/no%3Cb%3E")
    client.expectProblem(unknown, 404, "not-found")
    #expect(unknown.json["detail"].string?.contains("/problems/conflict") == true)
  }
}
