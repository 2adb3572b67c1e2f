extension VirtualMachine {
  /// The role fields in which an out-of-date page may differ from the MMU that brings it up to date.
  private static let fieldsIgnoredBySync: UInt32 = {
    var role = PageRole(rawValue: 0)
    role.level = 0xf
    role.access = .all
    role.quadrant = 3
    role.passthrough = true
    return role.rawValue
  }()

  /// Brings the entries of a page up to date with the guest table behind it (`kvm_sync_page`, `FNAME(sync_page)`).
  /// Entries are changed and dropped, never added. If the MMU in use can't read the table, the page is zapped.
  ///
  /// - Returns: whether a flush is due; `nil` if the page was zapped.
  mutating func syncPage(_ hpa: HostPhysicalAddress, _ zapped: inout [HostPhysicalAddress]) -> Bool? {
    enter("kvm_sync_page") { _ in "The page at \(hex: hpa.rawValue) is compared with the guest's table." }
    defer { leave() }
    if let flush = syncEntries(hpa) { return flush }
    say("kvm_sync_page") { machine in
      "The MMU in use (role \(hex: machine.activeMMU.mmuRole.rawValue)) can't read its table, so it is zapped."
    }
    _ = prepareZap(hpa, &zapped)
    return nil
  }

  private mutating func syncEntries(_ hpa: HostPhysicalAddress) -> Bool? {
    let role = activeMMU.mmuRole
    guard let page = pages[hpa], !page.role.direct, let table = GuestTable(page, of: activeMMU),
      (page.role.rawValue ^ role.rawValue) & ~Self.fieldsIgnoredBySync == 0
    else { return nil }
    var flush = false
    for entry in page.entries {
      guard let guest = entryValue(at: table.address(of: entry.index), bytes: table.format.bytes) else {
        return nil
      }
      flush = syncEntry(SPTEPlace(page: hpa, index: entry.index), table, guest) || flush
    }
    return flush
  }

  /// Brings one entry up to date.
  ///
  /// - Returns: whether a flush is due.
  private mutating func syncEntry(_ place: SPTEPlace, _ table: GuestTable, _ guest: UInt64) -> Bool {
    guard let page = pages[place.page], let old = page.entry(place.index) else { return false }
    guard let (frame, access) = translation(guest, table, page.role) else {
      saySynced(place, table, guest, "is not present, not accessed or not legal any more: the entry is dropped")
      dropSPTE(place)
      return true
    }
    if spteFormat.isMMIO(old.spte) {
      if frame == spteFormat.mmioFrame(old.spte) {
        markMMIO(place, frame, access)
      } else {
        pages.write(.none, at: place)
      }
      return false
    }
    if (access.isEmpty && spteFormat.present == 0) || frame != page.frame(ofEntry: place.index) {
      saySynced(place, table, guest, "maps another frame: the entry is dropped")
      dropSPTE(place)
      return true
    }
    let hostWritable = old.spte.rawValue & spteFormat.hostWritable != 0
    let request = LeafRequest(
      frame: frame, access: access, isPrefetch: true, canUnsync: false, hostWritable: hostWritable)
    let (spte, _) = makeSPTE(request, in: page, over: old.spte)
    let flush = updateSPTE(place, to: spte)
    pages.write(ShadowEntry(index: place.index, spte: spte, frame: frame, access: access), in: place.page)
    saySynced(place, table, guest, "still maps the frame: the entry becomes \(hex(spte.rawValue))")
    return flush
  }

  private mutating func saySynced(
    _ place: SPTEPlace, _ table: GuestTable, _ guest: UInt64, _ what: @autoclosure () -> String) {
    let text = narrates ? what() : ""
    say(table.format.format.functions.syncPage) { _ in "Entry \(place.index): the guest's entry \(hex: guest) \(text)." }
  }

  /// What a level-1 guest entry stands for, by its own rights and those of the page (`FNAME(prefetch_invalid_gpte)`,
  /// `FNAME(gpte_access)`, `FNAME(protect_clean_gpte)`); `nil` if no entry may be made for it.
  func translation(
    _ guest: UInt64, _ table: GuestTable, _ role: PageRole
  ) -> (frame: GuestFrameNumber, access: AccessRights)? {
    let format = table.format
    let rules = activeMMU.guestReservedBits
    guard format.isPresent(guest), !table.hasAccessedDirty || guest & format.accessed != 0,
      guest & rules.mask(for: guest, level: 1) == 0, rules.badMemoryTypeXWR >> (guest & 0x3f) & 1 == 0
    else { return nil }
    var access = role.access.intersection(format.rights(format.rightsWord(guest)))
    if table.hasAccessedDirty && guest & format.dirty == 0 { access.remove(.write) }
    return (format.frame(guest), access)
  }
}

/// The level-1 guest table that a shadow page stands for.
struct GuestTable {
  let format: EntryFormat
  /// The tables have accessed and dirty flags (`PT_HAVE_ACCESSED_DIRTY`).
  let hasAccessedDirty: Bool
  private let base: GuestPhysicalAddress

  /// The table behind a page, in the format of an MMU; `nil` if that MMU shadows no tables.
  init?(_ page: ShadowPage, of mmu: MMU) {
    guard let walkFormat = mmu.walkFormat, walkFormat != .nonpaging else { return nil }
    format = EntryFormat(format: walkFormat)
    hasAccessedDirty = walkFormat != .ept || !mmu.vcpuRole.base.adDisabled
    let half = walkFormat == .paging32 ? UInt64(page.role.quadrant) << 11 : 0
    base = GuestPhysicalAddress(rawValue: page.frame.address.rawValue + half)
  }

  /// Where the guest's entry lies that the entry of an index stands for.
  func address(of index: Int) -> GuestPhysicalAddress {
    GuestPhysicalAddress(rawValue: base.rawValue + UInt64(index) * format.bytes)
  }
}
