extension VirtualMachine {
  /// A machine with its vCPUs made and booted.
  ///
  /// - Parameters:
  ///   - machine: a machine without ``Machine/problems()``; memory words that don't fit are left out.
  ///   - boot: the state that every vCPU is put into.
  public init(machine: Machine, boot: Boot = .longMode) {
    self.machine = machine
    memory = GuestMemory(slots: machine.memory.slots)
    vcpus = (0..<machine.vcpus).map { VCPU(id: $0, machine: machine) }
    vcpu = VCPU(id: 0, machine: machine)
    for word in machine.memory.words { _ = memory.store(word.value, at: word.address) }
    for id in vcpus.indices { on(id) { $0.initMMU() } }
    for id in vcpus.indices {
      on(id) {
        if let registers = boot.registers { try? $0.setSregs(registers) }
        if machine.autoEnter { _ = $0.enterGuest() }
      }
    }
    _ = transcript.end(.ok)
  }

  /// Carries an operation out.
  ///
  /// What the simulated machine refuses is a result too, and leaves the state that KVM would leave.
  /// - Parameter detail: the parts of the result that are wanted; the others stay empty.
  /// - Throws: ``OperationError`` if the operation makes no sense in this state; nothing has changed then.
  public mutating func apply(
    _ operation: Operation, detail: Detail = .all
  ) throws(OperationError) -> OperationResult {
    try check(operation)
    let outcome: Outcome
    if !detail.contains(.changes) {
      outcome = try carryOut(operation, detail)
    } else if let number = operation.vcpu {
      let focus = vcpus[number].visible
      let others = vcpus.count > 1 ? vcpus.filter { $0.id != number } : []
      outcome = try carryOut(operation, detail)
      transcript.result.changes = Change.list(from: focus, others, to: vcpus)
    } else {
      let before = vcpus
      outcome = try carryOut(operation, detail)
      transcript.result.changes = Change.list(from: before, to: vcpus)
    }
    return transcript.end(outcome)
  }

  private mutating func carryOut(
    _ operation: Operation, _ detail: Detail
  ) throws(OperationError) -> Outcome {
    let backup = memory.isFull ? [self] : []
    transcript.begin(detail)
    let outcome: Outcome
    switch operation {
    case .vcpu(let number, let operation, let enterGuest):
      let enters = enterGuest ?? machine.autoEnter
      outcome = on(number) { $0.run(operation, enterGuest: enters) }
    case .machine(.zapAll):
      zapAllFast()
      outcome = .ok
    case .machine(.writeMemory(let words)):
      writeMemory(words)
      outcome = .ok
    case .machine(.map(let mapping)):
      carryOut(try TablePlan(mapping, in: memory), of: mapping)
      outcome = .ok
    }
    if let refusal = transcript.memoryRefusal {
      _ = transcript.end(outcome)
      if let backup = backup.first { self = backup }
      throw .invalid(Problem(pointer: "/value", detail: refusal.detail))
    }
    return outcome
  }

  private mutating func run(_ operation: VCPUOperation, enterGuest enters: Bool) -> Outcome {
    var outcome = Outcome.ok
    do {
      try perform(operation)
    } catch {
      outcome = error.outcome
      if narrates, let refusal = outcome.refusal, !outcome.isNarratedWhereItArises {
        var sentence: Text =
          "\(operation.usesMemory ? "Ends" : "Refused"): \(refusal.reason). \(outcome.summary)."
        transcript.append(refusal.function, &sentence, nil)
      }
    }
    if operation == .enterGuest { return enterGuest() }
    if case .internalError = outcome { return outcome }
    if case .access = operation, vcpu.requests.isEmpty { return outcome }
    guard enters else { return outcome }
    let entered = enterGuest()
    return entered == .ok ? outcome : entered
  }

  private mutating func perform(_ operation: VCPUOperation) throws(Refused) {
    let registers = vcpu.registers
    switch operation {
    case .setCR(.cr0, let write): try setCR0(write.value(over: registers.cr0.rawValue))
    case .setCR(.cr3, let write): try setCR3(write.value(over: registers.cr3))
    case .setCR(.cr4, let write): try setCR4(write.value(over: registers.cr4.rawValue))
    case .setEFER(let write): try setEFER(write.value(over: registers.efer.rawValue))
    case .setPKRU(let value): try setPKRU(value)
    case .setCS(let long): setCS(long)
    case .setSregs(let values): try setSregs(values)
    case .setCPUID(let change): setCPUID(change)
    case .smmEnter: smmChanged(to: true)
    case .smmLeave: smmChanged(to: false)
    case .enterGuest: break
    case .nestedEnter(let entry): try nestedEnter(entry)
    case .nestedExit(let reason): nestedExit(reason ?? (machine.vendor == .intel ? "VMCALL" : "VMMCALL"))
    case .eptLoad(let eptp): try eptLoad(eptp)
    case .invlpg(let gva): try invlpg(gva)
    case .invpcid(let type, let pcid, let gva): try invpcid(type: type, pcid: pcid, gva: gva)
    case .invept(let type, let eptp): try invept(type: type, eptp: eptp)
    case .invvpid(let type, let vpid, let gva): try invvpid(type: type, vpid: vpid, gva: gva)
    case .invlpga(let gva, _): try invlpga(gva)
    case .vmxon: try vmxon()
    case .vmxoff: try vmxoff()
    case .walk(let request): try walk(request)
    case .pageFault(let address, let errorCode): _ = try pageFault(address, errorCode)
    case .access(let request): try access(request)
    }
  }

  private mutating func walk(_ request: WalkRequest) throws(Refused) {
    let name = request.space == .virtual ? vcpu.walkMMU : .guest
    vcpu.exitQualification = request.exitQualification
    enter("kvm_mmu_gva_to_gpa") { machine in
      "\(name.rawValue)'s tables are walked for \(hex(request.address))"
        + (name == .nested
          ? "; every table address in them is L2-physical and is walked in L1's tables." : ".")
    }
    defer { leave() }
    if request.space == .virtual && vcpu.registers.efer.contains(.lma) && !isCanonical(request.address) {
      say("kvm_mmu_gva_to_gpa") { _ in
        "The address is not canonical: the processor would raise #GP. KVM's walk does not look at the bits that no table "
          + "translates."
      }
    }
    let result = physicalAddress(name, request.address, access: request.access)
    transcript.result.walk = WalkReport(result: result, exitQualification: vcpu.exitQualification)
    switch result {
    case .success(let address):
      say("kvm_mmu_gva_to_gpa") { _ in "The walk leads to guest-physical \(hex(address.rawValue))." }
    case .failure(let fault):
      if request.inject { throw Refused(outcome: inject(fault)) }
    }
  }

  private mutating func setPKRU(_ value: UInt32) throws(Refused) {
    guard vcpu.registers.cr4.contains(.pke) else {
      throw .exception(.undefinedOpcode, "WRPKRU", "CR4.PKE is 0 (Intel SDM volume 2, WRPKRU)")
    }
    vcpu.registers.pkru = value
    say("WRPKRU") { _ in
      "The processor takes the rights of the protection keys without an exit; walks look at them, roles don't."
    }
  }

  private mutating func setCS(_ long: Bool) {
    vcpu.registers.codeSegmentLong = long
    say("kvm_set_segment") { _ in
      "CS.L is \(long ? 1 : 0). No role depends on it; it decides whether paging may be turned on or off."
    }
  }

  private mutating func eptLoad(_ eptp: EPTPointer) throws(Refused) {
    if case .vmx(let guest)? = vcpu.nested?.control {
      try switchEPTP(guest, to: eptp)
    } else {
      try checkVMXPermission("handle_vmwrite")
      vcpu.nestedState.eptp = eptp
      say("handle_vmwrite") { _ in
        "L1 writes \(hex: eptp.rawValue) to the EPT pointer field of its VMCS; it counts at the next entry."
      }
    }
  }

  private mutating func writeMemory(_ words: [MemoryWord]) {
    for word in words { _ = memory.store(word.value, at: word.address) }
    say("kvm_vm_ioctl") { _ in
      "\(words.count) word\(words.count == 1 ? "" : "s") of guest memory \(words.count == 1 ? "is" : "are") written. "
        + "KVM does not notice."
    }
  }
}

extension VCPUOperation {
  /// It looks for an address; a fault is then an answer, not a refusal.
  fileprivate var usesMemory: Bool {
    switch self {
    case .walk, .pageFault, .access: true
    default: false
    }
  }
}

extension Outcome {
  /// The refusal is written down before L1's state comes back, not at the end.
  fileprivate var isNarratedWhereItArises: Bool {
    if case .entryFailed = self { true } else { false }
  }

  /// What the guest or user space sees, in a few words.
  var summary: String {
    switch self {
    case .ok: "Done"
    case .exception(let vector, _, _, _): "The guest gets \(vector.rawValue)"
    case .invalid: "User space gets -EINVAL"
    case .vmFail(let error, _): error.map { "VMfailValid \($0.rawValue), \($0.name)" } ?? "VMfailInvalid"
    case .entryFailed(let reason, _, _): "The VM entry fails with exit reason \(hex(reason))"
    case .vmExit(.vmx(let reason, _, _), _): "L1 sees exit reason \(reason)"
    case .vmExit(.svm(let code, _, _), _): "L1 sees exit code \(hex(code))"
    case .shutdown: "The machine shuts down"
    case .internalError: "KVM leaves to user space with an internal error"
    }
  }
}

extension Operation {
  /// The vCPU an operation is on; `nil` for one on the machine.
  public var vcpu: Int? {
    if case .vcpu(let number, _, _) = self { number } else { nil }
  }
}
