/// A table of routes: method and path template to a handler of the program's choosing.
///
/// A template is literal segments and `{name}` parameters, such as `/v1/sessions/{id}`. A literal segment wins over
/// a parameter. HEAD is answered wherever GET is (RFC 9110 §9.3.2).
public struct Router<Handler: Sendable>: Sendable {
  /// One row of the table.
  public struct Route: Sendable {
    /// The method.
    public let method: Method
    /// The template as given.
    public let template: String
    /// What answers it.
    public let handler: Handler

    /// A row as given.
    public init(_ method: Method, _ template: String, _ handler: Handler) {
      self.method = method
      self.template = template
      self.handler = handler
    }
  }

  /// What the table says of a request.
  public enum Match {
    /// This handler answers, with the template's parameters.
    case found(Handler, PathParameters)
    /// The path has other methods: 405 (RFC 9110 §15.5.6), or the answer to OPTIONS (§9.3.7); `allow` is the value of Allow.
    case methodNotAllowed(allow: String)
    case options(allow: String)
    /// No template fits the path.
    case notFound
  }

  private struct Endpoint {
    let method: Method
    let names: [String]
    let handler: Handler
  }

  private struct Node {
    var literals: [(segment: [UInt8], node: Int)] = []
    var parameter: Int?
    var endpoints: [Endpoint] = []
    var allow = ""
  }

  /// Every row, in the order given.
  public let routes: [Route]
  private var nodes = [Node()]
  private let serverAllow: String

  /// Builds the table. Two rows of one method whose templates take the same paths are a mistake in the program.
  public init(_ routes: [Route]) {
    self.routes = routes
    serverAllow = Self.allow(routes.map(\.method))
    for route in routes { insert(route) }
    for index in nodes.indices { nodes[index].allow = Self.allow(nodes[index].endpoints.map(\.method)) }
  }

  /// What the table says of `request`.
  public func match(_ request: borrowing Request) -> Match {
    if request.isForServer { return .options(allow: serverAllow) }
    var values: [ArraySlice<UInt8>] = []
    guard let index = find(request.pathSegments, from: 0, &values) else { return .notFound }
    let node = nodes[index]
    if let endpoint = endpoint(for: request.method, in: node) {
      return .found(endpoint.handler, PathParameters(names: endpoint.names, values: values))
    }
    return request.method == .options ? .options(allow: node.allow) : .methodNotAllowed(allow: node.allow)
  }

  private func endpoint(for method: Method, in node: Node) -> Endpoint? {
    if let endpoint = node.endpoints.first(where: { $0.method == method }) { return endpoint }
    return method == .head ? node.endpoints.first { $0.method == .get } : nil
  }

  private func find(_ segments: PathSegments, from index: Int, _ values: inout [ArraySlice<UInt8>]) -> Int? {
    var rest = segments
    guard let segment = rest.next() else { return nodes[index].endpoints.isEmpty ? nil : index }
    if let literal = nodes[index].literals.first(where: { $0.segment.elementsEqual(segment) }),
      let found = find(rest, from: literal.node, &values)
    {
      return found
    }
    guard let parameter = nodes[index].parameter, !segment.isEmpty else { return nil }
    values.append(segment)
    if let found = find(rest, from: parameter, &values) { return found }
    values.removeLast()
    return nil
  }

  private mutating func insert(_ route: Route) {
    precondition(route.template.hasPrefix("/"), "a template begins with /")
    var index = 0
    var names: [String] = []
    for segment in route.template.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      if segment.hasPrefix("{"), segment.hasSuffix("}") {
        names.append(String(segment.dropFirst().dropLast()))
        index = nodes[index].parameter ?? addNode(parameterOf: index)
      } else {
        let bytes = Array(segment.utf8)
        let known = nodes[index].literals.first { $0.segment == bytes }?.node
        index = known ?? addNode(literal: bytes, of: index)
      }
    }
    precondition(
      !nodes[index].endpoints.contains { $0.method == route.method }, "two rows for \(route.template)")
    nodes[index].endpoints.append(Endpoint(method: route.method, names: names, handler: route.handler))
  }

  private mutating func addNode(parameterOf parent: Int) -> Int {
    nodes.append(Node())
    nodes[parent].parameter = nodes.count - 1
    return nodes.count - 1
  }

  private mutating func addNode(literal: [UInt8], of parent: Int) -> Int {
    nodes.append(Node())
    nodes[parent].literals.append((literal, nodes.count - 1))
    return nodes.count - 1
  }

  /// The value of Allow: the methods in order of first mention, HEAD beside GET, and OPTIONS.
  private static func allow(_ methods: [Method]) -> String {
    var names: [String] = []
    for method in methods.flatMap({ $0 == .get ? [.get, .head] : [$0] }) + [.options] {
      if !names.contains(method.name) { names.append(method.name) }
    }
    return names.joined(separator: ", ")
  }
}

/// The segments that stood where a template has parameters, percent-decoded.
public struct PathParameters: Sendable {
  let names: [String]
  let values: [ArraySlice<UInt8>]

  /// The parameter's bytes; nil when the template has none of that name. They may be any bytes but NUL.
  public func bytes(_ name: String) -> ArraySlice<UInt8>? {
    for (candidate, value) in zip(names, values) where candidate == name { return value }
    return nil
  }

  /// The parameter as text; nil also when it is not UTF-8.
  public subscript(_ name: String) -> String? {
    bytes(name).flatMap { String(validating: $0, as: UTF8.self) }
  }
}
