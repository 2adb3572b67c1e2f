extension VirtualMachine {
  /// What differs from what the vCPUs were: the vCPU in focus first and without a prefix.
  func changes(from before: [VCPU], focus: Int?) -> [Change] {
    var list = ChangeList()
    if let focus, before[focus] != vcpus[focus] { list.compare(before[focus], vcpus[focus]) }
    for (old, new) in zip(before, vcpus) where new.id != focus && old != new {
      list.inside("vcpus[\(new.id)]") { $0.compare(old, new) }
    }
    return list.changes
  }
}

/// Collects differences under their paths.
private struct ChangeList {
  private(set) var changes: [Change] = []
  private var prefix = ""

  mutating func inside(_ name: String, _ body: (inout ChangeList) -> Void) {
    let outer = prefix
    prefix = outer + name + "."
    body(&self)
    prefix = outer
  }

  private mutating func add(_ name: String, _ from: Change.Value, _ to: Change.Value) {
    if from != to { changes.append(Change(path: prefix + name, from: from, to: to)) }
  }

  mutating func compare(_ old: VCPU, _ new: VCPU) {
    compare(old.registers, new.registers)
    add("paging_mode", .name(old.registers.pagingMode.rawValue), .name(new.registers.pagingMode.rawValue))
    add("guest_mode", .flag(old.guestMode), .flag(new.guestMode))
    add("smm", .flag(old.smm), .flag(new.smm))
    add("mmu", .name(old.mmu.rawValue), .name(new.mmu.rawValue))
    add("walk_mmu", .name(old.walkMMU.rawValue), .name(new.walkMMU.rawValue))
    add("requests", .names(old.requests.names), .names(new.requests.names))
    for name in MMUName.allCases where old[name] != new[name] {
      inside(name.rawValue) { $0.compare(old[name], new[name]) }
    }
  }

  private mutating func compare(_ old: Registers, _ new: Registers) {
    inside("registers") {
      $0.add("cr0", .word(old.cr0.rawValue), .word(new.cr0.rawValue))
      $0.add("cr3", .word(old.cr3), .word(new.cr3))
      $0.add("cr4", .word(old.cr4.rawValue), .word(new.cr4.rawValue))
      $0.add("efer", .word(old.efer.rawValue), .word(new.efer.rawValue))
      $0.add("pkru", .word(UInt64(old.pkru)), .word(UInt64(new.pkru)))
      $0.add("cs_l", .flag(old.codeSegmentLong), .flag(new.codeSegmentLong))
    }
  }

  private mutating func compare(_ old: MMU, _ new: MMU) {
    compare("vcpu_role", old.vcpuRole, new.vcpuRole)
    compare("mmu_role", old.mmuRole, new.mmuRole)
    compare("root", old.root, new.root)
    for (index, pair) in zip(old.previousRoots, new.previousRoots).enumerated() {
      compare("prev_roots[\(index)]", pair.0, pair.1)
    }
    add("pae_root", .entries(old.paeRoot), .entries(new.paeRoot))
    add("pml4_root.entry", .entry(old.pml4Root), .entry(new.pml4Root))
    add("pml5_root.entry", .entry(old.pml5Root), .entry(new.pml5Root))
    add("pdptrs", .words(old.pdptrs), .words(new.pdptrs))
    add("page_fault", .optional(old.pageFault?.rawValue), .optional(new.pageFault?.rawValue))
    add("gva_to_gpa", .optional(old.walkFormat?.rawValue), .optional(new.walkFormat?.rawValue))
    add("permissions", .name(old.permissions.text), .name(new.permissions.text))
    add("pkru_mask", .word(UInt64(old.pkruMask)), .word(UInt64(new.pkruMask)))
    compare("guest_rsvd_check", old.guestReservedBits, new.guestReservedBits)
    compare("shadow_zero_check", old.shadowZeroBits, new.shadowZeroBits)
  }

  private mutating func compare(_ name: String, _ old: VCPURole, _ new: VCPURole) {
    guard old != new else { return }
    inside(name) {
      $0.add("value", .word(old.rawValue), .word(new.rawValue))
      $0.compare("base", UInt64(old.base.rawValue), UInt64(new.base.rawValue), .pageRole6_1)
      $0.compare("ext", UInt64(old.ext.rawValue), UInt64(new.ext.rawValue), .extendedRole6_1)
    }
  }

  private mutating func compare(_ name: String, _ old: PageRole, _ new: PageRole) {
    compare(name, UInt64(old.rawValue), UInt64(new.rawValue), .pageRole6_1)
  }

  private mutating func compare(_ name: String, _ old: UInt64, _ new: UInt64, _ layout: RoleLayout) {
    guard old != new else { return }
    inside(name) {
      $0.add("value", .word(old), .word(new))
      for field in layout.fields where (old ^ new) & field.mask != 0 {
        $0.add(field.name, .field(field, old), .field(field, new))
      }
    }
  }

  private mutating func compare(_ name: String, _ old: Root, _ new: Root) {
    guard old != new else { return }
    inside(name) {
      $0.add("valid", .flag(old.hpa != nil), .flag(new.hpa != nil))
      $0.add("hpa", .optional(old.hpa?.rawValue), .optional(new.hpa?.rawValue))
      $0.add("pgd", .pgd(old.pgd), .pgd(new.pgd))
    }
  }

  private mutating func compare(_ name: String, _ old: ReservedBits, _ new: ReservedBits) {
    guard old != new else { return }
    inside(name) {
      for level in 1...5 {
        $0.add(
          "rsvd_bits_mask[0][\(level - 1)]", .word(old.smallPage[level]), .word(new.smallPage[level]))
      }
      for level in 1...5 {
        $0.add(
          "rsvd_bits_mask[1][\(level - 1)]", .word(old.largePage[level]), .word(new.largePage[level]))
      }
      $0.add("bad_mt_xwr", .word(old.badMemoryTypeXWR), .word(new.badMemoryTypeXWR))
    }
  }
}

extension Change.Value {
  fileprivate static func optional(_ name: String?) -> Self { name.map(Self.name) ?? .null }
  fileprivate static func optional(_ word: UInt64?) -> Self { word.map(Self.word) ?? .null }
  fileprivate static func pgd(_ value: UInt64) -> Self { value == invalidPage ? .null : .word(value) }
  fileprivate static func words(_ words: SIMD4<UInt64>) -> Self {
    .words([words[0], words[1], words[2], words[3]])
  }
  fileprivate static func entries(_ table: PAERootTable?) -> Self { table.map { words($0.entries) } ?? .null }
  fileprivate static func entry(_ root: SpecialRoot?) -> Self { root.map { .word($0.entry) } ?? .null }

  fileprivate static func field(_ field: RoleField, _ word: UInt64) -> Self {
    switch field.rendered(in: word) {
    case .flag(let flag): .flag(flag)
    case .number(let number): .number(Int(number))
    case .access(let text): .name(text)
    }
  }
}

extension Permissions {
  /// The 16 bytes as 32 hexadecimal digits, byte 0 first.
  public var text: String {
    (0..<16).map { (bytes[$0] < 16 ? "0" : "") + String(bytes[$0], radix: 16) }.joined()
  }
}
