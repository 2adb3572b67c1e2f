import JSON

/// An object of a request's body while it is taken apart.
///
/// What has the wrong form is noted by `members`; what has the right form but is against a rule, in `rules`.
struct Body {
  /// The members.
  var members: ObjectDecoder
  /// The rules that were found broken, with pointers from this object on.
  private(set) var rules: [JSONProblem] = []

  /// The body; one of another type is a problem of form.
  init(_ document: JSONDocument) {
    members = ObjectDecoder(document)
  }

  private init(_ members: ObjectDecoder) {
    self.members = members
  }

  /// Notes that a member is against a rule. `key` may go deeper with slashes.
  mutating func refuse(_ key: String, _ detail: String) {
    refuse([JSONProblem(pointer: "/" + key, detail: detail)])
  }

  /// Notes broken rules found elsewhere, whose pointers go on from `pointer` in this object.
  ///
  /// Not more are kept than tell that there are more than an answer lists, so that what is wrong many times is refused as
  /// soon.
  mutating func refuse(_ problems: [JSONProblem], at pointer: String = "") {
    for problem in problems.prefix(JSONProblems.limit + 1 - rules.count) {
      rules.append(JSONProblem(pointer: pointer + problem.pointer, detail: problem.detail))
    }
  }

  /// An integer of any size, if there is one; rules say which ones fit.
  mutating func optionalInteger(_ key: StaticString) -> Int? {
    members.optional(key) { element in
      if case .number(let number) = element.value, let integer = number.integer { return integer }
      element.refuse("must be an integer, not \(element.type.phrase)")
      return nil
    }
  }

  /// An array of at most `limit` elements, if there is one; of a longer one only `refuse` hears, with its length.
  mutating func optionalArray<Element>(
    _ key: StaticString, limit: Int, refuse: (Int) -> Void, of decode: (inout ElementDecoder) -> Element?
  ) -> [Element]? {
    let elements = members.optional(key) { element -> [Element]?? in
      if element.type == .array, element.count > limit {
        refuse(element.count)
        return .some(nil)
      }
      return element.array(of: decode)
    }
    return elements ?? nil
  }

  /// Takes an object apart, if there is one; nil too if it has not the right form.
  mutating func optionalObject<Content>(_ key: StaticString, _ decode: (inout Body) -> Content) -> Content? {
    var found: [JSONProblem] = []
    let content = members.optionalObject(key) { Self.decode(&$0, &found, decode) }
    if !found.isEmpty { refuse(found, at: JSONPointer.member(key.description, of: "")) }
    return content
  }

  /// Takes an object apart that must be there; nil if something in it is wrong.
  mutating func object<Content>(_ key: StaticString, _ decode: (inout Body) -> Content) -> Content? {
    var found: [JSONProblem] = []
    let content = members.object(key) { Self.decode(&$0, &found, decode) }
    if !found.isEmpty { refuse(found, at: JSONPointer.member(key.description, of: "")) }
    return content
  }

  /// Takes an object apart that `members` stands for, and gives the rules found broken, with pointers from it on.
  static func decode<Content>(
    _ members: inout ObjectDecoder, _ rules: inout [JSONProblem], _ decode: (inout Body) -> Content
  ) -> Content {
    var body = Body(members)
    let content = decode(&body)
    members = body.members
    rules = body.rules
    return content
  }

  /// Throws if anything is wrong.
  func finish() throws(ProblemDetails) {
    var form: [JSONProblem] = []
    do { try members.finish() } catch { form = error.problems }
    guard !form.isEmpty || !rules.isEmpty else { return }
    // A list that was cut off ends in the remark that there are more, and has no room for rules.
    let all = form.count < JSONProblems.limit ? members.inDocumentOrder(form + rules) : form
    throw ProblemDetails(form.isEmpty ? .ruleViolated : .invalidBody, all)
  }
}
