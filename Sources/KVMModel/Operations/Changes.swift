extension VirtualMachine {
  /// What differs in the vCPUs from those of an earlier or later state of the same machine. Every path begins with
  /// `vcpus[n].`.
  public func changes(from other: VirtualMachine) -> [Change] { changes(from: other.vcpus, focus: nil) }

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

  /// Notes a difference; path and values are made only if there is one.
  private mutating func add<Value: Equatable>(
    _ name: @autoclosure () -> String, _ old: Value, _ new: Value, _ value: (Value) -> Change.Value
  ) {
    guard old != new else { return }
    changes.append(Change(path: prefix + name(), from: value(old), to: value(new)))
  }

  mutating func compare(_ old: VCPU, _ new: VCPU) {
    compare(old.registers, new.registers)
    add("paging_mode", old.registers.pagingMode, new.registers.pagingMode) { .name($0.rawValue) }
    add("guest_mode", old.guestMode, new.guestMode, Change.Value.flag)
    add("smm", old.smm, new.smm, Change.Value.flag)
    add("mmu", old.mmu, new.mmu) { .name($0.rawValue) }
    add("walk_mmu", old.walkMMU, new.walkMMU) { .name($0.rawValue) }
    add("requests", old.requests, new.requests) { .names($0.names) }
    for name in MMUName.allCases where old[name] != new[name] {
      inside(name.rawValue) { $0.compare(old[name], new[name]) }
    }
  }

  private mutating func compare(_ old: Registers, _ new: Registers) {
    guard old != new else { return }
    inside("registers") {
      $0.add("cr0", old.cr0, new.cr0) { .word($0.rawValue) }
      $0.add("cr3", old.cr3, new.cr3, Change.Value.word)
      $0.add("cr4", old.cr4, new.cr4) { .word($0.rawValue) }
      $0.add("efer", old.efer, new.efer) { .word($0.rawValue) }
      $0.add("pkru", old.pkru, new.pkru) { .word(UInt64($0)) }
      $0.add("cs_l", old.codeSegmentLong, new.codeSegmentLong, Change.Value.flag)
    }
  }

  private mutating func compare(_ old: MMU, _ new: MMU) {
    compare("vcpu_role", old.vcpuRole, new.vcpuRole)
    compare("mmu_role", old.mmuRole, new.mmuRole)
    compare("root", old.root, new.root)
    for (index, pair) in zip(old.previousRoots, new.previousRoots).enumerated() {
      if pair.0 != pair.1 { compare("prev_roots[\(index)]", pair.0, pair.1) }
    }
    add("pae_root", old.paeRoot?.entries, new.paeRoot?.entries, Change.Value.optional)
    add("pml4_root.entry", old.pml4Root?.entry, new.pml4Root?.entry, Change.Value.optional)
    add("pml5_root.entry", old.pml5Root?.entry, new.pml5Root?.entry, Change.Value.optional)
    add("pdptrs", old.pdptrs, new.pdptrs, Change.Value.words)
    add("page_fault", old.pageFault, new.pageFault) { .optional($0?.rawValue) }
    add("gva_to_gpa", old.walkFormat, new.walkFormat) { .optional($0?.rawValue) }
    add("permissions", old.permissions, new.permissions) { .name($0.text) }
    add("pkru_mask", old.pkruMask, new.pkruMask) { .word(UInt64($0)) }
    compare("guest_rsvd_check", old.guestReservedBits, new.guestReservedBits)
    compare("shadow_zero_check", old.shadowZeroBits, new.shadowZeroBits)
  }

  private mutating func compare(_ name: String, _ old: VCPURole, _ new: VCPURole) {
    guard old != new else { return }
    inside(name) {
      $0.add("value", old.rawValue, new.rawValue, Change.Value.word)
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
      $0.add("value", old, new, Change.Value.word)
      for index in layout.fields.indices where (old ^ new) & layout.fields[index].mask != 0 {
        let field = layout.fields[index]
        $0.add(field.name, old, new) { .field(field, $0) }
      }
    }
  }

  private mutating func compare(_ name: String, _ old: Root, _ new: Root) {
    guard old != new else { return }
    inside(name) {
      $0.add("valid", old.hpa != nil, new.hpa != nil, Change.Value.flag)
      $0.add("hpa", old.hpa, new.hpa) { .optional($0?.rawValue) }
      $0.add("pgd", old.pgd, new.pgd, Change.Value.pgd)
    }
  }

  private mutating func compare(_ name: String, _ old: ReservedBits, _ new: ReservedBits) {
    guard old != new else { return }
    inside(name) {
      for level in 1...5 {
        $0.add(
          "rsvd_bits_mask[0][\(level - 1)]", old.smallPage[level], new.smallPage[level], Change.Value.word)
      }
      for level in 1...5 {
        $0.add(
          "rsvd_bits_mask[1][\(level - 1)]", old.largePage[level], new.largePage[level], Change.Value.word)
      }
      $0.add("bad_mt_xwr", old.badMemoryTypeXWR, new.badMemoryTypeXWR, Change.Value.word)
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
  fileprivate static func optional(_ table: SIMD4<UInt64>?) -> Self { table.map(words) ?? .null }

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
    var digits: [UInt8] = []
    digits.reserveCapacity(32)
    for index in 0..<16 {
      digits.append(hexDigit(bytes[index] >> 4))
      digits.append(hexDigit(bytes[index] & 0xf))
    }
    return String(decoding: digits, as: UTF8.self)
  }
}
