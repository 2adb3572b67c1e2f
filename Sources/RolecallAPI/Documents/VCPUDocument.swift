import JSON
import KVMModel

extension VCPU {
  /// The top-level keys of the document, in order; `names` only where it stands alone.
  static let documentKeys = [
    "names", "id", "registers", "paging_mode", "guest_mode", "smm", "mmu", "walk_mmu", "requests", "nested",
    "root_mmu", "guest_mmu", "nested_mmu",
  ]

  /// The document, within another one unless `isAlone`.
  func write(
    to json: inout JSONWriter, _ naming: Naming, in machine: borrowing VirtualMachine, fields: Fields = .all,
    isAlone: Bool = false
  ) {
    json.beginObject()
    if isAlone, fields.contains("names") { naming.writeNames(to: &json) }
    if fields.contains("id") { json.member("id", id) }
    if fields.contains("registers") {
      json.key("registers")
      registers.write(to: &json)
    }
    if fields.contains("paging_mode") { json.member("paging_mode", registers.pagingMode.rawValue) }
    if fields.contains("guest_mode") { json.member("guest_mode", guestMode) }
    if fields.contains("smm") { json.member("smm", smm) }
    if fields.contains("mmu") { json.member("mmu", mmu.rawValue) }
    if fields.contains("walk_mmu") { json.member("walk_mmu", walkMMU.rawValue) }
    if fields.contains("requests") {
      json.key("requests")
      requests.write(to: &json)
    }
    if fields.contains("nested") {
      json.key("nested")
      if let nested { nested.write(to: &json) } else { json.null() }
    }
    for name in MMUName.allCases where fields.contains(name.rawValue) {
      json.key(named: name.rawValue)
      self[name].write(to: &json, naming, in: machine)
    }
    json.endObject()
  }
}

extension Registers {
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("cr0", hex: cr0.rawValue)
      json.member("cr3", hex: cr3)
      json.member("cr4", hex: cr4.rawValue)
      json.member("efer", hex: efer.rawValue)
      json.member("pkru", hex: UInt64(pkru))
      json.member("cs_l", codeSegmentLong)
    }
  }
}

extension NestedGuest {
  func write(to json: inout JSONWriter) {
    json.object { json in
      switch control {
      case .vmx(let guest):
        json.member("vendor", Vendor.intel.rawValue)
        json.member("ept", guest.ept)
        json.member("eptp", hex: guest.ept ? guest.eptp.rawValue : nil)
        json.member("vpid", Int(guest.vpid))
      case .svm(let guest):
        json.member("vendor", Vendor.amd.rawValue)
        json.member("npt", guest.ncr3 != nil)
        json.member("ncr3", hex: guest.ncr3)
        json.member("vpid", nil as Int?)
      }
      json.key("l1")
      l1.write(to: &json)
    }
  }
}
