extension VirtualMachine {
  /// What differs in the vCPUs from those of an earlier or later state of the same machine. Every path begins with
  /// `vcpus[n].`.
  public func changes(from other: VirtualMachine) -> [Change] { changes(from: other.vcpus, focus: nil) }

  /// What differs from what the vCPUs were: the vCPU in focus first and without a prefix.
  func changes(from before: [VCPU], focus: Int?) -> [Change] {
    var list = ChangeList()
    if let focus { list.compare(before[focus], vcpus[focus]) }
    for (old, new) in zip(before, vcpus) where new.id != focus && old != new {
      list.inside(.element(.vcpus, UInt8(truncatingIfNeeded: new.id))) { $0.compare(old, new) }
    }
    return list.changes
  }
}

/// Collects differences under their paths.
private struct ChangeList {
  private(set) var changes: [Change] = []
  private var path = ChangePath()

  /// Compares what stands one step further down.
  mutating func inside(_ step: ChangePath.Step, _ body: (inout ChangeList) -> Void) {
    let outer = path
    path = path.then(step)
    body(&self)
    path = outer
  }

  /// Notes a difference; the values are made only if there is one.
  @inline(__always)
  private mutating func add<Value: Equatable>(
    _ name: ChangePath.Name, _ old: Value, _ new: Value, _ value: (Value) -> Change.Value
  ) {
    add(.name(name), old, new, value)
  }

  @inline(__always)
  private mutating func add<Value: Equatable>(
    _ step: ChangePath.Step, _ old: Value, _ new: Value, _ value: (Value) -> Change.Value
  ) {
    if old != new { append(step, value(old), value(new)) }
  }

  private mutating func append(_ step: ChangePath.Step, _ old: Change.Value, _ new: Change.Value) {
    if changes.isEmpty { changes.reserveCapacity(8) }
    changes.append(Change(path: path.then(step), from: old, to: new))
  }

  mutating func compare(_ old: VCPU, _ new: VCPU) {
    compare(old.registers, new.registers)
    add(.pagingMode, old.registers.pagingMode, new.registers.pagingMode) { .name($0.rawValue) }
    add(.guestMode, old.guestMode, new.guestMode, Change.Value.flag)
    add(.smm, old.smm, new.smm, Change.Value.flag)
    add(.mmu, old.mmu, new.mmu) { .name($0.rawValue) }
    add(.walkMMU, old.walkMMU, new.walkMMU) { .name($0.rawValue) }
    add(.requests, old.requests, new.requests) { .names($0.names) }
    for name in MMUName.allCases {
      inside(.name(name.key)) { $0.compare(name, old, new) }
    }
  }

  private mutating func compare(_ old: Registers, _ new: Registers) {
    guard old != new else { return }
    inside(.name(.registers)) {
      $0.add(.cr0, old.cr0, new.cr0) { .word($0.rawValue) }
      $0.add(.cr3, old.cr3, new.cr3, Change.Value.word)
      $0.add(.cr4, old.cr4, new.cr4) { .word($0.rawValue) }
      $0.add(.efer, old.efer, new.efer) { .word($0.rawValue) }
      $0.add(.pkru, old.pkru, new.pkru) { .word(UInt64($0)) }
      $0.add(.codeSegmentLong, old.codeSegmentLong, new.codeSegmentLong, Change.Value.flag)
    }
  }

  private mutating func compare(_ name: MMUName, _ old: VCPU, _ new: VCPU) {
    compare(.name(.vcpuRole), old[name].vcpuRole, new[name].vcpuRole)
    compare(.name(.mmuRole), old[name].mmuRole, new[name].mmuRole)
    compare(.name(.root), old[name].root, new[name].root)
    for index in old[name].previousRoots.indices {
      compare(
        .element(.previousRoots, UInt8(truncatingIfNeeded: index)), old[name].previousRoots[index],
        new[name].previousRoots[index])
    }
    add(.paeRoot, old[name].paeRoot?.entries, new[name].paeRoot?.entries, Change.Value.optional)
    add(.pml4Entry, old[name].pml4Root?.entry, new[name].pml4Root?.entry, Change.Value.optional)
    add(.pml5Entry, old[name].pml5Root?.entry, new[name].pml5Root?.entry, Change.Value.optional)
    add(.pdptrs, old[name].pdptrs, new[name].pdptrs, Change.Value.words)
    add(.pageFault, old[name].pageFault, new[name].pageFault) { .optional($0?.rawValue) }
    add(.walkFormat, old[name].walkFormat, new[name].walkFormat) { .optional($0?.rawValue) }
    add(.permissions, old[name].permissions, new[name].permissions, Change.Value.permissions)
    add(.pkruMask, old[name].pkruMask, new[name].pkruMask) { .word(UInt64($0)) }
    compare(.name(.guestReservedBits), old[name].guestReservedBits, new[name].guestReservedBits)
    compare(.name(.shadowZeroBits), old[name].shadowZeroBits, new[name].shadowZeroBits)
  }

  private mutating func compare(_ step: ChangePath.Step, _ old: VCPURole, _ new: VCPURole) {
    guard old != new else { return }
    inside(step) {
      $0.add(.value, old.rawValue, new.rawValue, Change.Value.word)
      $0.compare(
        .name(.base), UInt64(old.base.rawValue), UInt64(new.base.rawValue), .pageRole6_1)
      $0.compare(
        .name(.ext), UInt64(old.ext.rawValue), UInt64(new.ext.rawValue), .extendedRole6_1)
    }
  }

  private mutating func compare(_ step: ChangePath.Step, _ old: PageRole, _ new: PageRole) {
    compare(step, UInt64(old.rawValue), UInt64(new.rawValue), .pageRole6_1)
  }

  private mutating func compare(
    _ step: ChangePath.Step, _ old: UInt64, _ new: UInt64, _ layout: RoleLayout
  ) {
    guard old != new else { return }
    inside(step) {
      $0.add(.value, old, new, Change.Value.word)
      for index in layout.fields.indices where (old ^ new) & layout.fields[index].mask != 0 {
        let field = layout.fields[index]
        $0.append(
          .field(layout.union, UInt8(truncatingIfNeeded: index)), .field(field, old), .field(field, new))
      }
    }
  }

  private mutating func compare(_ step: ChangePath.Step, _ old: Root, _ new: Root) {
    guard old != new else { return }
    inside(step) {
      $0.add(.valid, old.hpa != nil, new.hpa != nil, Change.Value.flag)
      $0.add(.hpa, old.hpa, new.hpa) { .optional($0?.rawValue) }
      $0.add(.pgd, old.pgd, new.pgd, Change.Value.pgd)
    }
  }

  private mutating func compare(_ step: ChangePath.Step, _ old: ReservedBits, _ new: ReservedBits) {
    guard old != new else { return }
    inside(step) {
      for level in 1...5 {
        $0.add(
          .element(.smallPageMasks, UInt8(level - 1)), old.smallPage[level], new.smallPage[level],
          Change.Value.word)
      }
      for level in 1...5 {
        $0.add(
          .element(.largePageMasks, UInt8(level - 1)), old.largePage[level], new.largePage[level],
          Change.Value.word)
      }
      $0.add(.badMemoryTypeXWR, old.badMemoryTypeXWR, new.badMemoryTypeXWR, Change.Value.word)
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
