extension PageRole {
  /// The names of the fields in which the role differs from another.
  public func differences(from other: PageRole) -> [String] {
    RoleLayout.pageRole6_1.differing(UInt64(rawValue), UInt64(other.rawValue)).map(\.name)
  }

  /// How the role became what it is: each field that differs with both values.
  func becoming(from other: PageRole) -> [String] {
    RoleLayout.pageRole6_1.becoming(UInt64(rawValue), from: UInt64(other.rawValue))
  }
}

extension VCPURole {
  /// How the role became what it is: each field that differs with both values, the base role's first.
  func becoming(from other: VCPURole) -> [String] {
    base.becoming(from: other.base)
      + RoleLayout.extendedRole6_1.becoming(UInt64(ext.rawValue), from: UInt64(other.ext.rawValue))
  }
}

extension RoleLayout {
  fileprivate func differing(_ one: UInt64, _ other: UInt64) -> [RoleField] {
    fields.filter { (one ^ other) & $0.mask != 0 }
  }

  fileprivate func becoming(_ new: UInt64, from old: UInt64) -> [String] {
    differing(new, old).map { "\($0.name) \($0.value(in: old)) to \($0.value(in: new))" }
  }
}
