/// Where `struct kvm_mmu` holds its roles, by release.
public struct RoleMembers: Sendable, Hashable {
  /// The first release with these names, or the series.
  public let since: KernelRelease
  /// The member with the page role of the root (`mmu_role` here), as `root_role`.
  public let pageRole: String
  /// The member with the 64-bit role (`vcpu_role` here), as `cpu_role`; `nil` before 4.20.
  public let role64: String?
  /// Whether the 64-bit role tells what the guest configured, rather than what the root was built for.
  public let isGuestRole: Bool

  init(_ since: KernelRelease, _ pageRole: String, _ role64: String?, isGuestRole: Bool) {
    self.since = since
    self.pageRole = pageRole
    self.role64 = role64
    self.isGuestRole = isGuestRole
  }

  /// The names in a kernel, or `nil` for a release before 3.10, whose names are not known.
  public static func members(of release: KernelRelease) -> RoleMembers? {
    table.last { $0.since.series == release.series && $0.since <= release }
  }

  private static let table = [
    RoleMembers(KernelRelease(3, 10), "base_role", nil, isGuestRole: false),
    RoleMembers(KernelRelease(4, 20), "mmu_role.base", "mmu_role", isGuestRole: false),
    RoleMembers(KernelRelease(5, 17, series: "feb2022-v1"), "mmu_role", "cpu_role", isGuestRole: true),
    RoleMembers(KernelRelease(5, 17, series: "feb2022-v2"), "root_role", "cpu_mode", isGuestRole: true),
    RoleMembers(KernelRelease(5, 19), "root_role", "cpu_role", isGuestRole: true),
    RoleMembers(KernelRelease(7, 3), "root_role", "w->cpu_role", isGuestRole: true),
  ]
}
