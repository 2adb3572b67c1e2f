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

/// The segments that stood where a template has parameters, percent-decoded.
public struct PathParameters: Sendable {
  private let names: [String]
  private let values: ParameterRanges
  private let bytes: [UInt8]
  private let base: Int
  private let isEncoded: Bool

  init(names: [String], values: ParameterRanges, _ request: borrowing Request) {
    self.names = names
    self.values = values
    bytes = request.bytes
    base = request.base
    isEncoded = request.head.isPathEncoded
  }

  /// The parameter's bytes; nil when the template has none of that name. They may be any bytes but NUL.
  public func bytes(_ name: String) -> ArraySlice<UInt8>? {
    names.firstIndex(of: name).flatMap { bytes(at: $0) }
  }

  /// The bytes of the parameter that stands at that place among the template's, counted from 0; nil when there is none.
  public func bytes(at place: Int) -> ArraySlice<UInt8>? {
    guard let range = values[place] else { return nil }
    let value = bytes[base + range.lowerBound..<base + range.upperBound]
    return isEncoded ? percentDecoded(value) : value
  }

  /// The parameter as text; nil also when it is not UTF-8.
  public subscript(_ name: String) -> String? {
    bytes(name).flatMap { String(validating: $0, as: UTF8.self) }
  }
}

/// Up to four ranges, in place.
struct ParameterRanges: Sendable {
  static let capacity = 4
  private var bounds = SIMD8<UInt32>()
  private var count = 0

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
