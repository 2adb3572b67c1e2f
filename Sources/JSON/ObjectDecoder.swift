/// Takes a JSON object apart, and collects everything that is wrong with it.
///
/// A required member that is missing or wrong gives a placeholder (`false`, 0, an empty text or list, the first name), so
/// that reading goes on and finds the rest; `finish` then throws, and the placeholders must not be used. An optional member
/// is nil if it is missing, `null`, or wrong.
///
///     var body = ObjectDecoder(value)
///     let register = body.enumeration("register", of: ["cr0", "cr3", "cr4"])
///     let word = body.word("value")
///     try body.finish()
public struct ObjectDecoder {
  private let object: JSONObject
  private let pointer: String
  /// The keys that have been asked for.
  private var known: [String] = []
  /// The problems, each with the index of its member; a missing member's is the number of members.
  private var problems: [(index: Int, problem: JSONProblem)] = []
  private let isObject: Bool

  /// A decoder of the object at `pointer`; a value of another type is a problem.
  public init(_ value: JSONValue, at pointer: String = "") {
    self.pointer = pointer
    if case .object(let object) = value {
      self.object = object
      isObject = true
    } else {
      object = JSONObject()
      isObject = false
      problems = [(0, JSONProblem(pointer: pointer, detail: "must be an object, not \(value.type.phrase)"))]
    }
    known.reserveCapacity(8)
  }

  /// Throws all the problems, if there are any. A key that nobody asked for is one.
  public func finish() throws(JSONProblems) {
    let problems = allProblems()
    guard problems.isEmpty else { throw JSONProblems(problems: problems) }
  }

  /// Notes that the member `key` is refused, or missing; what is no object has no members to speak of.
  public mutating func refuse(_ key: String, _ detail: String) {
    guard isObject else { return }
    let index = object.members.firstIndex { $0.key == key } ?? object.members.count
    problems.append((index, JSONProblem(pointer: JSONPointer.member(key, of: pointer), detail: detail)))
  }

  /// Whether the object has this key, which is then known.
  public mutating func contains(_ key: String) -> Bool {
    member(key) != nil
  }

  /// What `decode` makes of a member; nil if it is missing, `null`, or wrong.
  public mutating func optional<Value>(_ key: String, _ decode: (inout ElementDecoder) -> Value?) -> Value? {
    guard let index = member(key), object.members[index].value != .null else { return nil }
    return decodeMember(index, decode)
  }

  /// What `decode` makes of a member that must be there; nil if it is missing or wrong.
  public mutating func required<Value>(_ key: String, _ decode: (inout ElementDecoder) -> Value?) -> Value? {
    guard let index = member(key) else {
      refuse(key, "is missing")
      return nil
    }
    return decodeMember(index, decode)
  }

  private mutating func member(_ key: String) -> Int? {
    known.append(key)
    return object.members.firstIndex { $0.key == key }
  }

  private mutating func decodeMember<Value>(
    _ index: Int, _ decode: (inout ElementDecoder) -> Value?
  ) -> Value? {
    let member = object.members[index]
    var decoder = ElementDecoder(member.value, in: pointer, at: .key(member.key))
    let value = decoder.run(decode)
    for problem in decoder.problems { problems.append((index, problem)) }
    return value
  }

  func allProblems() -> [JSONProblem] {
    let unknown = object.members.indices.filter { !known.contains(object.members[$0].key) }
    guard !problems.isEmpty || !unknown.isEmpty else { return [] }
    var all = problems
    for index in unknown.prefix(JSONProblems.limit + 1) {
      let key = object.members[index].key
      all.append((index, JSONProblem(pointer: JSONPointer.member(key, of: pointer), detail: unknownKey(key))))
    }
    // Swift's sort keeps the order of equal elements.
    all.sort { $0.index < $1.index }
    if all.count > JSONProblems.limit {
      all.removeLast(all.count - JSONProblems.limit + 1)
      all.append((0, JSONProblem(pointer: pointer, detail: "there are more problems")))
    }
    return all.map(\.problem)
  }

  /// Problems somewhere in the object in the order of the document; a missing key comes last in its object.
  public func inDocumentOrder(_ problems: [JSONProblem]) -> [JSONProblem] {
    let root = JSONValue.object(object)
    // Swift's sort keeps the order of equal elements.
    return problems.map { (position: root.position(of: $0.pointer.dropFirst(pointer.count)), problem: $0) }
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
