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

  /// Every row, in the order given.
  public let routes: [Route]
  private let tree: RouteTree

  /// Builds the table. Two rows of one method whose templates take the same paths are a mistake in the program.
  public init(_ routes: [Route]) {
    self.routes = routes
    tree = RouteTree(routes.map { ($0.method, $0.template) })
  }

  /// What the table says of `request`.
  public func match(_ request: borrowing Request) -> Match {
    switch tree.match(request) {
    case .found(let row, let parameters): .found(routes[row].handler, parameters)
    case .methodNotAllowed(let allow): .methodNotAllowed(allow: allow)
    case .options(let allow): .options(allow: allow)
    case .notFound: .notFound
    }
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
