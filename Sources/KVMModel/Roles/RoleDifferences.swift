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

  func write(to text: inout TextBuilder) {
    text.append(name)
    let changed = old ^ new
    let layouts: [(layout: RoleLayout, shift: UInt64)] = [(.pageRole6_1, 0), (.extendedRole6_1, 32)]
    guard layouts.contains(where: { changed &>> $0.shift & $0.layout.namedBits != 0 }) else {
      text.append(" stays " as StaticString)
      text.append(hex: new)
      return
    }
    text.append(" " as StaticString)
    text.append(hex: old)
    text.append(" becomes " as StaticString)
    text.append(hex: new)
    var separator: StaticString = " ("
    for (layout, shift) in layouts {
      for field in layout.fields where changed &>> shift & field.mask != 0 {
        text.append(separator)
        text.append(field.name)
        text.append(" " as StaticString)
        text.append(decimal: Int(field.value(in: old &>> shift)))
        text.append(" to " as StaticString)
        text.append(decimal: Int(field.value(in: new &>> shift)))
        separator = ", "
      }
    }
    text.append(")" as StaticString)
  }
}

extension RoleLayout {
  fileprivate func differing(_ one: UInt64, _ other: UInt64) -> [RoleField] {
    fields.filter { (one ^ other) & $0.mask != 0 }
  }
}
