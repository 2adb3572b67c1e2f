extension VirtualMachine {
  /// Tries after which an access is given up; KVM has no such bound, and none is known to need more than a few.
  private static let maximumTries = 128

  /// An access by the guest: the processor walks the tables that KVM loaded, and each fault goes to KVM, until the access
  /// succeeds or the guest or L1 sees why not.
  mutating func access(_ request: AccessRequest) throws(Refused) {
    enter("hardware") { _ in
      "The guest \(request.kind.verb) at \(hex: request.address), at privilege level \(request.privilegeLevel)."
    }
    defer { leave() }
    if vcpu.registers.efer.contains(.lma) && !isCanonical(request.address) {
      throw .generalProtection("hardware", "the address is not canonical, so the processor walks no tables")
    }
    transcript.result.access = AccessReport()
    for number in 1...Self.maximumTries {
      let entered = enterGuest()
      guard entered == .ok else { throw Refused(outcome: entered) }
      transcript.result.access?.tries = number
      if try attempt(request) { return }
    }
    throw Refused(
      outcome: .internalError(
        Refusal(function: "hardware", reason: "the access still faults after \(Self.maximumTries) tries")))
  }

  /// One try.
  ///
  /// - Returns: whether the access is done.
  private mutating func attempt(_ request: AccessRequest) throws(Refused) -> Bool {
    transcript.result.walkSteps = []
    transcript.references = 0
    let fault: WalkFault
    switch hardwareWalk(request) {
    case .success(let address):
      transcript.result.walk = WalkReport(
        result: .success(address), exitQualification: vcpu.exitQualification)
      say("hardware") { _ in
        "The tables allow the access: it reaches guest-physical \(hex: address.rawValue)."
      }
      try complete(request, at: address)
      return true
    case .failure(let failure): fault = failure
    }
    transcript.result.walk = WalkReport(result: .failure(fault), exitQualification: vcpu.exitQualification)
    if machine.tdp && !fault.nested {
      throw Refused(outcome: .pageFault(fault, in: "hardware"))
    }
    say("hardware") { _ in
      "The processor leaves the guest: the loaded tables don't allow the access (\(hex: fault.address), error code "
        + "\(fault.errorCode.summary))."
    }
    return try handleFault(fault, request)
  }

  /// The processor's walk; a fault that is `nested` is KVM's to handle.
  private mutating func hardwareWalk(_ request: AccessRequest) -> Result<GuestPhysicalAddress, WalkFault> {
    if machine.tdp {
      return physicalAddress(vcpu.walkMMU, request.address, access: request.mode, by: .processor)
    }
    return walkShadowTables(request.address, request.mode)
  }

  /// KVM's part of a fault (`kvm_mmu_page_fault`).
  ///
  /// - Returns: whether the access is done, because KVM emulated it.
  private mutating func handleFault(_ fault: WalkFault, _ request: AccessRequest) throws(Refused) -> Bool {
    enter("kvm_mmu_page_fault") { _ in "KVM handles the fault at \(hex: fault.address)." }
    defer { leave() }
    vcpu.nestedFaultStage =
      machine.vendor == .amd && machine.tdp
      ? fault.errorCode.intersection([.guestFinal, .guestPage]) : nil
    defer { vcpu.nestedFaultStage = nil }
    let result = try pageFault(
      fault.address, fault.errorCode, alignmentCheck: request.alignmentCheck && !request.implicit)
    guard result == .emulate else { return false }
    let frame = GuestFrameNumber(rawValue: fault.address >> 12)
    if activeMMU.mmuRole.direct && fault.errorCode.isSuperset(of: [.guestPage, .write, .present])
      && !fault.errorCode.contains(.reserved)
    {
      unprotect(frame)
      return false
    }
    let isKnown = activeMMU.mmuRole.direct && machine.tdp && fault.errorCode.contains(.guestFinal)
    try emulate(request, at: isKnown ? GuestPhysicalAddress(rawValue: fault.address) : nil)
    return true
  }

  /// Handles a fault that the hardware reports (`kvm_mmu_page_fault`, up to emulation).
  mutating func pageFault(
    _ address: UInt64, _ errorCode: AccessMode, alignmentCheck: Bool = false
  ) throws(Refused) -> FaultReturn {
    let fault = PageFault(address: address, errorCode: errorCode, alignmentCheck: alignmentCheck)
    let firstStep = transcript.result.walkSteps.count
    let firstChange = transcript.result.memoryChanges.count
    defer { transcript.closeFault(stepsFrom: firstStep, changesFrom: firstChange) }
    guard activeMMU.root.hpa != nil else {
      say("kvm_mmu_page_fault") { _ in "No root is valid: the guest must be entered again first." }
      transcript.result.faults.append(FaultReport(fault, .retry))
      return .retry
    }
    if errorCode.contains(.reserved) {
      let result = mmioFault(fault, vcpu.mmu)
      if result != .invalid {
        transcript.result.faults.append(FaultReport(fault, result))
        return result
      }
    }
    return try doPageFault(fault)
  }

  /// KVM carries the guest's instruction out (`x86_emulate_instruction`).
  ///
  /// - Parameter address: where it leads, if the fault told.
  private mutating func emulate(_ request: AccessRequest, at address: GuestPhysicalAddress?) throws(Refused) {
    enter("x86_emulate_instruction") { _ in
      "The processor may not write a guest table that is shadowed, nor reach a device: KVM carries the instruction out."
    }
    defer { leave() }
    transcript.result.access?.isEmulated = true
    var target = address ?? rememberedMMIO(request)
    if target == nil {
      switch physicalAddress(vcpu.walkMMU, request.address, access: request.mode) {
      case .success(let found): target = found
      case .failure(let fault): throw Refused(outcome: inject(fault))
      }
    }
    guard let target else { return }
    transcript.result.walk = WalkReport(result: .success(target), exitQualification: vcpu.exitQualification)
    guard memory.isVisible(target.frame) else {
      transcript.result.access?.isMMIO = true
      say("emulator_read_write_onepage") { _ in
        "No memory lies at guest-physical \(hex: target.rawValue): user space acts as the device (KVM_EXIT_MMIO)."
      }
      return
    }
    try complete(request, at: target)
    if request.kind == .write {
      shadowedTableWritten(EmulatedWrite(address: target, bytes: request.bytes))
    }
  }

  /// Reads or writes memory.
  private mutating func complete(_ request: AccessRequest, at address: GuestPhysicalAddress) throws(Refused) {
    let old = memory.read(address, bytes: request.bytes)
    guard request.kind == .write, let value = request.value, let old, value != old else {
      transcript.result.access?.value = old
      return
    }
    if let refusal = memory.write(value, at: address, bytes: request.bytes) {
      throw Refused(
        outcome: .internalError(
          Refusal(function: "kvm_vcpu_write_guest", reason: "the write \(refusal.detail)")))
    }
    transcript.result.access?.value = value
    if transcript.detail.contains(.memory) {
      transcript.result.memoryChanges.append(
        MemoryChange(address: address, bytes: request.bytes, from: old, to: value))
    }
  }
}

extension WalkRequest.Access {
  /// What the guest does, in a sentence.
  fileprivate var verb: String {
    switch self {
    case .read: "reads"
    case .write: "writes"
    case .fetch: "fetches an instruction"
    }
  }
}
