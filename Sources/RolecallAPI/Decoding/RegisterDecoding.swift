import JSON
import KVMModel

extension Body {
  /// What `value`, or `set` and `clear`, say is to be written to a register whose bits have these names; nil if it is
  /// not known which register that is, so that any name may be right.
  mutating func registerWrite(_ names: NamedWords?) -> RegisterWrite {
    let value = members.optionalWord("value")
    let set = bits("set", names)
    let clear = bits("clear", names)
    let hasBits = set != nil || clear != nil
    if members.hasValue("value") {
      if hasBits { refuse("value", "a write is either value, or set and clear") }
      return .value(value ?? 0)
    }
    if !hasBits { members.refuse("value", "is missing: a write is either value, or set and clear") }
    if let set, let clear, set & clear != 0 { refuse("clear", "names a bit that is to be set too") }
    return .bits(set: set ?? 0, clear: clear ?? 0)
  }

  private mutating func bits(_ key: StaticString, _ names: NamedWords?) -> UInt64? {
    guard members.hasValue(key) else { return nil }
    if names?.isEmpty == true {
      refuse(key.description, "the register has no bits with names; give its value")
    }
    let list = members.optionalArray(key) { element -> UInt64? in
      guard let names, !names.isEmpty else { return element.string().map { _ in 0 } }
      return element.word(of: names)
    }
    return (list ?? []).reduce(0, |)
  }

  /// The registers that the body, or an object of it, names.
  mutating func registerValues() -> RegisterValues {
    RegisterValues(
      cr0: members.optionalWord("cr0"), cr3: members.optionalWord("cr3"), cr4: members.optionalWord("cr4"),
      efer: members.optionalWord("efer"), codeSegmentLong: members.optionalBool("cs_l"))
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
  /// The register's bits by name.
  var bitNames: NamedWords {
    switch self {
    case .cr0: BitNames.cr0
    case .cr3: BitNames.cr3
    case .cr4: BitNames.cr4
    }
  }
}
