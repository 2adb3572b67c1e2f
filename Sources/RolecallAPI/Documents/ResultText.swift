import KVMModel

extension ResultDocument {
  /// The result for a terminal: the narration a step a line, then the outcome, a walk, a page fault, an access, a mapping, the
  /// changes, the lookups and the TLB calls, with an empty line between them. The trace and the vCPU come only if they are asked
  /// for by name.
  func text(_ naming: Naming, in machine: borrowing VirtualMachine) -> String {
    var sections: [[String]] = []
    if !isMinimal, fields.contains("narration") { sections.append(result.narration.map(\.line)) }
    if fields.contains("outcome") { sections.append(["outcome: \(result.outcome.text)"]) }
    let showsWalk = result.walk != nil && fields.contains("walk")
    if showsWalk { sections.append(result.walkLines) }
    if let fault = result.faults.last, fields.contains("page_fault") {
      sections.append([fault.line] + fault.steps.map(\.line))
      // A walk has listed every change already.
      if !showsWalk { sections[sections.count - 1] += fault.memoryChanges.map(\.line) }
    }
    if let access = result.access, fields.contains("access") {
      sections.append([access.line] + result.faults.map { "  " + $0.line })
    } else if let access = result.access, fields.contains("tries") {
      sections.append(["tries \(access.tries)"])
    }
    if let map = result.map, fields.contains("map") { sections.append(map.lines) }
    if fields.contains("changes") {
      sections.append(
        result.changes.map { $0.line(naming) })
    }
    if fields.contains("lookups") { sections += result.lookups.map(\.lines) }
    if fields.contains("tlb") { sections.append(result.tlb.map(\.text)) }
    if fields.chosen?.contains("trace") == true { sections.append(result.trace.map(\.text)) }
    var text = sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n" }.joined(
      separator: "\n")
    if !isMinimal, fields.chosen?.contains("vcpu") == true, let vcpu = operation.vcpu {
      text += (text.isEmpty ? "" : "\n") + machine.vcpus[vcpu].table(in: machine)
    }
    return text
  }
}

extension NarrationStep {
  fileprivate var line: String { String(repeating: "  ", count: depth) + "\(function): \(text)" }
}

extension WalkStep {
  /// The entry and what was concluded, in a line.
  var line: String {
    let value = ([entry.map { hex($0) } ?? "unreadable"] + flags).joined(separator: " ")
    return String(repeating: "  ", count: nesting)
      + "\(stage.rawValue) level \(level), entry \(index), \(value): \(conclusion)"
  }
}

extension OperationResult {
  /// A line for each entry that a walk read, where it led, and a line for each change of memory.
  fileprivate var walkLines: [String] {
    guard let walk else { return [] }
    return walkSteps.map(\.line) + [walk.line(isAccess: access != nil)] + memoryChanges.map(\.line)
  }
}

extension WalkReport {
  /// Where the walk led. The fault of an access in the tables that KVM loaded is no exception, but an exit to KVM.
  func line(isAccess: Bool) -> String {
    switch result {
    case .success(let address): "gpa \(hex(address.rawValue))"
    case .failure(let fault) where isAccess && fault.nested:
      "exit to KVM at \(hex(fault.address)), error code \(hex(fault.errorCode.rawValue))"
    case .failure(let fault):
      "fault #PF(\(hex(fault.errorCode.rawValue))) at \(hex(fault.address))"
        + (fault.nested ? ", nested" : "")
    }
  }
}

extension MemoryChange {
  fileprivate var line: String { "\(hex(address.rawValue)): \(hex(from)) -> \(hex(to))" }
}

extension FaultReport {
  fileprivate var line: String {
    "page fault at \(hex(address)), error code \(hex(errorCode.rawValue)): \(result.rawValue)"
      + (writesOwnTable ? ", and the page is one of its own tables" : "")
  }
}

extension AccessReport {
  fileprivate var line: String {
    "access: \(tries) \(tries == 1 ? "try" : "tries")" + (isEmulated ? ", emulated" : "")
      + (isMMIO ? ", MMIO" : "") + (value.map { ", value \(hex($0))" } ?? "")
  }
}

extension MapReport {
  /// A line for each entry written, then the pages that became tables.
  fileprivate var lines: [String] {
    guard !entries.isEmpty else { return ["mapped already, nothing written"] }
    return entries.map { entry in
      "level \(entry.level), entry \(entry.index) at \(hex(entry.address.rawValue)): "
        + "\(hex(entry.from)) -> \(([hex(entry.to)] + entry.flags).joined(separator: " "))"
    } + (tables.isEmpty ? [] : ["new tables " + tables.map { hex($0.rawValue) }.joined(separator: " ")])
  }
}

extension Outcome {
  /// How an operation ended, in a line.
  var text: String {
    let numbers =
      switch self {
      case .ok, .invalid, .shutdown, .internalError: ""
      case .exception(let vector, let errorCode, let address, _):
        " \(vector.rawValue)(\(hex(errorCode)))" + (address.map { " at \(hex($0))" } ?? "")
      case .vmFail(let error, _): error.map { " \($0.rawValue), \($0.name)" } ?? ", VMfailInvalid"
      case .entryFailed(let reason, let qualification, _):
        ", exit reason \(hex(reason)), qualification \(hex(qualification))"
      case .vmExit(.vmx(let reason, let qualification, let address), _):
        " \(hex(reason)), qualification \(hex(qualification))"
          + (address.map { ", guest-physical address \(hex($0))" } ?? "")
      case .vmExit(.svm(let code, let info1, let info2), _):
        " \(hex(code)), info1 \(hex(info1)), info2 \(hex(info2))"
      }
    return status + numbers + (refusal.map { ": \($0.reason) (\($0.function))" } ?? "")
  }
}

extension Change {
  /// The change in a line.
  func line(_ naming: Naming) -> String { "\(naming.path(path.description)): \(from.text) -> \(to.text)" }
}

extension Change.Value {
  fileprivate var text: String {
    switch self {
    case .null: "-"
    case .flag(let flag): "\(flag)"
    case .number(let number): "\(number)"
    case .word(let word): hex(word)
    case .pagingMode, .mmu, .pageFault, .walkFormat, .access: name ?? "-"
    case .requests(let requests): requests.isEmpty ? "none" : requests.names.joined(separator: " ")
    case .words(let words): (0..<4).map { hex(words.vector[$0]) }.joined(separator: " ")
    case .permissions(let permissions): permissions.text
    }
  }
}

extension RootLookup {
  /// What was looked for and whether it was found, then a line for each candidate.
  var lines: [String] {
    let result = hit.map { "hit in slot \($0.name)" } ?? "miss"
    return ["\(mmu.rawValue) looks for pgd \(pgdText(pgd)), role \(hex(role.rawValue)): \(result)"]
      + candidates.map { candidate in
        let differing = candidate.role?.differences(from: role) ?? []
        return "  \(padded(candidate.slot.name, 9))\(padded("pgd " + pgdText(candidate.pgd), 24))"
          + candidate.verdict.rawValue
          + (differing.isEmpty ? "" : " (\(differing.joined(separator: ", ")))")
      }
  }
}

extension TLBCall {
  fileprivate var text: String {
    switch self {
    case .flushAll: "flush_tlb_all"
    case .flushCurrent: "flush_tlb_current"
    case .flushGuest: "flush_tlb_guest"
    case .flushGVA(let gva): "flush_tlb_gva \(hex(gva))"
    case .loadMMUPGD(let root, let level): "load_mmu_pgd \(hex(root.rawValue)), level \(level)"
    case .invvpid(let type, let vpid): "invvpid type \(type), vpid \(vpid)"
    case .invept(let type, let eptp): "invept type \(type), eptp \(hex(eptp))"
    }
  }
}
