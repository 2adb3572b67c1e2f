/// Takes a JSON object apart, and collects everything that is wrong with it.
///
/// A required member that is missing or wrong gives a placeholder (`false`, 0, an empty text or list, the first name), so
/// that reading goes on and finds the rest; `finish` then throws, and the placeholders must not be used. An optional member
/// is nil if it is missing, `null`, or wrong.
///
///     var body = ObjectDecoder(try JSONDocument(parsing: bytes))
///     let register = body.enumeration("register", of: ["cr0", "cr3", "cr4"])
///     let word = body.word("value")
///     try body.finish()
public struct ObjectDecoder {
  private let document: JSONDocument
  /// The object's node.
  private let node: Int
  /// The keys that have been asked for.
  private var known: [StaticString] = []
  /// Bit n is set if member n has been asked for; of members from 64 on `known` tells.
  private var taken: UInt64 = 0
  /// The problems, each with the node of its member; a missing member's is the end of the object.
  private var problems: [(node: Int, problem: JSONProblem)] = []

  /// A decoder of a document that is an object; one of another type is a problem.
  public init(_ document: JSONDocument) {
    self.init(document, 0)
  }

  init(_ document: JSONDocument, _ node: Int) {
    self.document = document
    self.node = node
    if !isObject {
      let detail = "must be an object, not \(document.nodes[node].type.phrase)"
      problems = [(node, JSONProblem(pointer: pointer, detail: detail))]
    }
    known.reserveCapacity(8)
  }

  private var isObject: Bool { document.nodes[node].type == .object }

  /// Where the object stands, as a JSON pointer (RFC 6901). Takes time in proportion to the values before it.
  private var pointer: String { document.pointer(to: node) }

  /// Throws all the problems, if there are any. A key that nobody asked for is one.
  public func finish() throws(JSONProblems) {
    if hasProblems { throw JSONProblems(problems: allProblems()) }
  }

  /// Notes that the member `key` is refused, or missing; what is no object has no members to speak of.
  public mutating func refuse(_ key: StaticString, _ detail: String) {
    guard isObject else { return }
    let place = document.member(key, of: node)?.node ?? document.nodes[node].end
    problems.append(
      (place, JSONProblem(pointer: JSONPointer.member(key.description, of: pointer), detail: detail)))
  }

  /// Whether the object has this key, which is then known.
  public mutating func contains(_ key: StaticString) -> Bool {
    member(key) != nil
  }

  /// Whether the object has a value other than `null` for this key, which is then known.
  public mutating func hasValue(_ key: StaticString) -> Bool {
    member(key).map { document.nodes[$0 + 1].type != .null } ?? false
  }

  /// What `decode` makes of a member; nil if it is missing, `null`, or wrong.
  @inlinable
  public mutating func optional<Value>(_ key: StaticString, _ decode: (inout ElementDecoder) -> Value?)
    -> Value?
  {
    guard let member = optionalMember(key) else { return nil }
    return value(of: member, decode)
  }

  /// What `decode` makes of a member that must be there; nil if it is missing or wrong.
  @inlinable
  public mutating func required<Value>(_ key: StaticString, _ decode: (inout ElementDecoder) -> Value?)
    -> Value?
  {
    guard let member = requiredMember(key) else { return nil }
    return value(of: member, decode)
  }

  /// What `decode` makes of the value after a key.
  @inlinable @inline(__always)
  mutating func value<Value>(of member: Int, _ decode: (inout ElementDecoder) -> Value?) -> Value? {
    var element = element(after: member)
    let value = decode(&element)
    if value == nil || !element.problems.isEmpty {
      for problem in element.allProblems(isRefused: value == nil) { note(problem, of: member) }
    }
    return value
  }

  @usableFromInline
  func element(after member: Int) -> ElementDecoder {
    ElementDecoder(document, member + 1)
  }

  @usableFromInline
  mutating func note(_ problem: JSONProblem, of member: Int) { problems.append((member, problem)) }

  @usableFromInline
  mutating func optionalMember(_ key: StaticString) -> Int? {
    guard let member = member(key), document.nodes[member + 1].type != .null else { return nil }
    return member
  }

  @usableFromInline
  mutating func requiredMember(_ key: StaticString) -> Int? {
    if let member = member(key) { return member }
    refuse(key, "is missing")
    return nil
  }

  /// The node of a key, whose value is the next one.
  @inline(__always)
  private mutating func member(_ key: StaticString) -> Int? {
    known.append(key)
    guard let (member, number) = document.member(key, of: node) else { return nil }
    if number < 64 { taken |= 1 << UInt64(number) }
    return member
  }

  var hasProblems: Bool {
    var isSound = problems.isEmpty
    forEachUnknown { _ in isSound = false }
    return !isSound
  }

  func allProblems() -> [JSONProblem] {
    var unknown: [Int] = []
    forEachUnknown { unknown.append($0) }
    var all = problems
    let pointer = pointer
    for member in unknown.prefix(JSONProblems.limit + 1) {
      all.append((member, unknownKey(document.text(member), of: pointer)))
    }
    // Swift's sort keeps the order of equal elements.
    all.sort { $0.node < $1.node }
    if all.count > JSONProblems.limit {
      all.removeLast(all.count - JSONProblems.limit + 1)
      all.append((0, JSONProblem(pointer: pointer, detail: "there are more problems")))
    }
    return all.map(\.problem)
  }

  /// Gives the keys that nobody asked for.
  @inline(__always)
  private func forEachUnknown(_ note: (Int) -> Void) {
    guard isObject else { return }
    let end = document.nodes[node].end
    var (member, number) = (node + 1, 0)
    while member < end {
      let isKnown =
        number < 64
        ? taken >> UInt64(number) & 1 != 0 : known.contains { document.isEqual(member, $0) }
      if !isKnown { note(member) }
      member = document.nodes[member].end
      number += 1
    }
  }

  /// Problems somewhere in the object in the order of the document; a missing key comes last in its object.
  public func inDocumentOrder(_ problems: [JSONProblem]) -> [JSONProblem] {
    let length = pointer.utf8.count
    var places = PointerPlaces(document)
    // Swift's sort keeps the order of equal elements.
    return problems.map {
      (position: places.position(of: $0.pointer.utf8.dropFirst(length), from: node), problem: $0)
    }
    .sorted { $0.position.lexicographicallyPrecedes($1.position) }
    .map(\.problem)
  }

  /// A long key is told in short, at the place of its object, so that an answer stays in proportion.
  private func unknownKey(_ key: String, of pointer: String) -> JSONProblem {
    let isLong = key.utf8.count > 256
    var known: [String] = []
    for key in self.known.map(\.description) where !known.contains(key) { known.append(key) }
    return JSONProblem(
      pointer: isLong ? pointer : JSONPointer.member(key, of: pointer),
      detail: "unknown key\(isLong ? " \(quoted([excerpt(key)]))" : suggestion(for: key, among: known)); "
        + (known.isEmpty ? "none is known here" : "known are \(quoted(known))"))
  }
}
