import JSON
import KVMModel

extension Outcome {
  /// How an operation ended, with the keys that its status has.
  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("status", literal: statusName)
    switch self {
    case .ok, .invalid, .shutdown, .internalError: break
    case .exception(let vector, let errorCode, let address, _):
      json.member("vector", vector.rawValue)
      json.member("error_code", hex: UInt64(errorCode))
      if vector == .pageFault { json.member("address", hex: address) }
    case .vmFail(let error, _):
      json.member("error", error?.rawValue)
      json.member("name", error?.name ?? "VMfailInvalid")
    case .entryFailed(let exitReason, let qualification, _):
      json.member("exit_reason", hex: UInt64(exitReason))
      json.member("qualification", hex: qualification)
    case .vmExit(let exit, _): exit.writeMembers(to: &json)
    }
    if let refusal {
      json.member("reason", refusal.reason)
      json.member("function", refusal.function)
    }
    json.endObject()
  }
}

extension VMExit {
  fileprivate func writeMembers(to json: inout JSONWriter) {
    switch self {
    case .vmx(let reason, let qualification, let guestPhysicalAddress):
      json.member("exit_code", hex: UInt64(reason))
      json.member("qualification", hex: qualification)
      json.member("guest_physical_address", hex: guestPhysicalAddress)
    case .svm(let code, let info1, let info2):
      json.member("exit_code", hex: code)
      json.member("info1", hex: info1)
      json.member("info2", hex: info2)
    }
  }
}
