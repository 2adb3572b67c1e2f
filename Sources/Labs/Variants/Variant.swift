import JSON

/// A value of a lab that differs from student to student.
struct Parameter: Sendable {
  let name: String
  /// What it may be, at least one; a student without a name gets the first.
  let choices: [JSONValue]

  /// The choice of a student.
  ///
  /// The same everywhere and always: FNV-1a (64 bits) over the UTF-8 of the lab's id, a zero byte, the student, a zero
  /// byte and the parameter's name, mixed by the finalizer of SplitMix64, modulo the number of choices.
  func value(for student: String?, in lab: String) -> JSONValue {
    guard let student else { return choices[0] }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in Array(lab.utf8) + [0] + Array(student.utf8) + [0] + Array(name.utf8) {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
    hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
    return choices[Int((hash ^ (hash >> 31)) % UInt64(choices.count))]
  }
}

/// The values of a lab's parameters for one student.
struct Variant: Sendable {
  let values: [(name: String, value: JSONValue)]

  /// The value that `name` or `name.member` stands for.
  subscript(path: Substring) -> JSONValue? {
    let steps = path.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let value = values.first(where: { $0.name == steps[0] })?.value else { return nil }
    return steps.count == 1 ? value : value.member(String(steps[1]))
  }

  /// A text with the values in the places of `${name}`; a text that is nothing but one place becomes the value itself.
  /// What begins with the name of a document is left for messages to fill in.
  func text(_ text: String, refuse: (String) -> Void) -> JSONValue {
    // Most have no place, and bytes are compared faster than characters.
    guard text.utf8.contains(UInt8(ascii: "$")) else { return .string(text) }
    var result = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      let name = rest[start.upperBound..<end]
      result += rest[..<start.lowerBound]
      let after = rest.index(after: end)
      if let value = self[name] {
        if result.isEmpty, after == text.endIndex { return value }
        switch value {
        case .string(let text): result += text
        case .number(let number): result += number.text
        default: refuse("${\(name)} is \(value.type.phrase); name one of its members")
        }
      } else if Condition.documents.contains(where: { name.hasPrefix($0) }) || name.hasPrefix("count(") {
        result += rest[start.lowerBound..<after]
      } else {
        let known = values.map(\.name).joined(separator: ", ")
        refuse("${\(name)} is no parameter" + (known.isEmpty ? "; the lab has none" : "; there are \(known)"))
      }
      rest = rest[after...]
    }
    return .string(result + rest)
  }

  /// A value with the variant's values in all its texts.
  func applied(to value: JSONValue, at pointer: String, refuse: (JSONProblem) -> Void) -> JSONValue {
    switch value {
    case .null, .bool, .number: return value
    case .string(let text):
      return self.text(text) { refuse(JSONProblem(pointer: pointer, detail: $0)) }
    case .array(let elements):
      return .array(
        elements.enumerated().map { index, element in
          applied(to: element, at: JSONPointer.element(index, of: pointer), refuse: refuse)
        })
    case .object(let object):
      return .object(
        object.members.map { member -> (key: String, value: JSONValue) in
          let inner = JSONPointer.member(member.key, of: pointer)
          return (member.key, applied(to: member.value, at: inner, refuse: refuse))
        })
    }
  }
}
