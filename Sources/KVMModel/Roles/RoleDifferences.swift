extension PageRole {
  /// The names of the fields in which the role differs from another.
  public func differences(from other: PageRole) -> [String] {
    RoleLayout.pageRole6_1.differing(UInt64(rawValue), UInt64(other.rawValue)).map(\.name)
  }
}

/// How a role became what it is, for a sentence: each field that differs with both values, the base role's first.
struct RoleChange: TextPart {
  let name: StaticString
  let old: UInt64
  let new: UInt64

  init(_ name: StaticString, _ old: VCPURole, _ new: VCPURole) {
    self.name = name
    self.old = old.rawValue
    self.new = new.rawValue
  }

  init(_ name: StaticString, _ old: PageRole, _ new: PageRole) {
    self.name = name
    self.old = UInt64(old.rawValue)
    self.new = UInt64(new.rawValue)
  }

  func write(to text: inout Text) {
    text.append(name)
    let changed = old ^ new
    let known = RoleLayout.pageRole6_1.namedBits | RoleLayout.extendedRole6_1.namedBits << 32
    guard changed & known != 0 else {
      text.append(" stays ")
      text.append(hex: new)
      return
    }
    text.append(" ")
    text.append(hex: old)
    text.append(" becomes ")
    text.append(hex: new)
    text.append(" (")
    let start = text.length
    writeFields(RoleLayout.pageRole6_1.fields, 0, to: &text, from: start)
    writeFields(RoleLayout.extendedRole6_1.fields, 32, to: &text, from: start)
    text.append(")")
  }

  private func writeFields(_ fields: [RoleField], _ shift: UInt64, to text: inout Text, from start: Int) {
    for index in fields.indices where (old ^ new) &>> shift & fields[index].mask != 0 {
      if text.length > start { text.append(", ") }
      text.append(contentsOf: fields[index].name)
      text.append(" ")
      text.append(decimal: fields[index].value(in: old &>> shift))
      text.append(" to ")
      text.append(decimal: fields[index].value(in: new &>> shift))
    }
  }
}

extension RoleLayout {
  fileprivate func differing(_ one: UInt64, _ other: UInt64) -> [RoleField] {
    fields.filter { (one ^ other) & $0.mask != 0 }
  }
}
