import JSON
import KVMModel

extension Body {
  /// What `value`, or `set` and `clear`, say is to be written to a register whose bits have these names; nil if it is
  /// not known which register that is, so that any name may be right.
  mutating func registerWrite(_ names: NamedWords?) -> RegisterWrite {
    var isValue = false
    let value = members.optional("value") { element in
      isValue = true
      return element.word()
    }
    let set = bits("set", names)
    let clear = bits("clear", names)
    let hasBits = set != nil || clear != nil
    if isValue {
      if hasBits { refuse("value", "a write is either value, or set and clear") }
      return .value(value ?? 0)
    }
    if !hasBits { members.refuse("value", "is missing: a write is either value, or set and clear") }
    if let set, let clear, set & clear != 0 { refuse("clear", "names a bit that is to be set too") }
    return .bits(set: set ?? 0, clear: clear ?? 0)
  }

  /// The bits that a list names; nil if there is no list.
  private mutating func bits(_ key: StaticString, _ names: NamedWords?) -> UInt64? {
    var isThere = false
    let bits = members.optional(key) { element in
      isThere = true
      return element.union(of: names)
    }
    guard isThere else { return nil }
    if names?.isEmpty == true {
      refuse(key.description, "the register has no bits with names; give its value")
    }
    return bits ?? 0
  }

  /// The registers that the body, or an object of it, names.
  mutating func registerValues() -> RegisterValues {
    RegisterValues(
      cr0: members.optionalWord("cr0"), cr3: members.optionalWord("cr3"), cr4: members.optionalWord("cr4"),
      efer: members.optionalWord("efer"), codeSegmentLong: members.optionalBool("cs_l"))
  }
}

extension ElementDecoder {
  /// The bits that a list names, together; 0 if it is not known which names there are, or if there are none.
  fileprivate mutating func union(of names: NamedWords?) -> UInt64? {
    var bits: UInt64 = 0
    let isWhole = takeElements { element in
      guard let names, !names.isEmpty else { return element.string() != nil }
      guard let bit = element.word(of: names) else { return false }
      bits |= bit
      return true
    }
    return isWhole ? bits : nil
  }
}

/// The names of registers' bits.
enum BitNames {
  static let cr0 = of(CR0.self)
  static let cr3 = NamedWords([])
  static let cr4 = of(CR4.self)
  static let efer = of(EFER.self)

  private static func of<Register: NamedBits>(_ register: Register.Type) -> NamedWords {
    NamedWords(register.names.map { ($0.name, $0.bit.rawValue) })
  }
}

extension ControlRegister {
  /// The names of all cases, in their order.
  static let names: [StaticString] = ["cr0", "cr3", "cr4"]

  /// The register's bits by name.
  var bitNames: NamedWords {
    switch self {
    case .cr0: BitNames.cr0
    case .cr3: BitNames.cr3
    case .cr4: BitNames.cr4
    }
  }
}
