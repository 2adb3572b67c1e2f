/// A request method (RFC 9110 §9); names are case-sensitive.
public enum Method: UInt8, Sendable, CaseIterable {
  case get, head, post, put, delete, patch, options, trace, connect
  /// Any other token; the request knows its name.
  case other

  /// The name as it stands in a request line; empty for ``other``.
  public var name: String { Self.names[Int(rawValue)] }

  private static let names = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "",
  ]
  private static let words = names.map(UInt64.init(ascii:))

  /// The method of that exact name.
  public init(_ name: some StringProtocol) {
    self = Self.allCases.first { $0.name == name } ?? .other
  }

  /// The method whose name is in `word`, filled up with zeros; nil if it has more than eight letters or is ``other``.
  init?(word: UInt64) {
    for (index, known) in Self.words.enumerated() where known == word && word != 0 {
      self.init(rawValue: UInt8(index))
      return
    }
    return nil
  }
}

/// A version of HTTP that this module speaks; a higher 1.x is treated as 1.1 (RFC 9110 §2.5).
public enum Version: Sendable {
  case http1_0, http1_1
}
