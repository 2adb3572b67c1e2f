/// A request method (RFC 9110 §9); names are case-sensitive.
public enum Method: Sendable, Hashable {
  case get, head, post, put, delete, patch, options, trace, connect
  /// Any other token.
  case other(String)

  /// The methods with a case of their own, by name.
  static let known: [(name: String, method: Method)] = [
    ("GET", .get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete), ("PATCH", .patch),
    ("OPTIONS", .options), ("TRACE", .trace), ("CONNECT", .connect),
  ]

  /// The method of that exact name.
  public init(_ name: some StringProtocol) {
    self = Self.known.first { $0.name == name }?.method ?? .other(String(name))
  }

  /// The name as it stands in a request line.
  public var name: String {
    if case .other(let name) = self { return name }
    return Self.known.first { $0.method == self }?.name ?? ""
  }
}

/// A version of HTTP that this module speaks; a higher 1.x is treated as 1.1 (RFC 9110 §2.5).
public enum Version: Sendable {
  case http1_0, http1_1
}
