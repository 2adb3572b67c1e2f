@testable import KVMModel

/// A processor without KVM: an access walks the guest's tables in memory, those of L1 for L2's physical addresses included.
/// Written from the Intel SDM, volume 3, chapters 5 and 29, and the AMD APM, volume 2, sections 5.3 and 15.25. Nothing is
/// cached, so it says what an access has to come to when translations that changed were invalidated.
struct FlatProcessor {
  let registers: Registers
  /// L1's nested tables, and L1's own registers, by which AMD's are read.
  let nested: NestedGuest?
  let maxPhyAddr: Int
  let executeOnly: Bool
  var memory: GuestMemory

  /// How an access ends.
  enum End: Error, Equatable {
    /// At this physical address of L1's.
    case reached(UInt64)
    /// The guest gets #PF with this error code.
    case pageFault(UInt64)
    /// L1 gets an EPT violation: the qualification and the address.
    case violation(UInt64, UInt64)
    /// L1 gets an EPT misconfiguration.
    case misconfiguration(UInt64)
    /// L1 gets a nested page fault: EXITINFO1 and the address.
    case nestedPageFault(UInt64, UInt64)
  }

  typealias Access = ArchitectureRules.Access

  init(_ vcpu: VCPU, _ vm: VirtualMachine) {
    registers = vcpu.registers
    nested = vcpu.nested?.usesNestedPaging == true ? vcpu.nested : nil
    maxPhyAddr = vcpu.cpuid.maxPhyAddr
    executeOnly = vm.machine.nestedCapabilities.eptExecuteOnly
    memory = vm.memory
  }

  mutating func end(_ address: UInt64, _ access: Access) -> End {
    do {
      return .reached(try translate(address, access))
    } catch {
      return error
    }
  }

  /// The tables of one paging mode.
  private struct Tables {
    var root: UInt64
    var levels: Int
    var entryBytes: UInt64 = 8
    var rules: ArchitectureRules
    var pse = true
    var indexBits: Int { entryBytes == 4 ? 10 : 9 }
  }

  private var guestTables: Tables {
    let rules = ArchitectureRules(
      writeProtect: registers.cr0.contains(.wp), noExecute: registers.efer.contains(.nx),
      smep: registers.cr4.contains(.smep), smap: registers.cr4.contains(.smap))
    switch registers.pagingMode {
    case .thirtyTwoBit:
      return Tables(
        root: registers.cr3 & 0xffff_f000, levels: 2, entryBytes: 4, rules: rules,
        pse: registers.cr4.contains(.pse))
    case .pae: return Tables(root: registers.cr3 & 0xffff_ffe0, levels: 2, rules: rules)
    case .fiveLevel: return Tables(root: registers.cr3 & ~0xfff, levels: 5, rules: rules)
    default: return Tables(root: registers.cr3 & ~0xfff, levels: 4, rules: rules)
    }
  }

  private mutating func translate(_ address: UInt64, _ access: Access) throws(End) -> UInt64 {
    if registers.pagingMode == .none { return try physical(address, access, isTable: false) }
    var tables = guestTables
    if registers.pagingMode == .pae {
      let place = tables.root + (address >> 30 & 3) * 8
      guard let entry = memory.entry(at: GuestPhysicalAddress(rawValue: place), bytes: 8), entry & 1 != 0
      else {
        throw .pageFault(tables.rules.notPresent(access))
      }
      tables.root = entry & 0xf_ffff_ffff_f000
    }
    let (page, path) = try walk(tables, address, access) { (processor, place) throws(End) in
      try processor.physical(place, Access(kind: .read, user: true), isTable: true)
    } fault: {
      .pageFault($0)
    }
    let result = try physical(page, access, isTable: false)
    for (index, entry) in path.enumerated() {
      let dirty: UInt64 = index == path.count - 1 && access.kind == .write ? 1 << 6 : 0
      let now = memory.entry(at: GuestPhysicalAddress(rawValue: entry.place), bytes: tables.entryBytes) ?? 0
      let flagged = now | 1 << 5 | dirty
      if flagged == now { continue }
      if case .vmx(let guest)? = nested?.control, !guest.eptp.accessedDirty {
        _ = try physical(entry.entry, Access(kind: .write, user: true), isTable: true)
      }
      store(flagged, entry.place, tables.entryBytes)
    }
    return result
  }

  private mutating func store(_ value: UInt64, _ place: UInt64, _ bytes: UInt64) {
    _ = memory.write(value, at: GuestPhysicalAddress(rawValue: place), bytes: Int(bytes))
  }

  /// An entry that a walk went through: where it lies for the machine, and as the tables name it.
  private struct Step { var place: UInt64, entry: UInt64 }

  /// Walks tables in x86's format and checks the rights.
  private mutating func walk(
    _ tables: Tables, _ address: UInt64, _ access: Access,
    reach: (inout FlatProcessor, UInt64) throws(End) -> UInt64, fault: (UInt64) -> End
  ) throws(End) -> (page: UInt64, path: [Step]) {
    var table = tables.root
    var path: [Step] = []
    var page = ArchitectureRules.Page(
      user: true, writable: true, executeDisable: false, accessDisable: false, writeDisable: false)
    for level in stride(from: tables.levels, through: 1, by: -1) {
      let shift = UInt64(12 + (level - 1) * tables.indexBits)
      let index = address >> shift & (1 << UInt64(tables.indexBits) - 1)
      let place = try reach(&self, table + index * tables.entryBytes)
      guard let entry = memory.entry(at: GuestPhysicalAddress(rawValue: place), bytes: tables.entryBytes),
        entry & 1 != 0
      else { throw fault(tables.rules.notPresent(access)) }
      path.append(Step(place: place, entry: table + index * tables.entryBytes))
      let isLeaf = level == 1 || (entry >> 7 & 1 != 0 && (tables.entryBytes == 8 || tables.pse))
      if isReserved(entry, level, isLeaf, tables) { throw fault(tables.rules.reservedBit(access)) }
      page.user = page.user && entry & 4 != 0
      page.writable = page.writable && entry & 2 != 0
      page.executeDisable = page.executeDisable || (tables.entryBytes == 8 && entry >> 63 != 0)
      guard isLeaf else {
        table = entry & (tables.entryBytes == 8 ? 0xf_ffff_ffff_f000 : 0xffff_f000)
        continue
      }
      if let code = tables.rules.errorCode(access, page) { throw fault(code) }
      let offset = UInt64(1) << shift - 1
      var base = entry & (tables.entryBytes == 8 ? 0xf_ffff_ffff_f000 : 0xffff_f000) & ~offset
      if tables.entryBytes == 4 && level == 2 { base |= (entry >> 13 & 0xf) << 32 }
      return (base | address & offset, path)
    }
    preconditionFailure("level 1 is a leaf")
  }

  private func isReserved(_ entry: UInt64, _ level: Int, _ isLeaf: Bool, _ tables: Tables) -> Bool {
    if tables.entryBytes == 4 { return isLeaf && level == 2 && entry >> 17 & 0x1f != 0 }
    if (entry & 0xf_ffff_ffff_ffff) >> UInt64(maxPhyAddr) != 0 { return true }
    if entry >> 63 != 0 && !tables.rules.noExecute { return true }
    if registers.pagingMode == .pae && nested == nil && (entry >> 52) & 0x7ff != 0 { return true }
    if level > 3 { return entry >> 7 & 1 != 0 }
    return isLeaf && level > 1 && (entry >> 13) & (1 << UInt64(9 * (level - 1) - 1) - 1) != 0
  }

  // MARK: - Nested tables

  /// L2's physical address in L1's.
  private mutating func physical(_ address: UInt64, _ access: Access, isTable: Bool) throws(End) -> UInt64 {
    switch nested?.control {
    case nil: return address
    case .vmx(let guest)?: return try throughEPT(guest.eptp, address, access, isTable)
    case .svm(let guest)?: return try throughNPT(guest.ncr3 ?? 0, address, access, isTable)
    }
  }

  private mutating func throughEPT(
    _ eptp: EPTPointer, _ address: UInt64, _ access: Access, _ isTable: Bool
  ) throws(End) -> UInt64 {
    var wanted: UInt64 = access.kind == .read ? 1 : access.kind == .write ? 2 : 4
    if isTable && (eptp.accessedDirty || wanted == 2) { wanted = 3 }
    let stage: UInt64 = 1 << 7 | (isTable ? 0 : 1 << 8)
    var table = eptp.rawValue & 0xf_ffff_ffff_f000
    var rights: UInt64 = 7
    var path: [UInt64] = []
    for level in stride(from: eptp.level, through: 1, by: -1) {
      let shift = UInt64(12 + (level - 1) * 9)
      let place = table + (address >> shift & 511) * 8
      let entry = memory.word(at: GuestPhysicalAddress(rawValue: place)) ?? 0
      rights &= entry
      if entry & 7 == 0 { throw .violation(wanted | stage, address) }
      let isLeaf = level == 1 || entry >> 7 & 1 != 0
      if isMisconfigured(entry, level, isLeaf) { throw .misconfiguration(address) }
      path.append(place)
      guard isLeaf else {
        table = entry & 0xf_ffff_ffff_f000
        continue
      }
      if rights & wanted != wanted { throw .violation(wanted | rights << 3 | stage, address) }
      if eptp.accessedDirty {
        for (index, place) in path.enumerated() {
          let now = memory.word(at: GuestPhysicalAddress(rawValue: place)) ?? 0
          store(now | 1 << 8 | (index == path.count - 1 && wanted & 2 != 0 ? 1 << 9 : 0), place, 8)
        }
      }
      let offset = UInt64(1) << shift - 1
      return entry & 0xf_ffff_ffff_f000 & ~offset | address & offset
    }
    preconditionFailure("level 1 is a leaf")
  }

  private func isMisconfigured(_ entry: UInt64, _ level: Int, _ isLeaf: Bool) -> Bool {
    if entry & 3 == 2 || (entry & 7 == 4 && !executeOnly) { return true }
    if (entry & 0xf_ffff_ffff_ffff) >> UInt64(maxPhyAddr) != 0 { return true }
    guard isLeaf else { return entry >> 3 & 0xf != 0 }
    if level > 3 || [2, 3, 7].contains(entry >> 3 & 7) { return true }
    return level > 1 && (entry >> 12) & (1 << UInt64(9 * (level - 1)) - 1) != 0
  }

  private mutating func throughNPT(
    _ ncr3: UInt64, _ address: UInt64, _ access: Access, _ isTable: Bool
  ) throws(End) -> UInt64 {
    let l1 = nested?.l1 ?? Registers()
    let rules = ArchitectureRules(writeProtect: true, noExecute: l1.efer.contains(.nx))
    let tables = Tables(root: ncr3 & ~0xfff, levels: l1.cr4.contains(.la57) ? 5 : 4, rules: rules)
    let wanted = Access(kind: isTable ? .write : access.kind, user: true)
    let stage: UInt64 = isTable ? 1 << 33 : 1 << 32
    let (page, path) = try walk(tables, address, wanted) { (_, place) throws(End) in
      place
    } fault: {
      .nestedPageFault($0 | stage, address)
    }
    for (index, entry) in path.enumerated() {
      let now = memory.word(at: GuestPhysicalAddress(rawValue: entry.place)) ?? 0
      store(now | 1 << 5 | (index == path.count - 1 && wanted.kind == .write ? 1 << 6 : 0), entry.place, 8)
    }
    return page
  }
}
