/// The templates of a ``Router`` as a tree of segments. It knows rows by number, so that matching is not generic:
/// unspecialised generics cost more than the match.
struct RouteTree: Sendable {
  /// What the tree says of a request; `found` gives the row's number.
  enum Match {
    case found(Int, PathParameters)
    case methodNotAllowed(allow: String)
    case options(allow: String)
    case notFound
  }

  private struct Endpoint {
    let method: Method
    let names: [String]
    let row: Int
  }

  private struct Node {
    var literals: [(segment: [UInt8], node: Int)] = []
    var parameter: Int?
    var endpoints: [Endpoint] = []
    var allow = ""
  }

  private var nodes = [Node()]
  private let serverAllow: String

  init(_ rows: [(method: Method, template: String)]) {
    serverAllow = Self.allow(rows.map(\.method))
    for (number, row) in rows.enumerated() { insert(row.method, row.template, number) }
    for index in nodes.indices { nodes[index].allow = Self.allow(nodes[index].endpoints.map(\.method)) }
  }

  func match(_ request: borrowing Request) -> Match {
    if request.isForServer { return .options(allow: serverAllow) }
    var values: [ArraySlice<UInt8>] = []
    guard let index = find(request.pathSegments, from: 0, &values) else { return .notFound }
    if let endpoint = endpoint(for: request.method, at: index) {
      return .found(endpoint.row, PathParameters(names: endpoint.names, values: values))
    }
    let allow = nodes[index].allow
    return request.method == .options ? .options(allow: allow) : .methodNotAllowed(allow: allow)
  }

  private func endpoint(for method: Method, at index: Int) -> Endpoint? {
    for endpoint in nodes[index].endpoints where endpoint.method == method { return endpoint }
    return method == .head ? endpoint(for: .get, at: index) : nil
  }

  private func find(_ segments: PathSegments, from index: Int, _ values: inout [ArraySlice<UInt8>]) -> Int? {
    var rest = segments
    guard let segment = rest.next() else { return nodes[index].endpoints.isEmpty ? nil : index }
    for literal in nodes[index].literals where literal.segment[...] == segment {
      if let found = find(rest, from: literal.node, &values) { return found }
    }
    guard let parameter = nodes[index].parameter, !segment.isEmpty else { return nil }
    values.append(segment)
    if let found = find(rest, from: parameter, &values) { return found }
    values.removeLast()
    return nil
  }

  private mutating func insert(_ method: Method, _ template: String, _ row: Int) {
    precondition(template.hasPrefix("/"), "a template begins with /")
    var index = 0
    var names: [String] = []
    for segment in template.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      if segment.hasPrefix("{"), segment.hasSuffix("}") {
        names.append(String(segment.dropFirst().dropLast()))
        index = nodes[index].parameter ?? addNode(parameterOf: index)
      } else {
        let bytes = Array(segment.utf8)
        let known = nodes[index].literals.first { $0.segment == bytes }?.node
        index = known ?? addNode(literal: bytes, of: index)
      }
    }
    precondition(!nodes[index].endpoints.contains { $0.method == method }, "two rows for \(template)")
    nodes[index].endpoints.append(Endpoint(method: method, names: names, row: row))
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
