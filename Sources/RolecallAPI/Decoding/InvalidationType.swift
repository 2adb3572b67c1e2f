import JSON

/// The types of INVPCID, INVEPT and INVVPID (Intel SDM volume 3, chapter 31, and volume 2), by name.
enum InvalidationType {
  static let invpcid = [
    (name: "individual-address", type: UInt64(0)), ("single-context", 1), ("all-including-global", 2),
    ("all-non-global", 3),
  ]
  static let invept = [(name: "single-context", type: UInt64(1)), ("global", 2)]
  static let invvpid = [
    (name: "individual-address", type: UInt64(0)), ("single-context", 1), ("all-contexts", 2),
    ("single-context-retaining-globals", 3),
  ]

  /// A type by its name, or as the number that the register holds, so that a reserved one can be tried.
  static func decode(_ body: inout Body, _ names: [(name: String, type: UInt64)]) -> UInt64 {
    body.members.required("type") { element in
      if case .string(let text) = element.value, text.first?.isNumber != true {
        return element.choice(of: names.count) { names[$0].name }.map { names[$0].type }
      }
      return element.word()
    } ?? 0
  }

  /// Writes a type by its name, or as a number if it has none.
  static func write(_ type: UInt64, _ names: [(name: String, type: UInt64)], to json: inout JSONWriter) {
    json.key("type")
    if let name = names.first(where: { $0.type == type })?.name { json.string(name) } else { json.hex(type) }
  }
}
