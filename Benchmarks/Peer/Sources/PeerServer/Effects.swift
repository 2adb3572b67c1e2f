import KVMModel

/// An effect of a step, with the keys that its kind has.
struct EffectDocument: Encodable {
  enum CodingKeys: String, CodingKey {
    case kind, requests, mmu, slot, hpa, pgd, gfn, role, index, value
    case vcpuRole = "vcpu_role"
    case mmuRole = "mmu_role"
  }

  var effect: Effect

  init(_ effect: Effect) { self.effect = effect }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    func page(_ kind: String, _ hpa: HostPhysicalAddress, _ frame: GuestFrameNumber, _ role: PageRole) throws
    {
      try container.encode(kind, forKey: .kind)
      try container.encode(hex(hpa.rawValue), forKey: .hpa)
      try container.encode(hex(frame.rawValue), forKey: .gfn)
      try container.encode(hex(role.rawValue), forKey: .role)
    }
    switch effect {
    case .raised(let requests):
      try container.encode("raised", forKey: .kind)
      try container.encode(requests.names, forKey: .requests)
    case .served(let requests):
      try container.encode("served", forKey: .kind)
      try container.encode(requests.names, forKey: .requests)
    case .freedRoot(let mmu, let slot, let hpa):
      try container.encode("freed-root", forKey: .kind)
      try container.encode(mmu.rawValue, forKey: .mmu)
      try container.encode(slot.name, forKey: .slot)
      try container.encode(hex(hpa.rawValue), forKey: .hpa)
    case .loadedRoot(let mmu, let hpa, let pgd):
      try container.encode("loaded-root", forKey: .kind)
      try container.encode(mmu.rawValue, forKey: .mmu)
      try container.encode(hex(hpa.rawValue), forKey: .hpa)
      try container.encode(pgdText(pgd), forKey: .pgd)
    case .createdPage(let hpa, let frame, let role): try page("created-page", hpa, frame, role)
    case .foundPage(let hpa, let frame, let role): try page("found-page", hpa, frame, role)
    case .zappedPage(let hpa, let frame, let role): try page("zapped-page", hpa, frame, role)
    case .unsyncPage(let hpa, let frame, let role): try page("unsync-page", hpa, frame, role)
    case .syncedPage(let hpa, let frame, let role): try page("synced-page", hpa, frame, role)
    case .wroteEntry(let page, let index, let value):
      try container.encode("wrote-entry", forKey: .kind)
      try container.encode(hex(page.rawValue), forKey: .hpa)
      try container.encode(index, forKey: .index)
      try container.encode(hex(value.rawValue), forKey: .value)
    case .roles(let mmu, let vcpuRole, let mmuRole):
      try container.encode("roles", forKey: .kind)
      try container.encode(mmu.rawValue, forKey: .mmu)
      try container.encode(hex(vcpuRole.rawValue), forKey: .vcpuRole)
      try container.encode(hex(mmuRole.rawValue), forKey: .mmuRole)
    case .quirk: try container.encode("quirk", forKey: .kind)
    }
  }
}

/// A call of the vendor's TLB callbacks, with the keys that it has.
struct TLBDocument: Encodable {
  var call: String
  var gva: String?
  var root: String?
  var level: Int?
  var type: Int?
  var vpid: Int?
  var eptp: String?

  init(_ call: TLBCall) {
    switch call {
    case .flushAll: self.call = "flush_tlb_all"
    case .flushCurrent: self.call = "flush_tlb_current"
    case .flushGuest: self.call = "flush_tlb_guest"
    case .flushGVA(let address):
      self.call = "flush_tlb_gva"
      gva = hex(address)
    case .loadMMUPGD(let address, let rootLevel):
      self.call = "load_mmu_pgd"
      root = hex(address.rawValue)
      level = rootLevel
    case .invvpid(let kind, let id):
      self.call = "invvpid"
      type = kind
      vpid = Int(id)
    case .invept(let kind, let pointer):
      self.call = "invept"
      type = kind
      eptp = hex(pointer)
    }
  }
}
