extension VirtualMachine {
  /// Bits that a present PDPTE of PAE paging must not set, whatever the guest's MAXPHYADDR.
  static let reservedPDPTEBits = bits(5, 8) | bits(1, 2)

  /// Loads the four PDPTEs of PAE paging from guest memory (`load_pdptrs`).
  ///
  /// - Parameter cr3: the value of CR3, whose bits 31:5 locate the table.
  /// - Returns: whether they could be loaded; if not, nothing changed but accessed flags of nested tables.
  mutating func loadPDPTRs(_ cr3: UInt64) -> Bool {
    let walker = vcpu.walkMMU
    let table = GuestPhysicalAddress(rawValue: cr3 & ~0xfff)
    enter("load_pdptrs") { _ in
      "The four PDPTEs are read from the 32-byte table at \(hex: cr3 & ~0x1f) for \(walker.rawValue)."
    }
    defer { leave() }
    var base = table
    if vcpu.walksNested {
      guard
        case .success(let translated) = translate(table, for: walker, access: [.user, .write], isTable: true)
      else {
        say("load_pdptrs") { _ in "L1's nested tables don't map the table's address, so the load fails." }
        return false
      }
      base = translated
    }
    var entries = SIMD4<UInt64>()
    for index in 0..<4 {
      let address = GuestPhysicalAddress(rawValue: base.rawValue + (cr3 & 0xfe0) + UInt64(index) * 8)
      guard let entry = memory.word(at: address) else {
        say("load_pdptrs") { _ in "The table at \(hex: address.rawValue) lies in no memory slot." }
        return false
      }
      let reserved = vcpu.cpuid.reservedAddressBits | Self.reservedPDPTEBits
      if entry & 1 != 0 && entry & reserved != 0 {
        say("load_pdptrs") { _ in "PDPTE \(index), \(hex: entry), is present and sets reserved bits." }
        return false
      }
      entries[index] = entry
    }
    if !machine.tdp && vcpu[walker].pdptrs != entries {
      say("load_pdptrs") { _ in "They differ from the ones before, so the shadow of the old ones goes." }
      freeRoots(walker, .current)
    }
    vcpu[walker].pdptrs = entries
    if walker == .nested, case .vmx(var guest)? = vcpu.nested?.control {
      guest.pdptrs = entries
      vcpu.nested?.control = .vmx(guest)
    }
    raise(.loadMMUPGD, "the hardware must get the new PDPTEs")
    return true
  }
}
