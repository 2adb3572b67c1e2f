extension RoleLayout {
  /// The extended role of the simulated kernel, Linux 6.1: the high half of `vcpu_role`.
  public static let extendedRole6_1 = RoleLayout(
    "E6", .extendedRole, since: KernelRelease(5, 19), until: KernelRelease(7, 1), .high,
    [
      ("valid", 1), ("execonly", 1), ("cr4_pse", 1), ("cr4_pke", 1), ("cr4_smap", 1), ("cr4_smep", 1),
      ("cr4_la57", 1), ("efer_lma", 1),
    ])

  /// Every layout of `union kvm_mmu_extended_role`, oldest first.
  static let extendedRoles: [RoleLayout] = [
    RoleLayout(
      "E1", .extendedRole, since: KernelRelease(4, 20), until: KernelRelease(4, 20), .medium,
      [
        ("valid", 1), ("execonly", 1), ("cr0_pg", 1), ("cr4_pse", 1), ("cr4_pke", 1), ("cr4_smap", 1),
        ("cr4_smep", 1), ("cr4_la57", 1),
      ]),
    RoleLayout(
      "E2", .extendedRole, since: KernelRelease(5, 0), until: KernelRelease(5, 1), .high,
      [
        ("valid", 1), ("execonly", 1), ("cr0_pg", 1), ("cr4_pse", 1), ("cr4_pke", 1), ("cr4_smap", 1),
        ("cr4_smep", 1), ("cr4_la57", 1), ("maxphyaddr", 6),
      ]),
    RoleLayout(
      "E3", .extendedRole, since: KernelRelease(5, 2), until: KernelRelease(5, 6), .medium,
      note: "possibly also in late 5.1.y",
      [
        ("valid", 1), ("execonly", 1), ("cr0_pg", 1), ("cr4_pae", 1), ("cr4_pse", 1), ("cr4_pke", 1),
        ("cr4_smap", 1), ("cr4_smep", 1), ("cr4_la57", 1), ("maxphyaddr", 6),
      ]),
    RoleLayout(
      "E4", .extendedRole, since: KernelRelease(5, 7), until: KernelRelease(5, 13), .high,
      [
        ("valid", 1), ("execonly", 1), ("cr0_pg", 1), ("cr4_pae", 1), ("cr4_pse", 1), ("cr4_pke", 1),
        ("cr4_smap", 1), ("cr4_smep", 1), ("maxphyaddr", 6),
      ]),
    RoleLayout(
      "E4-stable-5.10", .extendedRole, .stable, since: KernelRelease(5, 10, 48),
      until: KernelRelease(5, 10, 999), .high,
      branch: "5.10",
      [
        ("valid", 1), ("execonly", 1), ("cr0_pg", 1), ("cr4_pae", 1), ("cr4_pse", 1), ("cr4_pke", 1),
        ("cr4_smap", 1), ("cr4_smep", 1), ("cr4_la57", 1), ("maxphyaddr", 6),
      ]),
    RoleLayout(
      "E4-stable-5.12", .extendedRole, .stable, since: KernelRelease(5, 12, 15),
      until: KernelRelease(5, 12, 999), .high,
      branch: "5.12",
      [
        ("valid", 1), ("execonly", 1), ("cr0_pg", 1), ("cr4_pae", 1), ("cr4_pse", 1), ("cr4_pke", 1),
        ("cr4_smap", 1), ("cr4_smep", 1), ("cr4_la57", 1), ("maxphyaddr", 6),
      ]),
    RoleLayout(
      "E4-stable-5.13", .extendedRole, .stable, since: KernelRelease(5, 13, 1),
      until: KernelRelease(5, 13, 999), .high,
      branch: "5.13",
      [
        ("valid", 1), ("execonly", 1), ("cr0_pg", 1), ("cr4_pae", 1), ("cr4_pse", 1), ("cr4_pke", 1),
        ("cr4_smap", 1), ("cr4_smep", 1), ("cr4_la57", 1), ("maxphyaddr", 6),
      ]),
    RoleLayout(
      "E5", .extendedRole, since: KernelRelease(5, 14), until: KernelRelease(5, 18), .high,
      [
        ("valid", 1), ("execonly", 1), ("cr0_pg", 1), ("cr4_pae", 1), ("cr4_pse", 1), ("cr4_pke", 1),
        ("cr4_smap", 1), ("cr4_smep", 1), ("cr4_la57", 1), ("efer_lma", 1),
      ]),
    extendedRole6_1,
    RoleLayout(
      "E7", .extendedRole, since: KernelRelease(7, 2), until: nil, .mediumHigh,
      [
        ("valid", 1), ("execonly", 1), ("cr4_pse", 1), ("cr4_pke", 1), ("cr4_smap", 1), ("cr4_la57", 1),
        ("efer_lma", 1), ("has_pferr_fetch", 1),
      ]),
    RoleLayout(
      "E-feb2022-v1", .extendedRole, .series, since: nil, until: nil, .high,
      branch: "lkml 2022-02-04 \"MMU role refactoring\" v1, all 23 applied", marker: "feb2022",
      note:
        "use with page role P8; after patches 3..16 it still has cr0_pg cr4_pae after execonly. v2 (2022-02-21) ends with the same bits",
      [
        ("execonly", 1), ("cr4_pse", 1), ("cr4_pke", 1), ("cr4_smap", 1), ("cr4_smep", 1), ("cr4_la57", 1),
        ("efer_lma", 1),
      ]),
  ]
}
