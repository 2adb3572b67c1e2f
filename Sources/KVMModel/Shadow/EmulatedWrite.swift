/// A write to guest memory that KVM emulates.
struct EmulatedWrite {
  var address: GuestPhysicalAddress
  /// 1, 2, 4 or 8; all in one page.
  var bytes: Int

  var offset: Int { Int(address.rawValue & 0xfff) }
}

extension VirtualMachine {
  /// Writes to a table above level 1 without a use of it between, after which its shadow is not worth keeping.
  private static let flood = 3

  /// Tells the shadow pages of an emulated write to the guest table behind them (`kvm_mmu_pte_write`).
  mutating func shadowedTableWritten(_ write: EmulatedWrite) {
    let frame = write.address.frame
    guard pages.candidates(frame).contains(where: \.shadowsGuestTable) else { return }
    var write = write
    enter("kvm_mmu_pte_write") { _ in
      "\(write.bytes) bytes at \(hex: write.address.rawValue) were written, in a guest table that is shadowed."
    }
    defer { leave() }
    if vcpu.registers.cr4.contains(.pae) && write.bytes == 4 {
      write.address.rawValue &= ~7
      write.bytes = 8
    }
    var zapped: [HostPhysicalAddress] = []
    var flush = false
    for candidate in pages.candidates(frame) {
      guard let page = pages[candidate.hpa], page.shadowsGuestTable, !isObsolete(page) else { continue }
      if write.isMisaligned(for: page.role) || isFlooded(page) {
        say("kvm_mmu_pte_write") { _ in
          "The shadow page at \(hex: page.hpa.rawValue) is not worth keeping: "
            + (write.isMisaligned(for: page.role)
              ? "the write is not of one whole entry."
              : "its table is written for the third time without having been used.")
        }
        _ = prepareZap(page.hpa, &zapped)
        continue
      }
      for index in write.entries(of: page.role) {
        let place = SPTEPlace(page: page.hpa, index: index)
        let old = pages[place]
        flush = old.isPresent || flush
        _ = zapEntry(place, &zapped, recursive: false)
        say("kvm_mmu_pte_write", effect: old == .none ? nil : effect(of: place)) { _ in
          "Entry \(index) of \(hex: page.hpa.rawValue) stands for what was written"
            + (old == .none
              ? " and is empty: there is nothing to clear." : ": \(hex: old.rawValue) is cleared.")
        }
      }
    }
    commitZap(zapped, flush: flush)
  }

  /// Counts a write to the table of a page (`detect_write_flooding`).
  private mutating func isFlooded(_ page: ShadowPage) -> Bool {
    guard page.role.level > 1 else { return false }
    pages.change(page.hpa) { $0.writeFloodingCount += 1 }
    return page.writeFloodingCount + 1 >= Self.flood
  }

  /// Zaps every page that shadows a table in a frame (`kvm_mmu_unprotect_page`).
  mutating func unprotect(_ frame: GuestFrameNumber) {
    enter("kvm_mmu_unprotect_page") { _ in "What shadows a table in frame \(hex: frame.rawValue) is given up."
    }
    var zapped: [HostPhysicalAddress] = []
    for candidate in pages.candidates(frame) {
      guard let page = pages[candidate.hpa], page.shadowsGuestTable, !isObsolete(page) else { continue }
      _ = prepareZap(page.hpa, &zapped)
    }
    commitZap(zapped)
    leave()
  }
}

extension EmulatedWrite {
  /// Whether the write is not of one whole entry (`detect_write_misaligned`). One byte at the start of an entry, as
  /// guests write to clear a flag, is well.
  fileprivate func isMisaligned(for role: PageRole) -> Bool {
    let size = role.has4ByteGPTE ? 4 : 8
    if offset % size == 0 && bytes == 1 { return false }
    return offset / size != (offset + bytes - 1) / size || bytes < 4
  }

  /// The entries of a shadow page that stand for what was written (`get_written_sptes`). A 4-byte entry of level 2
  /// covers 4 MiB, for which it takes two.
  fileprivate func entries(of role: PageRole) -> Range<Int> {
    guard role.has4ByteGPTE else { return offset / 8..<offset / 8 + 1 }
    let isUpper = role.level == 2
    let index = offset / 4 * (isUpper ? 2 : 1)
    guard index / 512 == role.quadrant else { return 0..<0 }
    return index % 512..<index % 512 + (isUpper ? 2 : 1)
  }
}
