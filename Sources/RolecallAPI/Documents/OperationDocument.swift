import JSON
import KVMModel

extension Operation {
  /// The operation as a client of a machine of that vendor would list it.
  func write(to json: inout JSONWriter, _ vendor: Vendor) {
    json.beginObject()
    json.member("op", literal: kind.name)
    switch self {
    case .vcpu(let vcpu, let operation, let enterGuest):
      json.member("vcpu", vcpu)
      operation.writeArguments(to: &json, vendor)
      if let enterGuest { json.member("enter_guest", enterGuest) }
    case .machine(.writeMemory(let words)):
      json.key("at")
      json.array { json in for word in words { word.write(to: &json) } }
    case .machine(.map(let mapping)):
      mapping.writeMembers(to: &json)
    case .machine(.zapAll): break
    }
    json.endObject()
  }
}

extension VCPUOperation {
  fileprivate func writeArguments(to json: inout JSONWriter, _ vendor: Vendor) {
    switch self {
    case .setCR(let register, let write):
      json.member("register", literal: register.name)
      write.write(to: &json, register.bitNames)
    case .setEFER(let write): write.write(to: &json, BitNames.efer)
    case .setPKRU(let value): json.member("value", hex: UInt64(value))
    case .setCS(let long): json.member("l", long)
    case .setSregs(let values): values.writeMembers(to: &json)
    case .setCPUID(let change): change.writeMembers(to: &json)
    case .nestedEnter(let entry): entry.writeMembers(to: &json, vendor)
    case .nestedExit(let reason): json.member("reason", reason)
    case .eptLoad(let eptp): json.member("eptp", hex: eptp.rawValue)
    case .invlpg(let gva): json.member("gva", hex: gva)
    case .invpcid(let type, let pcid, let gva):
      InvalidationType.write(type, InvalidationType.invpcid, to: &json)
      json.member("pcid", hex: pcid)
      json.member("gva", hex: gva)
    case .invept(let type, let eptp):
      InvalidationType.write(type, InvalidationType.invept, to: &json)
      json.member("eptp", hex: eptp.rawValue)
    case .invvpid(let type, let vpid, let gva):
      InvalidationType.write(type, InvalidationType.invvpid, to: &json)
      json.member("vpid", hex: vpid)
      json.member("gva", hex: gva)
    case .invlpga(let gva, let asid):
      json.member("gva", hex: gva)
      json.member("asid", hex: UInt64(asid))
    case .walk(let request): request.writeMembers(to: &json)
    case .pageFault(let address, let errorCode):
      json.member("address", hex: address)
      json.member("error_code", hex: errorCode.rawValue)
    case .access(let request): request.writeMembers(to: &json)
    case .smmEnter, .smmLeave, .enterGuest, .vmxon, .vmxoff: break
    }
  }
}

extension ControlRegister {
  fileprivate var name: StaticString {
    switch self {
    case .cr0: "cr0"
    case .cr3: "cr3"
    case .cr4: "cr4"
    }
  }
}

extension RegisterWrite {
  fileprivate func write(to json: inout JSONWriter, _ names: NamedWords) {
    switch self {
    case .value(let value): json.member("value", hex: value)
    case .bits(let set, let clear):
      json.key("set")
      names.write(bits: set, to: &json)
      json.key("clear")
      names.write(bits: clear, to: &json)
    }
  }
}

extension RegisterValues {
  /// The registers named, and no other.
  func writeMembers(to json: inout JSONWriter) {
    if let cr0 { json.member("cr0", hex: cr0) }
    if let cr3 { json.member("cr3", hex: cr3) }
    if let cr4 { json.member("cr4", hex: cr4) }
    if let efer { json.member("efer", hex: efer) }
    if let codeSegmentLong { json.member("cs_l", codeSegmentLong) }
  }
}

extension CPUIDChange {
  fileprivate func writeMembers(to json: inout JSONWriter) {
    if let maxPhyAddr { json.member("maxphyaddr", maxPhyAddr) }
    for (key, flag) in CPUIDFlag.keys {
      guard let value = flags[flag] else { continue }
      json.key(key)
      json.bool(value)
    }
  }
}

extension CPUIDFlag {
  /// The flags by their keys.
  static let keys: KeyValuePairs<StaticString, CPUIDFlag> = [
    "lm": .lm, "nx": .nx, "gbpages": .gbpages, "pse36": .pse36, "pcid": .pcid, "smep": .smep, "smap": .smap,
    "pku": .pku, "la57": .la57, "umip": .umip,
  ]
}

extension NestedEntry {
  fileprivate func writeMembers(to json: inout JSONWriter, _ vendor: Vendor) {
    let isIntel = vendor == .intel
    if let nestedPaging { json.member(isIntel ? "ept" : "npt", nestedPaging) }
    if let pgd { json.member(isIntel ? "eptp" : "ncr3", hex: pgd) }
    if isIntel {
      json.member("vpid", Int(vpid))
      json.member("pdptrs", words: pdptrs)
      json.key("host")
      json.object { json in host.writeMembers(to: &json) }
    }
    json.key("l2")
    json.object { json in l2.writeMembers(to: &json) }
  }
}
