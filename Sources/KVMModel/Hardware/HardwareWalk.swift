/// What the processor does while a guest runs: it walks the tables that KVM loaded. Where they don't allow an access, it
/// leaves the guest and KVM handles the fault.
extension VirtualMachine {
  /// Translates a guest-physical address by the tables of two-dimensional paging (Intel SDM volume 3, section 29.3.2; AMD APM
  /// volume 2, section 15.25.5).
  ///
  /// - Parameter isTable: a table of the guest lies there. Reading it counts as a write where the loaded tables have accessed
  ///   and dirty flags (Intel SDM volume 3, section 29.3.5), and always on AMD.
  mutating func hostAddress(
    _ address: GuestPhysicalAddress, access: AccessMode, isTable: Bool
  ) -> Result<GuestPhysicalAddress, WalkFault> {
    var mode = access.intersection(.kinds)
    if isTable {
      if readingTablesWrites { mode = [.user, .write] }
    } else if machine.vendor == .amd {
      mode.insert(.user)
    } else {
      // EPT knows no privilege: this bit is a read there.
      mode = mode.isDisjoint(with: [.write, .fetch]) ? .user : mode.subtracting(.user)
    }
    let permissions = Permissions(role: .twoDimensionalHardware, ept: spteFormat.isEPT)
    let result = walkLoadedTables(address.rawValue, mode, permissions)
    guard case .failure(let fault) = result, fault.errorCode != .reserved else { return result }
    // Bit 8 of the exit qualification: the translation of the linear address, not one of its tables.
    if !isTable { vcpu.exitQualification |= 1 << 8 }
    let code = fault.errorCode.union(isTable ? .guestPage : .guestFinal)
    return .failure(WalkFault(errorCode: code, address: fault.address, nested: true))
  }

  /// Whether the processor's reads of the guest's tables count as writes.
  var readingTablesWrites: Bool {
    machine.vendor == .amd || activeMMU.root.hpa.map { hardwareEPTP($0) >> 6 & 1 != 0 } ?? false
  }

  /// Walks the shadow pages of a guest without two-dimensional paging. CR0.WP and EFER.NX are always on for the processor
  /// then; SMEP and SMAP are as the guest has them, once it uses paging.
  mutating func walkShadowTables(_ address: UInt64, _ access: AccessMode) -> Result<
    GuestPhysicalAddress, WalkFault
  > {
    let registers = vcpu.registers
    let role = VCPURole(
      cr0: [.pg, .wp], cr4: registers.cr0.contains(.pg) ? registers.cr4 : [], efer: .nx, smm: false,
      guestMode: false)
    return walkLoadedTables(address, access, Permissions(role: role, ept: false))
  }

  /// Walks the tables that hang from the current root.
  ///
  private mutating func walkLoadedTables(
    _ address: UInt64, _ access: AccessMode, _ permissions: Permissions
  ) -> Result<GuestPhysicalAddress, WalkFault> {
    let format = spteFormat
    var rights = AccessRights.all
    var path: [SPTEPlace] = []
    guard let root = activeMMU.root.hpa, var walk = shadowWalk(vcpu.mmu, from: root, address) else {
      return .failure(denied(address, access, rights: []))
    }
    while true {
      let spte = pages[walk.place]
      path.append(walk.place)
      transcript.references += 1
      rights.formIntersection(format.rights(spte))
      if format.isMMIO(spte) {
        record(
          walk, spte,
          "It is an MMIO entry: \(format.isEPT ? "its rights are a combination that EPT forbids" : "a bit is set that no processor allows"), so every access faults and KVM knows the address at once."
        )
        let code: AccessMode =
          format.isEPT ? .reserved : access.intersection(.kinds).union([.present, .reserved])
        return .failure(WalkFault(errorCode: code, address: address, nested: true))
      }
      guard format.isPresentForHardware(spte) else {
        record(walk, spte, "It is not present: the processor leaves the guest.")
        return .failure(denied(address, access, rights: []))
      }
      if walk.level == 1 { break }
      record(walk, spte, "It leads to the next table.")
      walk.descend(by: spte)
    }
    let spte = pages[walk.place]
    let needed = access.contains(.alignmentCheck) && !access.contains(.implicit) ? 8 : UInt64(0)
    let index = Int((access.intersection(.kinds).rawValue + needed) >> 1)
    guard permissions.bytes[index] >> rights.rawValue & 1 == 0 else {
      record(
        walk, spte, "Its rights, \(rights.text), don't allow the access: the processor leaves the guest.")
      return .failure(denied(address, access, rights: rights))
    }
    record(walk, spte, "It maps a page of rights \(rights.text), which the access may use.")
    setHardwareFlags(path, isWrite: access.contains(.write))
    let page = spte.target.guestAddress
    return .success(GuestPhysicalAddress(rawValue: page.rawValue | address & 0xfff))
  }

  /// The fault of an access that the tables deny, which is KVM's to handle; for EPT it leaves the qualification of the exit.
  private mutating func denied(_ address: UInt64, _ access: AccessMode, rights: AccessRights) -> WalkFault {
    var code = access.intersection(.kinds)
    if !rights.isEmpty { code.insert(.present) }
    if spteFormat.isEPT {
      let kind: UInt64 =
        (access.contains(.user) ? 1 : 0) | (access.contains(.write) ? 2 : 0)
        | (access.contains(.fetch) ? 4 : 0)
      let allowed: UInt64 =
        (rights.contains(.user) ? 1 : 0) | (rights.contains(.write) ? 2 : 0)
        | (rights.contains(.execute) ? 4 : 0)
      vcpu.exitQualification = kind | allowed << 3 | 1 << 7
    }
    return WalkFault(errorCode: code, address: address, nested: true)
  }

  /// Sets accessed flags on the way and the dirty flag at its end, where the entries have them.
  private mutating func setHardwareFlags(_ path: [SPTEPlace], isWrite: Bool) {
    let format = spteFormat
    if format.isEPT, let root = activeMMU.root.hpa, hardwareEPTP(root) >> 6 & 1 == 0 { return }
    for place in path {
      let old = pages[place]
      guard old.hasAccessedDirty else { continue }
      var new = old.rawValue | format.accessed
      if isWrite && place == path.last { new |= format.dirty }
      if new != old.rawValue { pages.write(SPTE(rawValue: new), at: place) }
    }
  }

  private mutating func record(_ walk: ShadowWalk, _ spte: SPTE, _ conclusion: @autoclosure () -> String) {
    guard transcript.detail.contains(.walk) else { return }
    transcript.result.walkSteps.append(
      WalkStep(
        stage: !machine.tdp ? .shadow : machine.vendor == .intel ? .ept : .npt, nesting: transcript.nesting,
        level: walk.level, table: walk.table.rawValue, index: walk.place.index, entryAddress: nil,
        shadowEntryAddress: walk.place.address, entry: spte.rawValue,
        flags: spteFormat.flagNames(spte, level: walk.level), conclusion: conclusion(),
        references: transcript.references))
  }
}

extension SPTEFormat {
  /// The rights in an entry.
  fileprivate func rights(_ spte: SPTE) -> AccessRights {
    var rights: AccessRights = []
    if spte.rawValue & user != 0 { rights.insert(.user) }
    if spte.isWritable { rights.insert(.write) }
    if isExecutable(spte) { rights.insert(.execute) }
    return rights
  }

  fileprivate func isPresentForHardware(_ spte: SPTE) -> Bool { spte.rawValue & (isEPT ? 7 : 1) != 0 }
}

extension VCPURole {
  /// What counts for the processor's walk of NPT: no-execute, and every access is a user's.
  fileprivate static let twoDimensionalHardware = VCPURole(
    cr0: [.pg, .wp], cr4: [], efer: .nx, smm: false, guestMode: false)
}
