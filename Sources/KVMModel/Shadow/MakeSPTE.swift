/// What a leaf entry is to map, and how.
struct LeafRequest {
  /// The frame it stands for.
  let frame: GuestFrameNumber
  /// The rights that the guest's tables give to it.
  let access: AccessRights
  /// Nobody asked for the page yet: the entry is made in advance.
  var isPrefetch = false
  /// A guest table may be let go out of date for the sake of a writable entry.
  var canUnsync = true
  /// The host may write the page.
  var hostWritable = true
}

extension VirtualMachine {
  /// Makes a leaf entry (`make_spte`).
  ///
  /// - Parameters:
  ///   - page: the table it is for.
  ///   - old: the entry that stands there.
  /// - Returns: the entry, and whether it may not be written because it maps a guest table that KVM shadows.
  mutating func makeSPTE(
    _ request: LeafRequest, in page: ShadowPage, over old: SPTE
  ) -> (spte: SPTE, isWriteProtected: Bool) {
    let format = spteFormat
    let dirtyFlag = page.role.adDisabled ? 0 : format.dirty
    var value = SPTE.mmuPresent | format.present | format.memoryType
    value |= page.role.adDisabled ? SPTE.accessedDirtyDisabled : 0
    if !request.isPrefetch && !page.role.adDisabled { value |= format.accessed }
    value |= request.access.contains(.execute) ? format.execute : format.noExecute
    if request.access.contains(.user) { value |= format.user }
    if request.hostWritable { value |= format.hostWritable }
    value |= HostPhysicalAddress(backing: request.frame).rawValue
    var isWriteProtected = false
    if request.access.contains(.write) && request.hostWritable {
      let wasWritable = old.isWritable
      if wasWritable {
        value |= SPTE.writable | format.mmuWritable
      } else if mayMap(request, inSMM: page.role.smm) {
        value |= SPTE.writable | format.mmuWritable | dirtyFlag
      } else {
        isWriteProtected = true
      }
    }
    let spte = SPTE(rawValue: value)
    return (request.isPrefetch ? format.tracked(spte) : spte, isWriteProtected)
  }

  /// Whether a writable entry for a frame may be made: no page shadows it, or those that do may go out of date
  /// (`mmu_try_to_unsync_pages`).
  private mutating func mayMap(_ request: LeafRequest, inSMM: Bool) -> Bool {
    let frame = request.frame
    if isWriteTracked(frame) {
      say("mmu_try_to_unsync_pages") { _ in
        "Frame \(hex: frame.rawValue) holds a guest table above level 1, whose writes KVM must see: the entry "
          + "stays read-only."
      }
      return false
    }
    for hpa in pages.candidates(frame) {
      guard let page = pages[hpa], page.shadowsGuestTable, !isObsolete(page) else { continue }
      if page.isUnsync && request.canUnsync { continue }
      if !request.canUnsync || request.isPrefetch {
        say("mmu_try_to_unsync_pages") { _ in
          "Frame \(hex: frame.rawValue) is a guest table that \(hex: page.hpa.rawValue) shadows: the entry "
            + (request.canUnsync ? "made in advance" : "that is synced") + " stays read-only."
        }
        return false
      }
      unsync(page)
    }
    return true
  }

  /// Lets a shadow page go out of date (`kvm_unsync_page`).
  private mutating func unsync(_ page: ShadowPage) {
    trace { .unsyncPage(TracedPage(page)) }
    say("kvm_unsync_page", effect: .unsyncPage(hpa: page.hpa, frame: page.frame, role: page.role)) { _ in
      "Frame \(hex: page.frame.rawValue) is a level-1 guest table. The guest may write it from now on, so its shadow "
        + "at \(hex: page.hpa.rawValue) can go out of date (unsync) until the next flush."
    }
    pages.change(page.hpa) { $0.isUnsync = true }
    markParentsUnsync(page.hpa)
  }

  /// Tells the pages above that one below them is out of date (`kvm_mmu_mark_parents_unsync`).
  mutating func markParentsUnsync(_ hpa: HostPhysicalAddress) {
    for parent in pages[hpa]?.parents ?? [] { markUnsync(parent) }
  }

  /// Tells the page of an entry that what the entry leads to is out of date (`mark_unsync`).
  mutating func markUnsync(_ place: SPTEPlace) {
    var isFirst = false
    pages.change(place.page) { isFirst = $0.markUnsyncChild(place.index) }
    if isFirst { markParentsUnsync(place.page) }
  }

  /// Whether KVM must see each write to a frame: a guest table above level 1 lies there
  /// (`kvm_slot_page_track_is_active`).
  ///
  /// - Parameter smm: the address space to look in; `nil` for both.
  func isWriteTracked(_ frame: GuestFrameNumber, inSMM smm: Bool? = nil) -> Bool {
    pages.candidates(frame).contains { hpa in
      guard let page = pages[hpa] else { return false }
      return page.shadowsGuestTable && page.role.level > 1 && (smm == nil || page.role.smm == smm)
    }
  }
}

extension HostPhysicalAddress {
  /// Where guest-physical address 0 lies.
  private static let guestMemory: UInt64 = 0x8_0000_0000

  /// Where a guest frame lies.
  init(backing frame: GuestFrameNumber) {
    self.init(rawValue: (frame.rawValue << 12 &+ Self.guestMemory) & bits(12, 51))
  }

  /// The guest-physical address that lies here.
  var guestAddress: GuestPhysicalAddress {
    GuestPhysicalAddress(rawValue: (rawValue &- Self.guestMemory) & bits(0, 51))
  }
}
