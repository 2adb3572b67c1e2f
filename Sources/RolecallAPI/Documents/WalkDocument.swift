import JSON
import KVMModel

extension WalkRequest {
  /// The keys of the operation's body.
  func writeMembers(to json: inout JSONWriter) {
    json.member("address", hex: address)
    json.member("access", kind.rawValue)
    json.member("user", access.contains(.user))
    json.member("implicit", access.contains(.implicit))
    json.member("ac", alignmentCheck)
    json.member("space", space.rawValue)
    json.member("inject", inject)
    json.member("exit_qualification", hex: exitQualification)
  }
}

extension WalkReport {
  /// The top-level keys of a walk, in order.
  static let documentKeys = ["gpa", "fault", "references", "steps", "memory_changes"]
}

extension OperationResult {
  /// What a walk found, read and changed; null if the operation was none.
  func writeWalk(to json: inout JSONWriter, _ machine: Machine, fields: Fields = .all) {
    guard let walk else { return json.null() }
    json.beginObject()
    if fields.contains("gpa") { json.member("gpa", hex: (try? walk.result.get())?.rawValue) }
    if fields.contains("fault") {
      json.key("fault")
      if case .failure(let fault) = walk.result {
        let hasEPT = machine.vendor == .intel && machine.tdp
        fault.write(to: &json, exitQualification: hasEPT ? walk.exitQualification : nil)
      } else {
        json.null()
      }
    }
    if fields.contains("references") { json.member("references", walkSteps.last?.references ?? 0) }
    if fields.contains("steps") {
      json.key("steps")
      json.array { json in for step in walkSteps { step.write(to: &json) } }
    }
    if fields.contains("memory_changes") {
      json.key("memory_changes")
      json.array { json in for change in memoryChanges { change.write(to: &json) } }
    }
    json.endObject()
  }
}

extension WalkFault {
  /// The fault; a qualification belongs to one in EPT only.
  fileprivate func write(to json: inout JSONWriter, exitQualification: UInt64?) {
    json.object { json in
      json.member("vector", ExceptionVector.pageFault.rawValue)
      json.member("error_code", hex: errorCode.rawValue)
      json.member("address", hex: address)
      json.member("nested", nested)
      json.member("exit_qualification", hex: nested ? exitQualification : nil)
    }
  }
}

extension WalkStep {
  /// An entry that a walk read.
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("stage", stage.rawValue)
      json.member("nesting", nesting)
      json.member("level", level)
      json.member("table", hex: table)
      json.member("index", index)
      json.member("entry_gpa", hex: entryAddress?.rawValue)
      json.member("entry_hpa", hex: shadowEntryAddress?.rawValue)
      json.member("entry", hex: entry)
      json.member("flags", strings: flags)
      json.member("conclusion", conclusion)
      json.member("references", references)
    }
  }
}

extension MemoryChange {
  /// An entry or word of guest memory that changed.
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("gpa", hex: address.rawValue)
      json.member("bytes", bytes)
      json.member("from", hex: from)
      json.member("to", hex: to)
    }
  }
}
