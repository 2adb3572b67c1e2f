extension VirtualMachine {
  /// Whether an operation makes sense in this state.
  func check(_ operation: Operation) throws(OperationError) {
    switch operation {
    case .vcpu(let number, let operation, _):
      guard vcpus.indices.contains(number) else { throw .noSuchVCPU(number) }
      if let conflict = conflict(operation, number) { throw .conflict(conflict) }
    case .machine(.writeMemory(let words)): try check(words)
    case .machine(.map(let mapping)): _ = try TablePlan(mapping, in: memory)
    case .machine(.zapAll): break
    }
  }

  private func conflict(_ operation: VCPUOperation, _ number: Int) -> String? {
    let guestMode = vcpus[number].guestMode
    let smm = vcpus[number].smm
    if let vendor = operation.vendor, vendor != machine.vendor {
      return
        "the operation belongs to \(vendor.name) processors; this machine's is \(machine.vendor.name)"
    }
    switch operation.needs {
    case .l1 where guestMode: return "an L2 guest runs; a nested-exit to L1 comes first"
    case .l2 where !guestMode: return "no L2 guest runs; a nested-enter comes first"
    default: break
    }
    switch operation {
    case .smmEnter where smm: return "the vCPU is in system management mode already"
    case .smmLeave where !smm: return "the vCPU is not in system management mode"
    case .walk(let request) where request.space == .l2Physical && vcpus[number].mmu != .guest:
      return "no L2 guest runs on nested paging, so there are no L2-physical addresses"
    default: return nil
    }
  }

  private func check(_ words: [MemoryWord]) throws(OperationError) {
    if let index = words.firstIndex(where: { $0.address.rawValue % 8 != 0 }) {
      throw .invalid(Problem(pointer: "/words/\(index)", detail: "must lie at a multiple of 8"))
    }
    if let (index, refusal) = memory.refusal(of: words) {
      throw .invalid(Problem(pointer: "/words/\(index)", detail: refusal.detail))
    }
  }
}

extension VCPUOperation {
  fileprivate enum Context { case l1, l2 }

  /// The vendor whose processors have the operation; `nil` if both have.
  fileprivate var vendor: Vendor? {
    switch self {
    case .eptLoad, .invept, .invvpid, .vmxon, .vmxoff: .intel
    case .invlpga: .amd
    default: nil
    }
  }

  /// Where the operation makes sense; `nil` for anywhere.
  fileprivate var needs: Context? {
    switch self {
    case .nestedEnter, .invept, .invvpid, .vmxon, .vmxoff, .smmEnter, .smmLeave, .setCPUID, .invlpga: .l1
    case .nestedExit: .l2
    default: nil
    }
  }
}
