/// The segments of a path between its slashes, percent-decoded one by one, so that `%2F` never separates.
///
/// `/a/b` has `a` and `b`; `/a/` has `a` and an empty one; `/` has one empty one.
public struct PathSegments: Sequence, IteratorProtocol, Sendable {
  private var rest: ArraySlice<UInt8>?

  init(path: ArraySlice<UInt8>) {
    rest = path.dropFirst()
  }

  /// The next segment.
  public mutating func next() -> ArraySlice<UInt8>? {
    guard let path = rest else { return nil }
    let end = path.firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
    rest = end < path.endIndex ? path[(end + 1)...] : nil
    return percentDecoded(path[..<end])
  }
}

/// One `name=value` of a query, decoded as application/x-www-form-urlencoded (WHATWG URL §5.1).
public struct QueryItem: Sendable, Equatable {
  /// What stands before the first `=`.
  public let name: String
  /// What stands after it; nil when there is no `=`.
  public let value: String?

  /// The items between `&`, in order, empty ones left out.
  static func parse(_ query: ArraySlice<UInt8>) -> [QueryItem] {
    func text(_ bytes: ArraySlice<UInt8>) -> String {
      String(decoding: percentDecoded(bytes, plusIsSpace: true), as: UTF8.self)
    }
    return query.split(separator: UInt8(ascii: "&")).map { item in
      guard let equals = item.firstIndex(of: UInt8(ascii: "=")) else {
        return QueryItem(name: text(item), value: nil)
      }
      return QueryItem(name: text(item[..<equals]), value: text(item[(equals + 1)...]))
    }
  }
}
