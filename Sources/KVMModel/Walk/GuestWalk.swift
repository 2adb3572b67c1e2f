/// Where a format keeps what in its entries.
private struct EntryFormat {
  let bytes: UInt64
  let indexBits: Int
  let accessedBit: UInt64
  let dirtyBit: UInt64

  init(_ format: WalkFormat) {
    bytes = format == .paging32 ? 4 : 8
    indexBits = format == .paging32 ? 10 : 9
    accessedBit = format == .ept ? 1 << 8 : 1 << 5
    dirtyBit = format == .ept ? 1 << 9 : 1 << 6
  }

  func index(of address: UInt64, level: Int) -> UInt64 {
    address >> UInt64(12 + (level - 1) * indexBits) & (1 << UInt64(indexBits) - 1)
  }
}

/// An entry on the path of a walk.
private struct PathEntry {
  let address: GuestPhysicalAddress
  let value: UInt64
  let level: Int
}

extension VirtualMachine {
  /// Translates an address that guest tables hold: through L1's nested tables if L2 runs on them, else not at all
  /// (`kvm_translate_gpa`).
  mutating func translate(
    _ address: GuestPhysicalAddress, access: AccessMode
  ) -> Result<GuestPhysicalAddress, WalkFault> {
    guard vcpu.walksNested else { return .success(address) }
    return walkNested(address.rawValue, access: access.union(.user))
  }

  /// Walks L1's EPT or NPT for an L2-physical address (`walk_addr_generic` on guest_mmu), and sets accessed and
  /// dirty flags on the way.
  private mutating func walkNested(
    _ address: UInt64, access: AccessMode
  ) -> Result<GuestPhysicalAddress, WalkFault> {
    let mmu = vcpu.guestMMU
    guard let format = mmu.walkFormat, format != .nonpaging else {
      return .success(GuestPhysicalAddress(rawValue: address))
    }
    let entryFormat = EntryFormat(format)
    var path: [PathEntry] = []
    let result = walkEntries(address, access: access, mmu, format, entryFormat, &path)
    if case .success = result, format != .ept || !mmu.vcpuRole.base.adDisabled {
      setAccessedDirty(path, entryFormat, write: access.contains(.write))
    }
    return result
  }

  private func walkEntries(
    _ address: UInt64, access: AccessMode, _ mmu: MMU, _ format: WalkFormat, _ entryFormat: EntryFormat,
    _ path: inout [PathEntry]
  ) -> Result<GuestPhysicalAddress, WalkFault> {
    func fault(_ code: AccessMode) -> Result<GuestPhysicalAddress, WalkFault> {
      var code = code.union(access.intersection([.write, .user]))
      let reportsFetch = mmu.vcpuRole.base.eferNX || mmu.vcpuRole.ext.contains(.cr4SMEP)
      if access.contains(.fetch) && reportsFetch { code.insert(.fetch) }
      return .failure(WalkFault(errorCode: code, address: address))
    }
    var level = mmu.vcpuRole.base.level
    var table = guestPGD(.guest)
    if level == 3 {
      table = pdptr(.guest, Int(address >> 30 & 3))
      guard table & 1 != 0 else { return fault([]) }
      level = 2
    }
    var allowed: UInt64 = .max
    while true {
      let base = table & (entryFormat.bytes == 4 ? bits(12, 31) : bits(12, 51))
      let position = GuestPhysicalAddress(
        rawValue: base + entryFormat.index(of: address, level: level) * entryFormat.bytes)
      guard let entry = entry(at: position, bytes: entryFormat.bytes) else { return fault([]) }
      allowed &= format == .paging64 ? entry ^ 1 << 63 : entry
      guard isPresent(entry, format) else { return fault([]) }
      if hasReservedBits(entry, level, mmu.guestReservedBits) { return fault([.reserved, .present]) }
      path.append(PathEntry(address: position, value: entry, level: level))
      if isLeaf(entry, level, format, mmu.vcpuRole) {
        if let code = permissionFault(mmu, accessRights(allowed, format), access) { return fault(code) }
        return .success(leafAddress(entry, level, address, format, entryFormat))
      }
      table = entry
      level -= 1
    }
  }

  private func entry(at address: GuestPhysicalAddress, bytes: UInt64) -> UInt64? {
    guard let word = memory.word(at: address) else { return nil }
    return bytes == 8 ? word : word >> ((address.rawValue & 4) * 8) & 0xffff_ffff
  }

  private func isPresent(_ entry: UInt64, _ format: WalkFormat) -> Bool {
    entry & (format == .ept ? 7 : 1) != 0
  }

  private func hasReservedBits(_ entry: UInt64, _ level: Int, _ check: ReservedBits) -> Bool {
    entry & check.mask(for: entry, level: level) != 0 || check.badMemoryTypeXWR >> (entry & 0x3f) & 1 != 0
  }

  private func isLeaf(_ entry: UInt64, _ level: Int, _ format: WalkFormat, _ role: VCPURole) -> Bool {
    guard level > 1 else { return true }
    guard entry >> 7 & 1 != 0 else { return false }
    return format != .paging32 || role.ext.contains(.cr4PSE)
  }

  private func accessRights(_ entry: UInt64, _ format: WalkFormat) -> AccessRights {
    var rights: AccessRights = []
    if entry & 2 != 0 { rights.insert(.write) }
    if format == .ept {
      if entry & 4 != 0 { rights.insert(.execute) }
      if entry & 1 != 0 { rights.insert(.user) }
    } else {
      if format == .paging32 || entry >> 63 != 0 { rights.insert(.execute) }
      if entry & 4 != 0 { rights.insert(.user) }
    }
    return rights
  }

  /// Whether an access faults on a page of these rights (`permission_fault`). Nested walks know no protection keys.
  private func permissionFault(_ mmu: MMU, _ rights: AccessRights, _ access: AccessMode) -> AccessMode? {
    let index = Int(access.intersection([.write, .user, .fetch]).rawValue >> 1)
    return mmu.permissions.bytes[index] >> rights.rawValue & 1 != 0 ? .present : nil
  }

  private func leafAddress(
    _ entry: UInt64, _ level: Int, _ address: UInt64, _ format: WalkFormat, _ entryFormat: EntryFormat
  ) -> GuestPhysicalAddress {
    let offset = bits(0, 12 + (level - 1) * entryFormat.indexBits - 1)
    var base = entry & (format == .paging32 ? bits(12, 31) : bits(12, 51)) & ~offset
    if format == .paging32 && level == 2 { base |= (entry >> 13 & 0xf) << 32 }
    return GuestPhysicalAddress(rawValue: base | address & offset)
  }

  private mutating func setAccessedDirty(_ path: [PathEntry], _ format: EntryFormat, write: Bool) {
    for (index, step) in path.enumerated() {
      let wanted = format.accessedBit | (write && index == path.count - 1 ? format.dirtyBit : 0)
      guard step.value & wanted != wanted, let word = memory.word(at: step.address) else { continue }
      let shift = format.bytes == 4 ? (step.address.rawValue & 4) * 8 : 0
      // A page that an entry was read from is either touched or zero, and a zero entry is not present.
      _ = memory.store(word | wanted << shift, at: step.address)
    }
  }
}
