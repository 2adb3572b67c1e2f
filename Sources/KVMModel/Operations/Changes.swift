extension VirtualMachine {
  /// What differs in the vCPUs from those of an earlier or later state of the same machine. Every path begins with
  /// `vcpus[n].`.
  public func changes(from other: VirtualMachine) -> [Change] { Change.list(from: other.vcpus, to: vcpus) }
}

extension VCPU {
  /// What of a vCPU its document shows and an operation changes; it is copied sooner than the whole.
  struct Visible {
    let id: Int
    let registers: Registers
    let guestMode: Bool
    let smm: Bool
    let mmu: MMUName
    let walkMMU: MMUName
    let requests: Requests
    let mmus: MMUs
  }

  var visible: Visible {
    Visible(
      id: id, registers: registers, guestMode: guestMode, smm: smm, mmu: mmu, walkMMU: walkMMU,
      requests: requests, mmus: mmus)
  }
}

extension Change {
  /// What differs in vCPUs from what they were.
  static func list(from others: [VCPU], to vcpus: [VCPU]) -> [Change] {
    var list = ChangeList()
    list.compare(others, vcpus)
    return list.changes
  }

  /// What differs from what the vCPU in focus was, which comes first and without a prefix, and from what others were.
  static func list(from focus: VCPU.Visible, _ others: [VCPU], to vcpus: [VCPU]) -> [Change] {
    var list = ChangeList()
    list.compare(focus, vcpus)
    list.compare(others, vcpus)
    return list.changes
  }
}

/// Collects differences under their paths.
private struct ChangeList {
  private(set) var changes: [Change] = []
  private var path = ChangePath()

  /// Compares what stands one step further down.
  @inline(__always)
  private mutating func inside(_ step: ChangePath.Step, _ body: (inout ChangeList) -> Void) {
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

  /// Compares vCPUs with those of the same numbers.
  mutating func compare(_ old: [VCPU], _ new: [VCPU]) {
    for old in old where old != new[old.id] {
      inside(.element(.vcpus, UInt8(truncatingIfNeeded: old.id))) { $0.compare(old.visible, new) }
    }
  }

  /// Compares a vCPU with the one of the same number, which stays in its place: as an argument it would be copied.
  mutating func compare(_ old: VCPU.Visible, _ new: [VCPU]) {
    let number = old.id
    compare(old.registers, new[number].registers)
    add(.pagingMode, old.registers.pagingMode, new[number].registers.pagingMode, Change.Value.pagingMode)
    add(.guestMode, old.guestMode, new[number].guestMode, Change.Value.flag)
    add(.smm, old.smm, new[number].smm, Change.Value.flag)
    add(.mmu, old.mmu, new[number].mmu, Change.Value.mmu)
    add(.walkMMU, old.walkMMU, new[number].walkMMU, Change.Value.mmu)
    add(.requests, old.requests, new[number].requests, Change.Value.requests)
    for name in MMUName.allCases {
      let (old, new) = (old.mmus.place(name), new[number].mmus.place(name))
      if old != new { inside(.name(name.key)) { $0.compare(old, new) } }
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

  /// Compares the MMUs of one name in their places.
  private mutating func compare(_ old: [MMU], _ new: [MMU]) {
    compare(.name(.vcpuRole), old[0].vcpuRole, new[0].vcpuRole)
    compare(.name(.mmuRole), old[0].mmuRole, new[0].mmuRole)
    compare(.name(.root), old[0].root, new[0].root)
    for index in old[0].previousRoots.indices {
      compare(
        .element(.previousRoots, UInt8(truncatingIfNeeded: index)), old[0].previousRoots[index],
        new[0].previousRoots[index])
    }
    add(.paeRoot, old[0].paeRoot?.words, new[0].paeRoot?.words) { $0.map(Change.Value.words) ?? .null }
    add(.pml4Entry, old[0].pml4Root?.entry, new[0].pml4Root?.entry, Change.Value.optional)
    add(.pml5Entry, old[0].pml5Root?.entry, new[0].pml5Root?.entry, Change.Value.optional)
    add(.pdptrs, old[0].pdptes, new[0].pdptes, Change.Value.words)
    add(.pageFault, old[0].pageFault, new[0].pageFault) {
      $0.map(Change.Value.pageFault) ?? .null
    }
    add(.walkFormat, old[0].walkFormat, new[0].walkFormat) {
      $0.map(Change.Value.walkFormat) ?? .null
    }
    add(.permissions, old[0].permissions, new[0].permissions, Change.Value.permissions)
    add(.pkruMask, old[0].pkruMask, new[0].pkruMask) { .word(UInt64($0)) }
    compare(.name(.guestReservedBits), old[0].guestReservedBits, new[0].guestReservedBits)
    compare(.name(.shadowZeroBits), old[0].shadowZeroBits, new[0].shadowZeroBits)
  }

  private mutating func compare(_ step: ChangePath.Step, _ old: VCPURole, _ new: VCPURole) {
    guard old != new else { return }
    inside(step) {
      $0.add(.value, old.rawValue, new.rawValue, Change.Value.word)
      $0.compare(.name(.base), old.base, new.base)
      $0.compare(.name(.ext), UInt64(old.ext.rawValue), UInt64(new.ext.rawValue), .extendedRole)
    }
  }

  private mutating func compare(_ step: ChangePath.Step, _ old: PageRole, _ new: PageRole) {
    compare(step, UInt64(old.rawValue), UInt64(new.rawValue), .pageRole)
  }

  private mutating func compare(
    _ step: ChangePath.Step, _ old: UInt64, _ new: UInt64, _ union: RoleLayout.Union
  ) {
    guard old != new else { return }
    inside(step) {
      $0.add(.value, old, new, Change.Value.word)
      var differing = old ^ new
      let layout = union == .pageRole ? RoleLayout.pageRole6_1.fields : RoleLayout.extendedRole6_1.fields
      let fields = layout.span
      for index in fields.indices where differing & fields[index].mask != 0 {
        $0.append(
          .field(union, UInt8(truncatingIfNeeded: index)), .field(fields[index], old),
          .field(fields[index], new))
        differing &= ~fields[index].mask
        if differing == 0 { break }
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
  fileprivate static func optional(_ word: UInt64?) -> Self { word.map(Self.word) ?? .null }
  fileprivate static func pgd(_ value: UInt64) -> Self { value == invalidPage ? .null : .word(value) }

  fileprivate static func field(_ field: RoleField, _ word: UInt64) -> Self {
    let value = field.value(in: word)
    return switch field.kind {
    case .flag: .flag(value != 0)
    case .number, .union: .number(Int(value))
    case .access(let encoding): .access(encoding, value)
    }
  }
}

extension Permissions {
  /// The 16 bytes as 32 hexadecimal digits, byte 0 first.
  public var text: String {
    var digits: [UInt8] = []
    digits.reserveCapacity(32)
    for index in 0..<16 {
      digits.append(hexDigit(self[index] >> 4))
      digits.append(hexDigit(self[index] & 0xf))
    }
    return String(decoding: digits, as: UTF8.self)
  }
}
