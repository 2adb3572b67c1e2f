import HTTPCore
import Testing

private let router = Router<String>([
  .init(.get, "/", "root"), .init(.get, "/v1/sessions/{id}", "session"),
  .init(.delete, "/v1/sessions/{id}", "delete"),
  .init(.post, "/v1/sessions/{id}/batch", "batch"),
  .init(.post, "/v1/sessions/{session}/{operation}", "operation"),
  .init(.get, "/v1/sessions/{id}/vcpus/{n}", "vcpu"),
  .init(.post, "/v1/sessions/{id}/vcpus/{n}/{operation}", "vcpu op"),
  .init(.get, "/a/b/c", "literal"), .init(.get, "/a/{x}/d", "parameter"), .init(.head, "/h", "head"),
  .init(.get, "/h", "get"),
])

private func describe(_ method: Method, _ target: String) throws -> String {
  switch router.match(try Request(method, target)) {
  case .found(let handler, let parameters):
    let names = ["id", "session", "n", "operation", "x"]
    return names.reduce(handler) { text, name in parameters[name].map { "\(text) \(name)=\($0)" } ?? text }
  case .methodNotAllowed(let allow): return "405 \(allow)"
  case .options(let allow): return "options \(allow)"
  case .notFound: return "404"
  }
}

@Test func routesAreFound() throws {
  let cases: [(Method, String, String)] = [
    (.get, "/", "root"), (.head, "/", "root"), (.get, "/v1/sessions/x?y=z", "session id=x"),
    (.delete, "/v1/sessions/x", "delete id=x"), (.post, "/v1/sessions/x/batch", "batch id=x"),
    (.post, "/v1/sessions/x/batches", "operation session=x operation=batches"),
    (.get, "/v1/sessions/x/vcpus/0", "vcpu id=x n=0"),
    (.post, "/v1/sessions/x/vcpus/0/set-cr", "vcpu op id=x n=0 operation=set-cr"),
    (.get, "/v1/sessions/a%2Fb%20c", "session id=a/b c"), (.get, "/v1/s%65ssions/x", "session id=x"),
    (.get, "/a/b/c", "literal"), (.get, "/a/b/d", "parameter x=b"), (.head, "/h", "head"),
    (.get, "/h", "get"),
    (.get, "/v1/sessions/x/", "404"), (.get, "/v1/sessions/", "404"), (.get, "//", "404"),
    (.get, "/V1/sessions/x", "404"),
    (.get, "/v1", "404"), (.post, "/v1/sessions", "404"), (.get, "/a/b/c/d", "404"),
    (.post, "/", "405 GET, HEAD, OPTIONS"), (.other("FROB"), "/", "405 GET, HEAD, OPTIONS"),
    (.get, "/v1/sessions/x/batch", "405 POST, OPTIONS"), (.put, "/h", "405 HEAD, GET, OPTIONS"),
    (.post, "/v1/sessions/x", "405 GET, HEAD, DELETE, OPTIONS"),
    (.options, "/v1/sessions/x", "options GET, HEAD, DELETE, OPTIONS"), (.options, "/none", "404"),
    (.options, "*", "options GET, HEAD, DELETE, POST, OPTIONS"),
  ]
  for (method, target, expected) in cases {
    #expect(try describe(method, target) == expected, "\(method) \(target)")
  }
}

@Test func parametersThatAreNoTextAreNil() throws {
  guard case .found(_, let parameters) = router.match(try Request(.get, "/v1/sessions/%ff")) else {
    Issue.record("not found")
    return
  }
  #expect(parameters["id"] == nil)
  #expect(parameters.bytes("id") == [0xff])
  #expect(parameters.bytes("other") == nil)
}

@Test func routesAreListedInOrder() {
  #expect(router.routes.first?.template == "/")
  #expect(router.routes.count == 11)
}
