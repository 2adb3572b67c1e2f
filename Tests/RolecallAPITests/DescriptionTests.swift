import HTTPCore
import JSON
import Testing

@testable import RolecallAPI

/// `openapi.yaml` and the route table say the same.
@Suite struct DescriptionTests {
  @Test func everyRouteIsDescribedAndEveryDescriptionIsARoute() throws {
    let paths = try TestClient().get("/openapi.json").json["paths"]
    let methods = ["get", "put", "post", "delete", "patch"]
    let described = paths.keys.flatMap { path in
      paths[path].keys.filter(methods.contains).map { "\($0.uppercased()) \(path)" }
    }
    let routes = RolecallService.routes.map { "\($0.method) \($0.template)" }
    #expect(Set(described).subtracting(routes).sorted() == [])
    #expect(Set(routes).subtracting(described).sorted() == [])
  }

  @Test func everyQueryParameterIsDescribedAndEveryDescriptionIsKnown() throws {
    let document = try TestClient().get("/openapi.json").json
    for route in apiRoutes {
      let path = document["paths"][route.template]
      let parameters =
        path["parameters"].elements + path[route.method.name.lowercased()]["parameters"].elements
      let described = parameters.map { document.resolving($0) }.filter { $0["in"].string == "query" }
      let names = described.compactMap { $0["name"].string }
      #expect(names.sorted() == route.handler.query.sorted(), "\(route.method.name) \(route.template)")
    }
  }

  @Test func everyProblemTypeIsDescribed() throws {
    let document = try TestClient().get("/openapi.json").json
    let described = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"].elements
    #expect(
      described.compactMap(\.string).sorted() == (ProblemType.allCases.map(\.uri) + ["about:blank"]).sorted())
  }
}

extension JSONValue {
  /// A value of the document, or what its `$ref` within the document names.
  fileprivate func resolving(_ value: JSONValue) -> JSONValue {
    guard let reference = value["$ref"].string, reference.hasPrefix("#/") else { return value }
    return reference.dropFirst(2).split(separator: "/").reduce(self) { $0[String($1)] }
  }
}
