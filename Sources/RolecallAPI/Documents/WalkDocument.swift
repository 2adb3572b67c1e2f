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

extension OperationResult {
  /// What a walk found, read and changed; nothing for other operations.
  func writeWalk(to json: inout JSONWriter) {
    guard let walk else { return }
    json.key("walk")
    json.object { json in
      switch walk.result {
      case .success(let address):
        json.member("gpa", hex: address.rawValue)
        json.key("fault")
        json.null()
      case .failure(let fault):
        json.key("gpa")
        json.null()
        json.key("fault")
        fault.write(to: &json, exitQualification: walk.exitQualification)
      }
      json.member("references", walkSteps.last?.references ?? 0)
      json.key("steps")
      json.array { json in for step in walkSteps { step.write(to: &json) } }
      json.key("memory_changes")
      json.array { json in for change in memoryChanges { change.write(to: &json) } }
    }
  }
}

extension WalkFault {
  fileprivate func write(to json: inout JSONWriter, exitQualification: UInt64) {
    json.object { json in
      json.member("vector", ExceptionVector.pageFault.rawValue)
      json.member("error_code", hex: errorCode.rawValue)
      json.member("address", hex: address)
      json.member("nested", nested)
      json.member("exit_qualification", hex: exitQualification)
    }
  }
}

extension WalkStep {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("stage", stage.rawValue)
      json.member("nesting", nesting)
      json.member("level", level)
      json.member("table", hex: table)
      json.member("index", index)
      json.member("entry_gpa", hex: entryAddress?.rawValue)
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
