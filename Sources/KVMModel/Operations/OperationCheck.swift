extension VirtualMachine {
  /// Whether an operation makes sense in this state.
  func check(_ operation: Operation) throws(OperationError) {
    switch operation {
    case .vcpu(let number, let operation, _):
      guard vcpus.indices.contains(number) else { throw .noSuchVCPU(number) }
      if let conflict = conflict(operation, number) { throw .conflict(conflict) }
      if let problem = addressProblem(operation, number) { throw .invalid(problem) }
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
    case .pageFault where shadowPages.count >= Machine.Limits.shadowPages,
      .access where shadowPages.count >= Machine.Limits.shadowPages:
      return
        "the machine has \(Machine.Limits.shadowPages) shadow pages, the bound for one session; zap-all frees them"
    case .smmEnter where smm: return "the vCPU is in system management mode already"
    case .smmLeave where !smm: return "the vCPU is not in system management mode"
    case .walk(let request) where request.space == .l2Physical && vcpus[number].mmu != .guest:
      return "no L2 guest runs on nested paging, so there are no L2-physical addresses"
    default: return nil
    }
  }

  /// Why the hardware could never report a fault at an address, or a guest use it.
  private func addressProblem(_ operation: VCPUOperation, _ number: Int) -> Problem? {
    switch operation {
    case .pageFault(let address, let code):
      let unknown = code.subtracting(.reportedByHardware)
      if !unknown.isEmpty {
        return Problem(
          pointer: "/error_code", detail: "bits \(hex(unknown.rawValue)) are in no error code of a page fault"
        )
      }
      guard machine.tdp else { return Self.linearAddressProblem(address, vcpus[number]) }
      let width = min(12 + 9 * vcpus[number][vcpus[number].mmu].mmuRole.level, machine.host.maxPhyAddr)
      return address >> UInt64(width) == 0
        ? nil
        : Problem(
          pointer: "/address",
          detail:
            "is wider than a guest-physical address that this machine's tables translate (\(width) bits)")
    case .access(let request):
      let isLong = vcpus[number].registers.efer.contains(.lma)
      if let problem = isLong ? nil : Self.linearAddressProblem(request.address, vcpus[number]) {
        return problem
      }
      return request.problem
    default: return nil
    }
  }

  /// A guest-virtual address has 32 bits outside long mode, and is canonical in it.
  private static func linearAddressProblem(_ address: UInt64, _ vcpu: VCPU) -> Problem? {
    let registers = vcpu.registers
    if registers.efer.contains(.lma) {
      return registers.isCanonical(address)
        ? nil : Problem(pointer: "/address", detail: "is not canonical, so no page fault can be at it")
    }
    return address >> 32 == 0
      ? nil : Problem(pointer: "/address", detail: "has more than 32 bits, and the vCPU is not in long mode")
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

extension AccessRequest {
  /// What keeps any guest from doing this.
  fileprivate var problem: Problem? {
    let rules: [(refused: Bool, pointer: String, detail: String)] = [
      (![1, 2, 4, 8].contains(bytes), "/bytes", "must be 1, 2, 4 or 8"),
      (!(0...3).contains(privilegeLevel), "/cpl", "must be from 0 to 3"),
      (
        Int(address & 0xfff) + min(max(bytes, 0), 8) > 0x1000, "/address",
        "the access must lie in one page; the processor does one that doesn't as two"
      ),
      (value != nil && kind != .write, "/value", "only a write has a value"),
      (
        (value ?? 0) >> UInt64(min(max(bytes, 0), 8) * 8) != 0, "/value",
        "doesn't fit into the bytes written"
      ),
    ]
    return rules.first(where: \.refused).map { Problem(pointer: $0.pointer, detail: $0.detail) }
  }
}

extension AccessMode {
  /// The bits that the hardware sets.
  fileprivate static let reportedByHardware: AccessMode = [
    .present, .write, .user, .reserved, .fetch, .protectionKey, .guestFinal, .guestPage,
  ]
}
