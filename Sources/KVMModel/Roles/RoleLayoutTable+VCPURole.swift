extension RoleLayout {
  /// The unions that join a page role and an extended role.
  static let vcpuRoles: [RoleLayout] = [
    RoleLayout(
      "C-kvm_mmu_role", .mmuRole, since: KernelRelease(4, 20), until: KernelRelease(5, 18), .high,
      [("base", 32), ("ext", 32)]),
    RoleLayout(
      "C-kvm_cpu_role", .cpuRole, since: KernelRelease(5, 19), until: nil, .high,
      [("base", 32), ("ext", 32)]),
  ]
}
