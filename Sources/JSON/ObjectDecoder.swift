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
  private let pointer: String
  /// The keys that have been asked for.
  private var known: [String] = []
  /// Bit n is set if member n has been asked for; of members from 64 on `known` tells.
  private var taken: UInt64 = 0
  /// The problems, each with the node of its member; a missing member's is the end of the object.
  private var problems: [(node: Int, problem: JSONProblem)] = []

  /// A decoder of a document that is an object; one of another type is a problem.
  public init(_ document: JSONDocument, at pointer: String = "") {
    self.init(document, 0, at: pointer)
  }

  init(_ document: JSONDocument, _ node: Int, at pointer: String) {
    self.document = document
    self.node = node
    self.pointer = pointer
    if !isObject {
      let detail = "must be an object, not \(document.nodes[node].type.phrase)"
      problems = [(node, JSONProblem(pointer: pointer, detail: detail))]
    }
    known.reserveCapacity(8)
  }

  private var isObject: Bool { document.nodes[node].type == .object }

  /// The keys of the members.
  private var members: JSONDocument.Children {
    JSONDocument.Children(
      document: document, place: node + 1, end: isObject ? document.nodes[node].end : 0, areMembers: true)
  }

  /// Throws all the problems, if there are any. A key that nobody asked for is one.
  public func finish() throws(JSONProblems) {
    let problems = allProblems()
    guard problems.isEmpty else { throw JSONProblems(problems: problems) }
  }

  /// Notes that the member `key` is refused, or missing; what is no object has no members to speak of.
  public mutating func refuse(_ key: String, _ detail: String) {
    guard isObject else { return }
    let place = members.first { document.isEqual($0, key) } ?? document.nodes[node].end
    problems.append((place, JSONProblem(pointer: JSONPointer.member(key, of: pointer), detail: detail)))
  }

  /// Whether the object has this key, which is then known.
  public mutating func contains(_ key: String) -> Bool {
    member(key) != nil
  }

  /// Whether the object has a value other than `null` for this key, which is then known.
  public mutating func hasValue(_ key: String) -> Bool {
    member(key).map { document.nodes[$0 + 1].type != .null } ?? false
  }

  /// What `decode` makes of a member; nil if it is missing, `null`, or wrong.
  @inlinable
  public mutating func optional<Value>(_ key: String, _ decode: (inout ElementDecoder) -> Value?) -> Value? {
    guard var element = optionalElement(key) else { return nil }
    let value = decode(&element)
    finish(element, isRefused: value == nil)
    return value
  }

  /// What `decode` makes of a member that must be there; nil if it is missing or wrong.
  @inlinable
  public mutating func required<Value>(_ key: String, _ decode: (inout ElementDecoder) -> Value?) -> Value? {
    guard var element = requiredElement(key) else { return nil }
    let value = decode(&element)
    finish(element, isRefused: value == nil)
    return value
  }

  @usableFromInline
  mutating func optionalElement(_ key: String) -> ElementDecoder? {
    guard let member = member(key), document.nodes[member + 1].type != .null else { return nil }
    return ElementDecoder(document, member + 1, in: pointer, at: .member(member))
  }

  @usableFromInline
  mutating func requiredElement(_ key: String) -> ElementDecoder? {
    guard let member = member(key) else {
      refuse(key, "is missing")
      return nil
    }
    return ElementDecoder(document, member + 1, in: pointer, at: .member(member))
  }

  /// Takes over what was found wrong with the value of a member.
  @usableFromInline
  mutating func finish(_ element: consuming ElementDecoder, isRefused: Bool) {
    for problem in element.allProblems(isRefused: isRefused) { problems.append((element.node - 1, problem)) }
  }

  /// The node of a key, whose value is the next one.
  private mutating func member(_ key: String) -> Int? {
    known.append(key)
    var bit: UInt64 = 1
    for member in members {
      if document.isEqual(member, key) {
        taken |= bit
        return member
      }
      bit <<= 1
    }
    return nil
  }

  func allProblems() -> [JSONProblem] {
    var unknown: [Int] = []
    for (index, member) in zip(0..., members) where index < 64 ? taken >> UInt64(index) & 1 == 0 : true {
      if index < 64 || !known.contains(document.text(member)) { unknown.append(member) }
    }
    guard !problems.isEmpty || !unknown.isEmpty else { return [] }
    var all = problems
    for member in unknown.prefix(JSONProblems.limit + 1) {
      let key = document.text(member)
      all.append(
        (member, JSONProblem(pointer: JSONPointer.member(key, of: pointer), detail: unknownKey(key))))
    }
    // Swift's sort keeps the order of equal elements.
    all.sort { $0.node < $1.node }
    if all.count > JSONProblems.limit {
      all.removeLast(all.count - JSONProblems.limit + 1)
      all.append((0, JSONProblem(pointer: pointer, detail: "there are more problems")))
    }
    return all.map(\.problem)
  }

  /// Problems somewhere in the object in the order of the document; a missing key comes last in its object.
  public func inDocumentOrder(_ problems: [JSONProblem]) -> [JSONProblem] {
    // Swift's sort keeps the order of equal elements.
    return problems.map {
      (position: document.position(of: $0.pointer.dropFirst(pointer.count), from: node), problem: $0)
    }
    .sorted { $0.position.lexicographicallyPrecedes($1.position) }
    .map(\.problem)
  }

  private func unknownKey(_ key: String) -> String {
    guard !self.known.isEmpty else { return "unknown key; none is known here" }
    let known = self.known.enumerated().filter { !self.known[..<$0.offset].contains($0.element) }.map(
      \.element)
    return "unknown key\(suggestion(for: key, among: known)); known are \(quoted(known))"
  }
}
