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

  /// Every row, in the order given.
  public let routes: [Route]
  private let tree: RouteTree

  /// Builds the table. Two rows of one method whose templates take the same paths are a mistake in the program.
  public init(_ routes: [Route]) {
    self.routes = routes
    tree = RouteTree(routes.map { ($0.method, $0.template) })
  }

  /// What the table says of `request`.
  public func match(_ request: borrowing Request) -> RouteMatch { tree.match(request) }

  /// The segment that stands where the template has the parameter of that name, percent-decoded; nil when it has none of
  /// that name, or the segment is not UTF-8.
  public func parameter(_ name: String, in parameters: PathParameters, of request: borrowing Request)
    -> String?
  {
    tree.names(ofRow: parameters.row).firstIndex(of: name)
      .flatMap { request.bytes(of: parameters, at: $0) }
      .flatMap { String(validating: $0, as: UTF8.self) }
  }
}

/// What a ``Router`` says of a request.
public enum RouteMatch: Sendable {
  /// The route of that index answers, with its template's parameters.
  case found(Int, PathParameters)
  /// The path has other methods: 405 (RFC 9110 §15.5.6), or the answer to OPTIONS (§9.3.7); `allow` is the value of Allow.
  case methodNotAllowed(allow: String)
  case options(allow: String)
  /// No template fits the path.
  case notFound
}

/// Where in a request's path a template has parameters. It refers to nothing, so that passing it on costs nothing.
public struct PathParameters: Sendable {
  /// The row of the template.
  let row: Int
  fileprivate let values: ParameterRanges

  init(row: Int, values: ParameterRanges) {
    self.row = row
    self.values = values
  }
}

extension Request {
  /// The segment that stands where the template has the parameter of that place, counted from 0, percent-decoded; nil when
  /// it has none. They may be any bytes but NUL.
  public func bytes(of parameters: PathParameters, at place: Int) -> ArraySlice<UInt8>? {
    guard let range = parameters.values[place] else { return nil }
    let value = slice(range)
    return head.isPathEncoded ? percentDecoded(value) : value
  }
}

/// Up to four ranges, in place.
struct ParameterRanges: Sendable {
  static let capacity = 4
  private var bounds = SIMD8<UInt32>()
  private var count = 0

  @inline(__always)
  mutating func append(_ range: ByteRange) {
    bounds[2 * count] = UInt32(range.lowerBound)
    bounds[2 * count + 1] = UInt32(range.upperBound)
    count += 1
  }

  mutating func removeLast() { count -= 1 }

  /// The range at a place; nil when there is none.
  subscript(_ place: Int) -> ByteRange? {
    guard 0 <= place, place < count else { return nil }
    return ByteRange(Int(bounds[2 * place]), Int(bounds[2 * place + 1]))
  }
}
