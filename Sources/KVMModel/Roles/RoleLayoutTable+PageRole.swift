extension RoleLayout {
  /// The page role of the simulated kernel, Linux 6.1: `mmu_role`, and the low half of `vcpu_role`.
  public static let pageRole6_1 = RoleLayout(
    "P9", .pageRole, since: KernelRelease(5, 19), until: KernelRelease(6, 13), .high,
    [
      ("level", 4), ("has_4_byte_gpte", 1), ("quadrant", 2), ("direct", 1), ("access", 3), ("invalid", 1),
      ("efer_nx", 1), ("cr0_wp", 1), ("smep_andnot_wp", 1), ("smap_andnot_wp", 1), ("ad_disabled", 1),
      ("guest_mode", 1), ("passthrough", 1), (nil, 5), ("smm", 8),
    ])

  /// Every layout of `union kvm_mmu_page_role`, oldest first.
  static let pageRoles: [RoleLayout] = [
    RoleLayout(
      "P1", .pageRole, since: KernelRelease(3, 1), until: KernelRelease(4, 0), .medium,
      note:
        "the six-bit hole is called pad_for_nice_hex_output in the source; direct is bit 13, access 14-16",
      [
        ("level", 4), ("cr4_pae", 1), ("quadrant", 2), (nil, 6), ("direct", 1), ("access", 3),
        ("invalid", 1), ("nxe", 1), ("cr0_wp", 1), ("smep_andnot_wp", 1),
      ]),
    RoleLayout(
      "P2", .pageRole, since: KernelRelease(4, 1), until: KernelRelease(4, 1), .low,
      note: "if wrong, 4.1 is P1; the words only differ in bit 21",
      [
        ("level", 4), ("cr4_pae", 1), ("quadrant", 2), (nil, 6), ("direct", 1), ("access", 3),
        ("invalid", 1), ("nxe", 1), ("cr0_wp", 1), ("smep_andnot_wp", 1), ("smap_andnot_wp", 1),
      ]),
    RoleLayout(
      "P3", .pageRole, since: KernelRelease(4, 2), until: KernelRelease(4, 12), .medium,
      note: "the 4.2 change moved direct/access down by 6 bits: a P1/P2 word is NOT readable as P3",
      [
        ("level", 4), ("cr4_pae", 1), ("quadrant", 2), ("direct", 1), ("access", 3), ("invalid", 1),
        ("nxe", 1), ("cr0_wp", 1), ("smep_andnot_wp", 1), ("smap_andnot_wp", 1), (nil, 8), ("smm", 8),
      ]),
    RoleLayout(
      "P4", .pageRole, since: KernelRelease(4, 13), until: KernelRelease(4, 17), .medium,
      [
        ("level", 4), ("cr4_pae", 1), ("quadrant", 2), ("direct", 1), ("access", 3), ("invalid", 1),
        ("nxe", 1), ("cr0_wp", 1), ("smep_andnot_wp", 1), ("smap_andnot_wp", 1), ("ad_disabled", 1),
        (nil, 7), ("smm", 8),
      ]),
    RoleLayout(
      "P5", .pageRole, since: KernelRelease(4, 18), until: KernelRelease(5, 0), .mediumHigh,
      [
        ("level", 4), ("cr4_pae", 1), ("quadrant", 2), ("direct", 1), ("access", 3), ("invalid", 1),
        ("nxe", 1), ("cr0_wp", 1), ("smep_andnot_wp", 1), ("smap_andnot_wp", 1), ("ad_disabled", 1),
        ("guest_mode", 1), (nil, 6), ("smm", 8),
      ]),
    RoleLayout(
      "P6", .pageRole, since: KernelRelease(5, 1), until: KernelRelease(5, 13), .high,
      note:
        "bit 4 keeps its polarity versus cr4_pae for paging guests, but is also 1 for TDP/EPT pages. Stable backports to 5.0.y not checked",
      [
        ("level", 4), ("gpte_is_8_bytes", 1), ("quadrant", 2), ("direct", 1), ("access", 3), ("invalid", 1),
        ("nxe", 1), ("cr0_wp", 1), ("smep_andnot_wp", 1), ("smap_andnot_wp", 1), ("ad_disabled", 1),
        ("guest_mode", 1), (nil, 6), ("smm", 8),
      ]),
    RoleLayout(
      "P7", .pageRole, since: KernelRelease(5, 14), until: KernelRelease(5, 16), .high,
      note: "same bits as P6, one rename",
      [
        ("level", 4), ("gpte_is_8_bytes", 1), ("quadrant", 2), ("direct", 1), ("access", 3), ("invalid", 1),
        ("efer_nx", 1), ("cr0_wp", 1), ("smep_andnot_wp", 1), ("smap_andnot_wp", 1), ("ad_disabled", 1),
        ("guest_mode", 1), (nil, 6), ("smm", 8),
      ]),
    RoleLayout(
      "P8", .pageRole, since: KernelRelease(5, 17), until: KernelRelease(5, 18), .high,
      note: "bit 4 INVERTED versus P6/P7",
      [
        ("level", 4), ("has_4_byte_gpte", 1), ("quadrant", 2), ("direct", 1), ("access", 3), ("invalid", 1),
        ("efer_nx", 1), ("cr0_wp", 1), ("smep_andnot_wp", 1), ("smap_andnot_wp", 1), ("ad_disabled", 1),
        ("guest_mode", 1), (nil, 6), ("smm", 8),
      ]),
    pageRole6_1,
    RoleLayout(
      "P10", .pageRole, since: KernelRelease(6, 14), until: KernelRelease(7, 1), .high,
      [
        ("level", 4), ("has_4_byte_gpte", 1), ("quadrant", 2), ("direct", 1), ("access", 3), ("invalid", 1),
        ("efer_nx", 1), ("cr0_wp", 1), ("smep_andnot_wp", 1), ("smap_andnot_wp", 1), ("ad_disabled", 1),
        ("guest_mode", 1), ("passthrough", 1), ("is_mirror", 1), (nil, 4), ("smm", 8),
      ]),
    RoleLayout(
      "P11", .pageRole, since: KernelRelease(7, 2), until: nil, .mediumHigh,
      note:
        "access is 4 bits with a NEW encoding; smep_andnot_wp gone; invalid/efer_nx/cr0_wp move up one bit; bits 15-19 are where they were",
      [
        ("level", 4), ("has_4_byte_gpte", 1), ("quadrant", 2), ("direct", 1), ("access", 4), ("invalid", 1),
        ("efer_nx", 1), ("cr0_wp", 1), ("smap_andnot_wp", 1), ("ad_disabled", 1), ("guest_mode", 1),
        ("passthrough", 1), ("is_mirror", 1), ("cr4_smep", 1), (nil, 3), ("smm", 8),
      ]),
    RoleLayout(
      "P11-pve", .pageRole, .distro, since: KernelRelease(7, 0, 14), until: KernelRelease(7, 0, 14), .medium,
      branch: "proxmox-ve 7.0", marker: "pve", extendedRole: "E7",
      note: "match only Proxmox (-pve) kernels; first package version with it is unknown",
      [
        ("level", 4), ("has_4_byte_gpte", 1), ("quadrant", 2), ("direct", 1), ("access", 4), ("invalid", 1),
        ("efer_nx", 1), ("cr0_wp", 1), ("smap_andnot_wp", 1), ("ad_disabled", 1), ("guest_mode", 1),
        ("passthrough", 1), ("is_mirror", 1), ("cr4_smep", 1), (nil, 3), ("smm", 8),
      ]),
  ]
}
