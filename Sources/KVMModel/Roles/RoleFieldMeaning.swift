/// What the values of a role field mean, in plain words; the meaning of a name can change with the
/// kernel and with the word that holds it.
struct RoleFieldMeaning: Sendable {
  /// What the field's word describes.
  enum Holder: Sendable {
    /// Tables that KVM builds: a shadow page's or root's role.
    case pageRole
    /// What the guest configured: the low half of `kvm_cpu_role`.
    case guestRole
    /// The high half of the 64-bit role.
    case extendedRole
  }

  /// Sentences for values.
  enum Sentences: Sendable {
    /// For 0 and for 1.
    case flag(String, String)
    /// For 0, 1, 2 and so on, and for any greater value.
    case values([String], other: String)
    /// The number between two texts.
    case number(String, String)
  }

  let name: String
  let holders: Set<Holder>
  /// The first release with this meaning, the start if `nil`.
  let since: KernelRelease?
  let sentences: Sentences

  init(
    _ name: String, in holders: Set<Holder> = [.pageRole, .guestRole, .extendedRole],
    since: KernelRelease? = nil, _ sentences: Sentences
  ) {
    self.name = name
    self.holders = holders
    self.since = since
    self.sentences = sentences
  }

  /// One sentence for a field's value.
  static func sentence(
    _ field: RoleField, _ value: UInt64, in holder: Holder, of release: KernelRelease
  ) -> String {
    if case .access(let encoding) = field.kind { return encoding.sentence(value) }
    let meaning = table.first {
      $0.name == field.name && $0.holders.contains(holder) && $0.since.map { $0 <= release } != false
    }
    return switch meaning?.sentences {
    case .flag(let off, let on): value == 0 ? off : on
    case .values(let sentences, let other): value < sentences.count ? sentences[Int(value)] : other
    case .number(let before, let after): "\(before)\(value)\(after)"
    case nil: "\(field.name) is \(value)"
    }
  }

  /// Every name that has a meaning.
  static let knownNames = Set(table.map(\.name))

  /// The first row for a name, a holder and a release counts.
  private static let table: [RoleFieldMeaning] = [
    // Bits of a page role.
    RoleFieldMeaning(
      "level", in: [.guestRole],
      .values(
        [
          "the guest's paging is off", "no paging mode has one level",
          "32-bit paging: the guest's tables have 2 levels",
          "PAE paging: the guest's tables have 3 levels", "4-level paging, or 4-level EPT or NPT",
          "5-level paging, or 5-level EPT or NPT",
        ], other: "no paging mode has so many levels")),
    RoleFieldMeaning(
      "level", in: [.pageRole],
      .values(
        [
          "no table: the role has not been computed", "a table of 4 KiB pages (PT)",
          "a table of level 2 (PD): an entry spans 2 MiB",
          "a table of level 3 (PDPT): an entry spans 1 GiB", "a table of level 4 (PML4)",
          "a table of level 5 (PML5)",
        ], other: "no table has such a level")),
    RoleFieldMeaning(
      "cr4_pae", in: [.pageRole, .guestRole],
      .flag(
        "the guest's page-table entries have 4 bytes (CR4.PAE is 0)",
        "the guest's page-table entries have 8 bytes (CR4.PAE is 1)")),
    RoleFieldMeaning(
      "gpte_is_8_bytes",
      .flag(
        "the guest's page-table entries have 4 bytes",
        "the guest's page-table entries have 8 bytes; also set for TDP and EPT tables")),
    RoleFieldMeaning(
      "has_4_byte_gpte",
      .flag(
        "the guest's page-table entries have 8 bytes, or there are none",
        "the guest's page-table entries have 4 bytes (32-bit paging)")),
    RoleFieldMeaning(
      "quadrant", .number("part ", " of the guest table, which counts only for 4-byte entries")),
    RoleFieldMeaning(
      "direct", in: [.guestRole], .flag("the guest translates by its own tables", "the guest's paging is off")
    ),
    RoleFieldMeaning(
      "direct",
      .flag(
        "built from the guest's own tables",
        "a linear range of guest-physical memory, no guest table behind it")),
    RoleFieldMeaning("invalid", .flag("in use", "zapped while still a root; no new lookup finds it")),
    RoleFieldMeaning(
      "efer_nx", in: [.guestRole], .flag("the guest's EFER.NX is 0", "the guest's EFER.NX is 1")),
    RoleFieldMeaning(
      "efer_nx", in: [.pageRole], since: KernelRelease(5, 19),
      .flag("built for EFER.NX = 0", "built for EFER.NX = 1; always so for a TDP root")),
    RoleFieldMeaning(
      "efer_nx", in: [.pageRole],
      .flag("built for EFER.NX = 0", "built for EFER.NX = 1; a TDP root follows the guest's")),
    RoleFieldMeaning(
      "nxe", .flag("built for EFER.NX = 0", "built for EFER.NX = 1; a TDP root follows the guest's")),
    RoleFieldMeaning("cr0_wp", in: [.guestRole], .flag("the guest's CR0.WP is 0", "the guest's CR0.WP is 1")),
    RoleFieldMeaning(
      "cr0_wp", in: [.pageRole], since: KernelRelease(5, 19),
      .flag("built for CR0.WP = 0", "built for CR0.WP = 1; always so for a TDP root")),
    RoleFieldMeaning(
      "cr0_wp", in: [.pageRole],
      .flag("built for CR0.WP = 0", "built for CR0.WP = 1; a TDP root follows the guest's")),
    RoleFieldMeaning(
      "smep_andnot_wp",
      .flag(
        "not both CR4.SMEP = 1 and CR0.WP = 0",
        "CR4.SMEP = 1 with CR0.WP = 0: user pages made writable for the kernel must not become executable for it"
      )),
    RoleFieldMeaning(
      "smap_andnot_wp",
      .flag(
        "not both CR4.SMAP = 1 and CR0.WP = 0",
        "CR4.SMAP = 1 with CR0.WP = 0: user pages made writable for the kernel must not become accessible to it"
      )),
    RoleFieldMeaning("ad_disabled", .flag("A/D bits are used", "A/D bits are not used in these tables")),
    RoleFieldMeaning("guest_mode", .flag("for L1", "for L2, a nested guest")),
    RoleFieldMeaning(
      "passthrough",
      .flag("a table of its own", "a level-5 table placed in front of a 4-level guest table")),
    RoleFieldMeaning(
      "is_mirror",
      .flag("an ordinary table", "a mirror of private tables that are kept outside KVM (TDX)")),
    RoleFieldMeaning(
      "smm",
      .values(
        ["not in SMM: memory slots of address space 0", "in SMM: memory slots of address space 1"],
        other: "no such address space: only 0 and 1 are used")),
    // Bits of an extended role; cr4_smep is in the page role from 7.2 on.
    RoleFieldMeaning(
      "valid",
      .flag("no role has been computed, or a CPUID change has voided it", "the role has been computed")),
    RoleFieldMeaning(
      "execonly",
      .flag(
        "EPT entries that are executable but not readable are illegal",
        "nested EPT may have execute-only entries")),
    RoleFieldMeaning(
      "cr0_pg", .flag("the guest's paging is off (CR0.PG is 0)", "the guest's paging is on (CR0.PG is 1)")),
    RoleFieldMeaning("cr4_pae", in: [.extendedRole], .flag("CR4.PAE is 0", "CR4.PAE is 1")),
    RoleFieldMeaning("cr4_pse", .flag("CR4.PSE is 0", "CR4.PSE is 1: 4 MiB pages in 32-bit paging")),
    RoleFieldMeaning(
      "cr4_pke",
      .flag("protection keys are off", "CR4.PKE is 1 in long mode: protection keys guard user pages")),
    RoleFieldMeaning(
      "cr4_smap", .flag("CR4.SMAP is 0", "CR4.SMAP is 1: the guest's kernel may not access user pages")),
    RoleFieldMeaning(
      "cr4_smep", .flag("CR4.SMEP is 0", "CR4.SMEP is 1: the guest's kernel may not execute user pages")),
    RoleFieldMeaning("cr4_la57", .flag("no 5-level paging", "CR4.LA57 is 1: the guest uses 5-level paging")),
    RoleFieldMeaning("efer_lma", .flag("not in long mode (EFER.LMA is 0)", "in long mode (EFER.LMA is 1)")),
    RoleFieldMeaning("maxphyaddr", .number("the guest's physical addresses have ", " bits")),
    RoleFieldMeaning(
      "has_pferr_fetch",
      .flag(
        "the guest's page-fault error codes do not tell instruction fetches",
        "the guest's page-fault error codes tell instruction fetches")),
  ]
}

extension AccessEncoding {
  /// What the letters grant, in x86 tables and in EPT tables.
  fileprivate func sentence(_ value: UInt64) -> String {
    let granted = bits.filter { value >> $0.bit & 1 == 1 }
    guard !granted.isEmpty else { return "nothing is allowed" }
    let meanings = granted.map(\.meaning).joined(separator: ", ")
    let eptMeanings = granted.map(\.eptMeaning).joined(separator: ", ")
    return "\(meanings); in EPT tables: \(eptMeanings)"
  }
}
