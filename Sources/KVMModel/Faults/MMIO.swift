/// The last address without memory that a vCPU used (`mmio_gva`, `mmio_gfn`, `mmio_access`, `mmio_gen`).
struct MMIOCache: Sendable, Hashable, Codable {
  /// The page of the guest-virtual address; 0 if there is none.
  var address: UInt64 = 0
  var frame = GuestFrameNumber(rawValue: 0)
  var access: AccessRights = []
  var generation: UInt64 = .max
}

extension VirtualMachine {
  /// Remembers an address without memory (`vcpu_cache_mmio_info`). Under nested paging the address is L2-physical and
  /// is not kept.
  mutating func rememberMMIO(address: UInt64, frame: GuestFrameNumber, access: AccessRights) {
    vcpu.mmio = MMIOCache(
      address: vcpu.walksNested ? 0 : address & ~0xfff, frame: frame,
      access: AccessRights(rawValue: access.rawValue & UInt8(spteFormat.mmioAccess)),
      generation: slotGeneration)
  }

  /// Forgets the address (`vcpu_clear_mmio_info`).
  ///
  /// - Parameter address: only if it is this one.
  mutating func forgetMMIO(_ address: UInt64? = nil) {
    if let address, vcpu.mmio.address != address & ~0xfff { return }
    vcpu.mmio.address = 0
  }

  /// Whether an address is the one remembered (`mmio_info_in_cache`).
  private func remembersMMIO(_ address: UInt64, direct: Bool) -> Bool {
    guard !vcpu.walksNested, vcpu.mmio.generation == slotGeneration else { return false }
    if direct { return vcpu.mmio.frame.rawValue != 0 && vcpu.mmio.frame.rawValue == address >> 12 }
    return vcpu.mmio.address != 0 && vcpu.mmio.address == address & ~0xfff
  }

  /// Where an access leads, if it is to the address that is remembered and may be done (`vcpu_mmio_gva_to_gpa`): then the
  /// guest's tables need not be walked.
  func rememberedMMIO(_ request: AccessRequest) -> GuestPhysicalAddress? {
    let page = request.address & ~0xfff
    guard page != 0, vcpu.mmio.address == page, vcpu.mmio.generation == slotGeneration else { return nil }
    let mode = request.mode
    if vcpu.registers.isPaging, permissionFault(vcpu[vcpu.walkMMU], vcpu.mmio.access, 0, mode) != nil {
      return nil
    }
    return GuestPhysicalAddress(rawValue: vcpu.mmio.frame.rawValue << 12 | request.address & 0xfff)
  }

  /// Handles a fault by a reserved bit, which KVM's MMIO entries have set (`handle_mmio_page_fault`).
  ///
  /// - Returns: `emulate`; `invalid` if the entry is of older memory slots; `retry` if it is no MMIO entry any more.
  mutating func mmioFault(_ fault: PageFault, _ name: MMUName) -> FaultReturn {
    let direct = vcpu[name].mmuRole.direct
    if remembersMMIO(fault.address, direct: direct) {
      say("handle_mmio_page_fault") { _ in "The address is the one that was last found to have no memory." }
      return .emulate
    }
    let format = spteFormat
    guard let place = lastEntry(name, fault.address)?.place, format.isMMIO(pages[place]) else {
      say("handle_mmio_page_fault") { _ in "The entry is no MMIO entry any more: the guest tries again." }
      return .retry
    }
    let spte = pages[place]
    let frame = format.mmioFrame(spte)
    let generation = format.mmioGeneration(spte)
    let current = slotGeneration
    trace { .checkMMIO(spte, current: current, generation: generation) }
    guard generation == current else {
      say("check_mmio_spte") { _ in "The MMIO entry is of older memory slots: the full way is taken." }
      return .invalid
    }
    let access = format.mmioRights(spte)
    trace { .handleMMIO(address: direct ? 0 : fault.address, frame, access) }
    rememberMMIO(address: direct ? 0 : fault.address, frame: frame, access: access)
    say("handle_mmio_page_fault") { _ in
      "Entry \(place.index) of \(hex: place.page.rawValue) is an MMIO entry for frame \(hex: frame.rawValue)."
    }
    return .emulate
  }
}
