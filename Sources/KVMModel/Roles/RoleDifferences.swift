extension PageRole {
  /// The names of the fields in which the role differs from another.
  public func differences(from other: PageRole) -> [String] {
    RoleLayout.pageRole6_1.fieldsDiffering(UInt64(rawValue), UInt64(other.rawValue))
  }
}

extension VCPURole {
  /// The names of the fields in which the role differs from another: the base role's, then the extended role's.
  public func differences(from other: VCPURole) -> [String] {
    base.differences(from: other.base)
      + RoleLayout.extendedRole6_1.fieldsDiffering(UInt64(ext.rawValue), UInt64(other.ext.rawValue))
  }
}

extension RoleLayout {
  fileprivate func fieldsDiffering(_ one: UInt64, _ other: UInt64) -> [String] {
    fields.filter { (one ^ other) & $0.mask != 0 }.map(\.name)
  }
}
