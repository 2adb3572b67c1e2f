import JSON

/// The types of INVPCID, INVEPT and INVVPID (Intel SDM volume 3, chapter 31, and volume 2), by name.
enum InvalidationType {
  static let invpcid = NamedWords([
    ("individual-address", 0), ("single-context", 1), ("all-including-global", 2), ("all-non-global", 3),
  ])
  static let invept = NamedWords([("single-context", 1), ("global", 2)])
  static let invvpid = NamedWords([
    ("individual-address", 0), ("single-context", 1), ("all-contexts", 2),
    ("single-context-retaining-globals", 3),
  ])

  /// A type by its name, or as the number that the register holds, so that a reserved one can be tried.
  static func decode(_ body: inout Body, _ types: NamedWords) -> UInt64 {
    body.members.required("type") { element in
      if case .string(let text) = element.value, text.first?.isNumber != true {
        return element.word(of: types)
      }
      return element.word()
    } ?? 0
  }

  /// Writes a type by its name, or as a number if it has none.
  static func write(_ type: UInt64, _ types: NamedWords, to json: inout JSONWriter) {
    json.key("type")
    if let name = types.name(of: type) { json.string(literal: name) } else { json.hex(type) }
  }
}
