import JSON
import KVMModel

extension FaultReport {
  /// What KVM's handler of page faults did.
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("address", hex: address)
      json.member("error_code", hex: errorCode.rawValue)
      json.member("ret", result.rawValue)
      json.member("write_fault_to_shadow_pgtable", writesOwnTable)
      json.key("steps")
      json.array { json in for step in steps { step.write(to: &json) } }
      json.key("memory_changes")
      json.array { json in for change in memoryChanges { change.write(to: &json) } }
    }
  }
}

extension AccessRequest {
  /// The keys of the operation's body.
  func writeMembers(to json: inout JSONWriter) {
    json.member("address", hex: address)
    json.member("access", kind.rawValue)
    json.member("cpl", privilegeLevel)
    json.member("implicit", implicit)
    json.member("ac", alignmentCheck)
    json.member("bytes", bytes)
    if let value { json.member("value", hex: value) }
  }
}

extension OperationResult {
  /// What an access of the guest came to: how often it tried, each fault on the way, and what was read or written.
  func writeAccess(to json: inout JSONWriter) {
    guard let access else { return json.null() }
    json.object { json in
      json.member("tries", access.tries)
      json.member("emulated", access.isEmulated)
      json.member("mmio", access.isMMIO)
      json.member("value", hex: access.value)
      json.key("faults")
      json.array { json in for fault in faults { fault.write(to: &json) } }
    }
  }
}
