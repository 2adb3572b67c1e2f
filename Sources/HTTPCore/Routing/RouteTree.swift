/// The templates of a ``Router`` as a tree of segments. It knows rows by number, so that matching is not generic:
/// unspecialised generics cost more than the match. Its parts lie in arrays of plain values, so that going through
/// them counts no references.
struct RouteTree: Sendable {
  /// A segment that stands in a template as it is, and the node behind it.
  private struct Literal {
    /// The first eight bytes of the segment, filled up with zeros.
    let word: UInt64
    /// Where the whole segment lies in `texts`.
    let text: ByteRange
    let node: Int
  }

  private struct Endpoint {
    let method: Method
    let row: Int
  }

  private struct Node {
    var literals = 0..<0
    var endpoints = 0..<0
    var parameter: Int?
  }

  /// A node while the tree is built.
  private final class Seed {
    var literals: [(segment: [UInt8], seed: Seed)] = []
    var parameter: Seed?
    var endpoints: [(method: Method, row: Int)] = []
    /// How many rows there are here and behind.
    var rows = 0
  }

  private var nodes: [Node] = []
  private var literals: [Literal] = []
  private var endpoints: [Endpoint] = []
  private var texts: [UInt8] = []
  /// The value of Allow, by node.
  private var allows: [String] = []
  /// The names of the parameters, by row.
  private let names: [[String]]
  private let serverAllow: String

  init(_ rows: [(method: Method, template: String)]) {
    let root = Seed()
    names = rows.enumerated().map { number, row in Self.insert(row.method, row.template, number, root) }
    serverAllow = Self.allow(rows.map(\.method))
    _ = add(root)
  }

  // MARK: Matching

  func match(_ request: borrowing Request) -> RouteMatch {
    if request.isForServer { return .options(allow: serverAllow) }
    let message = request.bytes.span.extracting(droppingFirst: request.base)
    // An empty path is that of `/`, which has one empty segment.
    let path = request.head.path
    let start = path.isEmpty ? path.upperBound : path.lowerBound + 1
    var values = ParameterRanges()
    let ordinary =
      request.head.isPathEncoded ? nil : findOrdinary(message, start, path.upperBound, &values)
    guard let found = ordinary ?? find(message, start, path.upperBound, from: 0, &values) else {
      return .notFound
    }
    if let row = row(of: request.head.method, at: found) {
      return .found(row, PathParameters(row: row, values: values))
    }
    let allow = allows[found]
    if request.method == .options { return .options(allow: allow) }
    return .methodNotAllowed(allow: allow)
  }

  /// The names of a row's parameters, in their order.
  func names(ofRow row: Int) -> [String] { names[row] }

  private func row(of method: Method, at node: Int) -> Int? {
    for index in nodes[node].endpoints where endpoints[index].method == method { return endpoints[index].row }
    return method == .head ? row(of: .get, at: node) : nil
  }

  /// The node of the segments that begin at `start`, none of which is percent-encoded, where there is no need to come
  /// back from a literal to a parameter; nil if that leads nowhere.
  private func findOrdinary(
    _ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int, _ values: inout ParameterRanges
  ) -> Int? {
    var (node, start) = (0, start)
    while start <= end {
      let segment = ByteRange(start, index(of: UInt8(ascii: "/"), in: bytes, start, end))
      if let next = literal(bytes, segment, at: node) {
        node = next
      } else if let parameter = nodes[node].parameter, !segment.isEmpty {
        values.append(segment)
        node = parameter
      } else {
        values = ParameterRanges()
        return nil
      }
      start = segment.upperBound + 1
    }
    return nodes[node].endpoints.isEmpty ? nil : node
  }

  /// The node behind the literal that is this segment.
  @inline(__always)
  private func literal(_ bytes: borrowing Span<UInt8>, _ segment: ByteRange, at node: Int) -> Int? {
    let length = segment.count
    let word = bytes.word(of: ByteRange(segment.lowerBound, segment.lowerBound + min(length, 8)))
    for index in nodes[node].literals where literals[index].word == word {
      let text = literals[index].text
      guard text.count == length else { continue }
      if length <= 8 || bytes.equals(segment, texts.span.extracting(text.lowerBound..<text.upperBound)) {
        return literals[index].node
      }
    }
    return nil
  }

  /// The node of the segments that begin at `start`; past `end` there are none.
  private func find(
    _ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int, from node: Int, _ values: inout ParameterRanges
  ) -> Int? {
    guard start <= end else { return nodes[node].endpoints.isEmpty ? nil : node }
    let segment = ByteRange(start, index(of: UInt8(ascii: "/"), in: bytes, start, end))
    let decoded = percentDecoded(bytes, segment)
    for index in nodes[node].literals {
      let literal = literals[index]
      guard texts[literal.text.lowerBound..<literal.text.upperBound] == decoded[...] else { continue }
      if let found = find(bytes, segment.upperBound + 1, end, from: literal.node, &values) { return found }
    }
    guard let parameter = nodes[node].parameter, !segment.isEmpty else { return nil }
    values.append(segment)
    if let found = find(bytes, segment.upperBound + 1, end, from: parameter, &values) { return found }
    values.removeLast()
    return nil
  }

  // MARK: Building

  /// Puts a row into the tree of seeds; gives the names of its parameters.
  private static func insert(_ method: Method, _ template: String, _ row: Int, _ root: Seed) -> [String] {
    precondition(template.hasPrefix("/"), "a template begins with /")
    var seed = root
    seed.rows += 1
    var names: [String] = []
    for segment in template.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      if segment.hasPrefix("{"), segment.hasSuffix("}") {
        names.append(String(segment.dropFirst().dropLast()))
        let next = seed.parameter ?? Seed()
        seed.parameter = next
        seed = next
      } else {
        let bytes = Array(segment.utf8)
        let known = seed.literals.first { $0.segment == bytes }?.seed
        let next = known ?? Seed()
        if known == nil { seed.literals.append((bytes, next)) }
        seed = next
      }
      seed.rows += 1
    }
    precondition(names.count <= ParameterRanges.capacity, "too many parameters in \(template)")
    precondition(!seed.endpoints.contains { $0.method == method }, "two rows for \(template)")
    seed.endpoints.append((method, row))
    return names
  }

  /// Adds a seed and all behind it; gives its node.
  private mutating func add(_ seed: Seed) -> Int {
    let node = nodes.count
    nodes.append(Node())
    allows.append(Self.allow(seed.endpoints.map(\.method)))
    nodes[node].endpoints = endpoints.count..<endpoints.count + seed.endpoints.count
    endpoints += seed.endpoints.map { Endpoint(method: $0.method, row: $0.row) }
    // What most rows are behind is looked at first.
    let sorted = seed.literals.sorted { $0.seed.rows > $1.seed.rows }
    let behind = sorted.map { add($0.seed) }
    nodes[node].literals = literals.count..<literals.count + behind.count
    for (literal, next) in zip(sorted, behind) {
      let segment = literal.segment
      let text = ByteRange(texts.count, texts.count + segment.count)
      texts += segment
      let word = segment.span.word(of: ByteRange(0, min(segment.count, 8)))
      literals.append(Literal(word: word, text: text, node: next))
    }
    nodes[node].parameter = seed.parameter.map { add($0) }
    return node
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
