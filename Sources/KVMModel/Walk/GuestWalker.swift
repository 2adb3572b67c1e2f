/// A walk of guest tables (`struct guest_walker`).
struct GuestWalker: Hashable, Sendable {
  /// The entries of the path, from the top down; a PDPTE is not among them.
  var path: [Entry] = []
  /// What the path allows; without W if dirty flags are in use and a read found the page clean.
  var access: AccessRights = []
  /// The frame found, in the physical addresses of the machine.
  var frame = GuestFrameNumber(rawValue: 0)

  /// The level of the leaf.
  var level: Int { path.last?.level ?? 1 }

  /// The entry of a level.
  func entry(level: Int) -> Entry? { path.first { $0.level == level } }

  /// An entry of the path.
  struct Entry: Hashable, Sendable {
    /// Its level, 1 to 5.
    let level: Int
    /// The table it stands in, as the guest's tables name it.
    let table: GuestFrameNumber
    /// Its place in the table.
    let index: Int
    /// Where it lies in the machine's physical memory.
    let address: GuestPhysicalAddress
    /// Its value when it was read, and after flags were set.
    var value: UInt64
    /// What the entries above it allow.
    let accessAbove: AccessRights
  }
}

/// How a walk goes: which MMU's tables, in which format, for which access.
struct WalkPlan {
  let name: MMUName
  let role: VCPURole
  let format: EntryFormat
  let address: UInt64
  let access: AccessMode
  let hasAccessedDirty: Bool
  /// The tables are L1's nested ones.
  let isNested: Bool
  let actor: WalkActor
}

/// Who walks guest tables.
enum WalkActor {
  /// KVM, in software: nested tables are L1's.
  case kvm
  /// The processor, while the guest runs on two-dimensional paging: nested tables are those that KVM loaded.
  case processor
}

extension VirtualMachine {
  /// Translates an address that guest tables hold: through L1's nested tables if L2 runs on them, else not at all
  /// (`kvm_translate_gpa`); the processor goes through the tables that KVM loaded.
  ///
  /// - Parameter isTable: a table lies at the address, not the page that is looked for.
  mutating func translate(
    _ address: GuestPhysicalAddress, for name: MMUName, access: AccessMode, isTable: Bool,
    by actor: WalkActor = .kvm
  ) -> Result<GuestPhysicalAddress, WalkFault> {
    guard name == .nested || actor == .processor else { return .success(address) }
    transcript.nesting += 1
    defer { transcript.nesting -= 1 }
    if actor == .processor { return hostAddress(address, access: access, isTable: isTable) }
    return physicalAddress(.guest, address.rawValue, access: access.union(.user))
  }

  /// Translates an address by an MMU's tables (`gva_to_gpa`).
  mutating func physicalAddress(
    _ name: MMUName, _ address: UInt64, access: AccessMode, by actor: WalkActor = .kvm
  ) -> Result<GuestPhysicalAddress, WalkFault> {
    if vcpu[name].walkFormat == .nonpaging {
      return translate(
        GuestPhysicalAddress(rawValue: address), for: name, access: access, isTable: false, by: actor)
    }
    return walk(name, address, access: access, by: actor).map {
      GuestPhysicalAddress(rawValue: $0.frame.rawValue << 12 | address & 0xfff)
    }
  }

  /// Walks guest tables, and sets accessed and dirty flags on the way (`walk_addr_generic`).
  mutating func walk(
    _ name: MMUName, _ address: UInt64, access: AccessMode, by actor: WalkActor = .kvm
  ) -> Result<GuestWalker, WalkFault> {
    let role = vcpu[name].vcpuRole
    let format = vcpu[name].walkFormat ?? WalkFormat(role)
    let plan = WalkPlan(
      name: name, role: role, format: EntryFormat(format: format), address: address, access: access,
      hasAccessedDirty: format != .ept || !role.base.adDisabled, isNested: name != vcpu.walkMMU,
      actor: actor)
    // A walk starts over when an entry is no longer what it read, as with tables that point to themselves. Each time a
    // flag has been set that no walk clears, so that this ends.
    while true {
      trace(plan) { .pagetableWalk(address: address, access: access) }
      var walker = GuestWalker()
      do {
        try descend(plan, &walker)
      } catch {
        return .failure(error)
      }
      if plan.hasAccessedDirty {
        if !access.contains(.write), let leaf = walker.path.last, leaf.value & plan.format.dirty == 0 {
          walker.access.remove(.write)
        }
        do {
          guard try setAccessedDirty(plan, &walker) else { continue }
        } catch {
          return .failure(error)
        }
      }
      return .success(walker)
    }
  }

  private mutating func descend(_ plan: WalkPlan, _ walker: inout GuestWalker) throws(WalkFault) {
    var level = plan.role.base.level
    var entry = guestPGD(plan.name)
    var allowed: UInt64 = .max
    if level == 3 {
      entry = try loadedPDPTE(plan)
      level = 2
    }
    while true {
      let above = allowed
      let table = plan.format.frame(entry)
      var step = try read(plan, table, level, allowed)
      entry = step.value
      allowed &= plan.format.rightsWord(entry)
      try check(plan, step, allowed)
      step = GuestWalker.Entry(
        level: level, table: table, index: step.index, address: step.address, value: entry,
        accessAbove: plan.format.rights(above))
      walker.path.append(step)
      if plan.format.isLeaf(entry, level: level, role: plan.role) { break }
      record(plan, step, "It points to the next table.")
      level -= 1
    }
    try finish(plan, &walker, allowed)
  }

  /// The PDPTE that PAE paging begins with. It was checked when it was loaded, so only its presence counts.
  private mutating func loadedPDPTE(_ plan: WalkPlan) throws(WalkFault) -> UInt64 {
    let index = Int(plan.address >> 30 & 3)
    let entry = pdptr(plan.name, index)
    trace(plan) { .pagingElement(entry, level: 3) }
    let isPresent = entry & 1 != 0
    record(
      plan, level: 3, table: nil, index: index, address: nil, entry: entry,
      isPresent ? "The PDPTE, loaded earlier, is present." : "The PDPTE, loaded earlier, is not present.")
    guard isPresent else { throw fault(plan, [], .max) }
    return entry
  }

  /// Reads the entry of one level.
  private mutating func read(
    _ plan: WalkPlan, _ table: GuestFrameNumber, _ level: Int, _ allowed: UInt64
  ) throws(WalkFault) -> GuestWalker.Entry {
    let index = plan.format.index(of: plan.address, level: level)
    let isWrite = plan.actor == .processor ? readingTablesWrites : plan.hasAccessedDirty
    let access: AccessMode = isWrite ? [.write, .user] : .user
    let offset = UInt64(index) * plan.format.bytes
    // KVM asks where the table is, the processor where the entry is: it shows in the address of a fault.
    let asked = GuestPhysicalAddress(
      rawValue: table.address.rawValue + (plan.actor == .processor ? offset : 0))
    let address: GuestPhysicalAddress
    switch translate(asked, for: plan.name, access: access, isTable: true, by: plan.actor) {
    case .success(let found): address = GuestPhysicalAddress(rawValue: found.frame.address.rawValue + offset)
    case .failure(let inner):
      record(
        plan, level: level, table: table.address.rawValue, index: index, address: nil, entry: nil,
        plan.actor == .kvm
          ? "L1's nested tables don't let the walk reach the table."
          : "The tables that KVM loaded don't let the processor reach the table.")
      throw inner
    }
    guard let value = entryValue(at: address, bytes: plan.format.bytes) else {
      record(
        plan, level: level, table: table.address.rawValue, index: index, address: address, entry: nil,
        "The table lies in no memory slot.")
      throw fault(plan, [], allowed)
    }
    transcript.references += 1
    trace(plan) { .pagingElement(value, level: level) }
    return GuestWalker.Entry(
      level: level, table: table, index: index, address: address, value: value, accessAbove: [])
  }

  /// The entry of a table in memory; `nil` outside every slot.
  func entryValue(at address: GuestPhysicalAddress, bytes: UInt64) -> UInt64? {
    memory.entry(at: address, bytes: bytes)
  }

  /// Checks presence and reserved bits of an entry.
  private mutating func check(
    _ plan: WalkPlan, _ step: GuestWalker.Entry, _ allowed: UInt64
  ) throws(WalkFault) {
    if !plan.format.isPresent(step.value) {
      record(plan, step, "The entry is not present: the walk ends.")
      throw fault(plan, [], allowed)
    }
    let rules = vcpu[plan.name].guestReservedBits
    let reserved = step.value & rules.mask(for: step.value, level: step.level)
    if reserved != 0 {
      record(plan, step, "Reserved bits are set (\(hex(reserved))): the walk ends.")
      throw fault(plan, [.reserved, .present], allowed)
    }
    if rules.badMemoryTypeXWR >> (step.value & 0x3f) & 1 != 0 {
      record(plan, step, "The memory type or the combination of rights is not allowed: the walk ends.")
      throw fault(plan, [.reserved, .present], allowed)
    }
  }

  /// Checks the rights of the whole path and finds the frame.
  private mutating func finish(
    _ plan: WalkPlan, _ walker: inout GuestWalker, _ allowed: UInt64
  ) throws(WalkFault) {
    guard let leaf = walker.path.last else { return }
    let rights = plan.format.rights(allowed)
    walker.access = rights
    let key = plan.format.format == .paging64 ? leaf.value >> 59 & 0xf : 0
    if let code = permissionFault(vcpu[plan.name], walker.access, key, plan.access) {
      record(
        plan, leaf,
        "It maps a page of rights \(rights.text). \(plan.denial(of: rights)): the walk ends.")
      throw fault(plan, code, allowed)
    }
    record(plan, leaf, "It maps a page of rights \(rights.text), which the access may use.")
    let frame = plan.format.frame(leaf.value, level: leaf.level, address: plan.address)
    let offset = plan.actor == .processor ? plan.address & 0xfff : 0
    let asked = GuestPhysicalAddress(rawValue: frame.address.rawValue + offset)
    switch translate(asked, for: plan.name, access: plan.access, isTable: false, by: plan.actor) {
    case .success(let address): walker.frame = address.frame
    case .failure(let inner): throw inner
    }
  }

  /// Whether an access faults on a page of these rights (`permission_fault`).
  func permissionFault(
    _ mmu: MMU, _ rights: AccessRights, _ protectionKey: UInt64, _ access: AccessMode
  ) -> AccessMode? {
    let freeOfSMAP = access.contains(.alignmentCheck) && !access.contains(.implicit)
    let kind = access.intersection(.kinds).rawValue
    let index = Int((kind + (freeOfSMAP ? 8 : 0)) >> 1)
    var code: AccessMode = []
    if mmu.permissions.bytes[index] >> rights.rawValue & 1 != 0 { code = .present }
    if mmu.pkruMask != 0 {
      let denied = vcpu.registers.pkru >> UInt32(2 * protectionKey) & 3
      let place = UInt32(kind) + (rights.contains(.user) ? 8 : 0)
      if denied & (mmu.pkruMask >> place) & 3 != 0 { code = [.present, .protectionKey] }
    }
    return code.isEmpty ? nil : code
  }

  /// The fault that a walk ends in, and for EPT the exit qualification that goes with it.
  private mutating func fault(_ plan: WalkPlan, _ cause: AccessMode, _ allowed: UInt64) -> WalkFault {
    var code = cause.union(plan.access.intersection([.write, .user]))
    let reportsFetch = plan.role.base.eferNX || plan.role.ext.contains(.cr4SMEP)
    if plan.access.contains(.fetch) && reportsFetch { code.insert(.fetch) }
    if plan.format.format == .ept && !cause.contains(.reserved) {
      var qualification = vcpu.exitQualification & (1 << 7 | 1 << 8)
      if plan.access.contains(.user) { qualification |= 1 }
      if plan.access.contains(.write) { qualification |= 2 }
      if plan.access.contains(.fetch) { qualification |= 4 }
      vcpu.exitQualification = qualification | (allowed & 7) << 3
    }
    trace(plan) { .walkerError(code) }
    say(plan.actor == .kvm ? "walk_addr_generic" : "hardware") { _ in
      "The walk of \(plan.name.rawValue) for \(hex(plan.address)) ends in a fault with error code "
        + "\(code.summary)."
    }
    return WalkFault(errorCode: code, address: plan.address, nested: plan.isNested)
  }
}
