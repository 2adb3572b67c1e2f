extension VirtualMachine {
  /// Sees to it that a guest table that is shadowed from now on can't be written unseen (`account_shadowed`).
  mutating func accountShadowed(_ page: ShadowPage) {
    guard page.shadowsGuestTable else { return }
    enter("account_shadowed") { _ in
      "The guest table in frame \(hex: page.frame.rawValue) is shadowed from now on, so nothing may write it unseen"
        + (page.role.level > 1 ? ": each write is emulated (write tracking)." : ".")
    }
    if writeProtect(page.frame, inSMM: page.role.smm) {
      raiseOnAll(.tlbFlush, "a processor may still hold the writable entry")
    }
    leave()
  }

  /// Makes every entry that maps a frame read-only (`kvm_mmu_slot_gfn_write_protect`).
  ///
  /// - Returns: whether a flush is due.
  mutating func writeProtect(_ frame: GuestFrameNumber, inSMM: Bool) -> Bool {
    let format = spteFormat
    let protection = SPTE.writable | format.mmuWritable
    var flush = false
    for place in pages.leaves(frame) where pages[place.page]?.role.smm == inSMM {
      let old = pages[place]
      guard old.rawValue & protection != 0 else { continue }
      flush = updateSPTE(place, to: SPTE(rawValue: old.rawValue & ~protection)) || flush
      sayProtected(place, frame)
    }
    for root in pages.tdpRoots where pages[root]?.role.smm == inSMM {
      guard let place = tdpLeaf(frame, below: root) else { continue }
      let old = pages[place]
      guard old.rawValue & protection != 0 else { continue }
      setTDPSPTE(place, frame, to: SPTE(rawValue: old.rawValue & ~protection))
      sayProtected(place, frame)
      flush = true
    }
    return flush
  }

  private mutating func sayProtected(_ place: SPTEPlace, _ frame: GuestFrameNumber) {
    say("kvm_mmu_slot_gfn_write_protect", effect: effect(of: place)) { machine in
      "Entry \(place.index) of \(hex: place.page.rawValue), which maps frame \(hex: frame.rawValue), becomes "
        + "read-only: \(hex: machine.pages[place].rawValue)."
    }
  }

  /// The level-1 entry of a frame below a root of the TDP MMU, if it is present.
  private func tdpLeaf(_ frame: GuestFrameNumber, below root: HostPhysicalAddress) -> SPTEPlace? {
    guard let level = pages.role(root)?.level else { return nil }
    let walk = deepest(ShadowWalk(level: level, table: root, address: frame.rawValue << 12))
    return walk.level == 1 && pages[walk.place].isPresent ? walk.place : nil
  }

  /// Puts an entry in the place of another one (`mmu_spte_update`).
  ///
  /// - Returns: whether the hardware may use the old one in a way that the new one forbids, so that a flush is due.
  mutating func updateSPTE(_ place: SPTEPlace, to spte: SPTE) -> Bool {
    let format = spteFormat
    let old = pages[place]
    pages.write(spte, at: place)
    guard old.isPresent else { return false }
    let losesWrite = format.isMMUWritable(old) && !spte.isWritable
    return losesWrite || (isAccessed(old) && !isAccessed(spte)) || (isDirty(old) && !isDirty(spte))
  }

  private func isAccessed(_ spte: SPTE) -> Bool {
    let format = spteFormat
    return spte.hasAccessedDirty ? spte.rawValue & format.accessed != 0 : !format.isAccessTracked(spte)
  }

  private func isDirty(_ spte: SPTE) -> Bool {
    spte.hasAccessedDirty ? spte.rawValue & spteFormat.dirty != 0 : spte.isWritable
  }

  /// Drops a leaf entry (`drop_spte`); an MMIO entry goes too.
  mutating func dropSPTE(_ place: SPTEPlace) {
    guard let entry = pages[place.page]?.entry(place.index) else { return }
    if entry.spte.isPresent {
      pages.removeLeaf(place, of: pages[place.page]?.frame(ofEntry: place.index) ?? entry.frame)
    }
    pages.write(.none, at: place)
  }
}
