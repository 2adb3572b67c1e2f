/// Written in a row, because ``BinaryForm`` has no names by which to tell the cases of an enumeration apart.
extension Outcome: Codable {
  private enum Kind: UInt8, Codable {
    case ok, exception, invalid, vmFail, entryFailed, vmxExit, svmExit, shutdown, internalError
  }

  /// Writes which case it is, and its values.
  public func encode(to encoder: any Encoder) throws {
    var row = encoder.unkeyedContainer()
    switch self {
    case .ok: return try row.encode(Kind.ok)
    case .exception(let vector, let errorCode, let address, _):
      try row.encode(Kind.exception)
      try row.encode(vector)
      try row.encode(errorCode)
      try row.encode(Optionally(address))
    case .invalid: try row.encode(Kind.invalid)
    case .vmFail(let error, _):
      try row.encode(Kind.vmFail)
      try row.encode(Optionally(error))
    case .entryFailed(let exitReason, let qualification, _):
      try row.encode(Kind.entryFailed)
      try row.encode(exitReason)
      try row.encode(qualification)
    case .vmExit(.vmx(let reason, let qualification, let guestPhysicalAddress), _):
      try row.encode(Kind.vmxExit)
      try row.encode(reason)
      try row.encode(qualification)
      try row.encode(Optionally(guestPhysicalAddress))
    case .vmExit(.svm(let code, let info1, let info2), _):
      try row.encode(Kind.svmExit)
      try row.encode(code)
      try row.encode(info1)
      try row.encode(info2)
    case .shutdown: try row.encode(Kind.shutdown)
    case .internalError: try row.encode(Kind.internalError)
    }
    if let refusal { try row.encode(refusal) }
  }

  /// Reads what ``encode(to:)`` wrote.
  public init(from decoder: any Decoder) throws {
    var row = try decoder.unkeyedContainer()
    switch try row.decode(Kind.self) {
    case .ok: self = .ok
    case .exception:
      self = .exception(
        try row.decode(ExceptionVector.self), errorCode: try row.decode(UInt32.self),
        address: try row.decode(Optionally<UInt64>.self).value, refusal: try row.decode(Refusal.self))
    case .invalid: self = .invalid(try row.decode(Refusal.self))
    case .vmFail:
      self = .vmFail(
        error: try row.decode(Optionally<VMInstructionError>.self).value,
        refusal: try row.decode(Refusal.self))
    case .entryFailed:
      self = .entryFailed(
        exitReason: try row.decode(UInt32.self), qualification: try row.decode(UInt64.self),
        refusal: try row.decode(Refusal.self))
    case .vmxExit:
      let exit = VMExit.vmx(
        reason: try row.decode(UInt32.self), qualification: try row.decode(UInt64.self),
        guestPhysicalAddress: try row.decode(Optionally<UInt64>.self).value)
      self = .vmExit(exit, refusal: try row.decode(Refusal.self))
    case .svmExit:
      let exit = VMExit.svm(
        code: try row.decode(UInt64.self), info1: try row.decode(UInt64.self),
        info2: try row.decode(UInt64.self))
      self = .vmExit(exit, refusal: try row.decode(Refusal.self))
    case .shutdown: self = .shutdown(try row.decode(Refusal.self))
    case .internalError: self = .internalError(try row.decode(Refusal.self))
    }
  }
}

/// A value or none, as a property, which says whether it is there.
private struct Optionally<Value: Codable>: Codable {
  let value: Value?

  init(_ value: Value?) { self.value = value }
}
