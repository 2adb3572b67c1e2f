import JSON
import KVMModel

extension RootLookup {
  /// The search of a root cache, candidate by candidate.
  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("mmu", mmu.rawValue)
    json.key("wanted")
    json.beginObject()
    json.member("pgd", hex: pgd == invalidPage ? nil : pgd)
    json.key("role")
    role.write(to: &json)
    json.endObject()
    json.key("candidates")
    json.beginArray()
    for candidate in candidates { candidate.write(to: &json, wanted: role) }
    json.endArray()
    json.member("result", hit == nil ? "miss" : "hit")
    json.member("slot", hit?.name)
    for (key, roots) in [("before", before), ("after", after)] {
      json.key(named: key)
      json.beginArray()
      for (index, root) in roots.enumerated() {
        json.beginObject()
        json.member("slot", (index == 0 ? RootSlot.current : .previous(index - 1)).name)
        json.member("valid", root.hpa != nil)
        json.member("hpa", hex: root.hpa?.rawValue)
        json.member("pgd", hex: root.pgd == invalidPage ? nil : root.pgd)
        json.endObject()
      }
      json.endArray()
    }
    json.endObject()
  }
}

extension RootLookup.Candidate {
  fileprivate func write(to json: inout JSONWriter, wanted: PageRole) {
    json.beginObject()
    json.member("slot", slot.name)
    json.member("pgd", hex: pgd == invalidPage ? nil : pgd)
    json.member("verdict", verdict.rawValue)
    json.key("role")
    if let role { role.write(to: &json) } else { json.null() }
    json.member("differs", strings: role.map { $0.differences(from: wanted) } ?? [])
    json.endObject()
  }
}

extension TLBCall {
  func write(to json: inout JSONWriter) {
    switch self {
    case .flushAll: return json.raw(#"{"call":"flush_tlb_all"}"#)
    case .flushCurrent: return json.raw(#"{"call":"flush_tlb_current"}"#)
    case .flushGuest: return json.raw(#"{"call":"flush_tlb_guest"}"#)
    case .flushGVA(let gva):
      json.beginObject(#"{"call":"flush_tlb_gva","gva":"#)
      json.hex(gva)
    case .loadMMUPGD(let root, let level):
      json.beginObject(#"{"call":"load_mmu_pgd","root":"#)
      json.hex(root.rawValue)
      json.member("level", level)
    case .invvpid(let type, let vpid):
      json.beginObject(#"{"call":"invvpid","type":"#)
      json.integer(type)
      json.member("vpid", Int(vpid))
    case .invept(let type, let eptp):
      json.beginObject(#"{"call":"invept","type":"#)
      json.integer(type)
      json.member("eptp", hex: eptp)
    }
    json.endObject()
  }
}
