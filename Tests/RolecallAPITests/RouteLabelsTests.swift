import HTTPCore
import Testing

@testable import RolecallAPI

@Suite struct RouteLabelsTests {
  private let id = "AbCdEfGhIjKlMnOpQrStUv"

  @Test func sessionsAreShortenedHoweverTheyAreWritten() {
    for (path, redacted) in [
      ("/v1/sessions/\(id)", "/v1/sessions/AbCdEf…"),
      ("/v1/sessions/\(id)/vcpus/0", "/v1/sessions/AbCdEf…/vcpus/0"),
      ("/v1/%73essions/%41bCdEfGhIjKlMnOpQrStUv/batch", "/v1/%73essions/%41bCd…/batch"),
      ("/\(id)", "/AbCdEf…"), ("/v1/sessions//\(id)/x", "/v1/sessions//AbCdEf…/x"),
      ("/v1/sessions/\(id.dropLast())", "/v1/sessions/AbCdEf…"), ("/v1/sessions/short", "/v1/sessions/short"),
      ("*", "*"), ("/", "/"), ("/%", "/%"), ("/v1/decode/mmu-role/0x3784", "/v1/decode/mmu-role/0x3784"),
    ] {
      #expect(RolecallService.redacted(path) == redacted)
    }
  }

  @Test func templatesStayWhole() {
    for route in RolecallService.routeLabels {
      let path = route.template.replacing("{", with: "").replacing("}", with: "")
      #expect(RolecallService.redacted(path) == path)
    }
  }

  @Test func anAnswerNamesItsRoute() throws {
    let client = TestClient()
    let session = try client.session()
    for (method, path, template) in [
      (Method.get, session, "/v1/sessions/{id}"), (.head, session, "/v1/sessions/{id}"),
      (.get, "\(session)/vcpus/7", "/v1/sessions/{id}/vcpus/{n}"),
      (.post, "\(session)/zap-all", "/v1/sessions/{id}/zap-all"),
      (.delete, session, "/v1/sessions/{id}"),
    ] {
      let number = try client.send(method, path).response.route
      #expect(RolecallService.routeLabels[number - 1].template == template, "\(method) \(path)")
    }
    for (method, path) in [(Method.get, "/nowhere"), (.put, "/livez"), (.options, "/livez")] {
      #expect(try client.send(method, path).response.route == 0, "\(method) \(path)")
    }
  }

  @Test func eachRouteHasTheClassOfItsWork() throws {
    let expected: [(String, String, RouteClass)] = [
      ("GET", "/", .page), ("GET", "/v1/presets", .page), ("GET", "/livez", .probe),
      ("GET", "/metrics", .probe),
      ("GET", "/v1/decode/{role}/{value}", .calculation), ("POST", "/v1/calculate/ept", .calculation),
      ("POST", "/v1/sessions", .session), ("DELETE", "/v1/sessions/{id}", .session),
      ("GET", "/v1/labs/{lab}", .page), ("GET", "/v1/labs/{lab}/results", .read),
      ("GET", "/v1/sessions/{id}", .read), ("GET", "/v1/sessions/{id}/vcpus/{n}/translate", .read),
      ("POST", "/v1/sessions/{id}/vcpus/{n}/set-cr", .operation),
      ("POST", "/v1/sessions/{id}/zap-all", .operation),
      ("POST", "/v1/sessions/{id}/batch", .batch), ("POST", "/v1/sessions/{id}/fork", .session),
      ("POST", "/v1/sessions/{id}/undo", .operation), ("GET", "/v1/sessions/{id}/history", .read),
    ]
    for (method, template, group) in expected {
      let route = try #require(
        RolecallService.routeLabels.first { $0.method == method && $0.template == template }, "\(template)")
      #expect(route.group == group.rawValue, "\(method) \(template)")
    }
  }
}
