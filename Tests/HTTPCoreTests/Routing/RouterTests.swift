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

private func describe(_ method: String, _ target: String) throws -> String {
  let request = try Request(method: method, target)
  switch router.match(request) {
  case .found(let index, let parameters):
    let names = ["id", "session", "n", "operation", "x"]
    return names.reduce(router.routes[index].handler) { text, name in
      router.parameter(name, in: parameters, of: request).map { "\(text) \(name)=\($0)" } ?? text
    }
  case .methodNotAllowed(let allow): return "405 \(allow)"
  case .options(let allow): return "options \(allow)"
  case .notFound: return "404"
  }
}

@Test func routesAreFound() throws {
  let cases: [(String, String, String)] = [
    ("GET", "/", "root"), ("HEAD", "/", "root"), ("GET", "/v1/sessions/x?y=z", "session id=x"),
    ("DELETE", "/v1/sessions/x", "delete id=x"), ("POST", "/v1/sessions/x/batch", "batch id=x"),
    ("POST", "/v1/sessions/x/batches", "operation session=x operation=batches"),
    ("GET", "/v1/sessions/x/vcpus/0", "vcpu id=x n=0"),
    ("POST", "/v1/sessions/x/vcpus/0/set-cr", "vcpu op id=x n=0 operation=set-cr"),
    ("GET", "/v1/sessions/a%2Fb%20c", "session id=a/b c"), ("GET", "/v1/s%65ssions/x", "session id=x"),
    ("GET", "/a/b/c", "literal"), ("GET", "/a/b/d", "parameter x=b"), ("HEAD", "/h", "head"),
    ("GET", "/h", "get"),
    ("GET", "/v1/sessions/x/", "404"), ("GET", "/v1/sessions/", "404"), ("GET", "//", "404"),
    ("GET", "/V1/sessions/x", "404"),
    ("GET", "/v1", "404"), ("POST", "/v1/sessions", "404"), ("GET", "/a/b/c/d", "404"),
    ("POST", "/", "405 GET, HEAD, OPTIONS"), ("FROB", "/", "405 GET, HEAD, OPTIONS"),
    ("GET", "/v1/sessions/x/batch", "405 POST, OPTIONS"), ("PUT", "/h", "405 HEAD, GET, OPTIONS"),
    ("POST", "/v1/sessions/x", "405 GET, HEAD, DELETE, OPTIONS"),
    ("OPTIONS", "/v1/sessions/x", "options GET, HEAD, DELETE, OPTIONS"), ("OPTIONS", "/none", "404"),
    ("OPTIONS", "*", "options GET, HEAD, DELETE, POST, OPTIONS"),
  ]
  for (method, target, expected) in cases {
    #expect(try describe(method, target) == expected, "\(method) \(target)")
  }
}

@Test func parametersThatAreNoTextAreNil() throws {
  let request = try Request(.get, "/v1/sessions/%ff")
  guard case .found(_, let parameters) = router.match(request) else {
    Issue.record("not found")
    return
  }
  #expect(router.parameter("id", in: parameters, of: request) == nil)
  #expect(request.bytes(of: parameters, at: 0) == [0xff])
  #expect(router.parameter("other", in: parameters, of: request) == nil)
  #expect(request.bytes(of: parameters, at: 1) == nil)
}

@Test func routesAreListedInOrder() {
  #expect(router.routes.first?.template == "/")
  #expect(router.routes.count == 11)
}
