/// A virtual machine as KVM's MMU code sees it: the value that operations change.
///
/// It is deterministic: equal machines that go through equal operations are equal, in any process.
public struct VirtualMachine: Sendable, Hashable {
  /// What was fixed when it was made.
  public let machine: Machine
  /// The vCPUs, by number.
  public internal(set) var vcpus: [VCPU]
  /// Guest memory.
  public internal(set) var memory: GuestMemory
  /// The generation of shadow pages, 0 or 1 (`mmu_valid_gen`).
  public internal(set) var validGeneration: UInt8 = 0
  var pages = ShadowPageTable()
  var nextSpecialRoot = HostPhysicalAddress.firstSpecialRoot
  /// The vCPU that an operation runs on: it changes places with its element of ``vcpus`` meanwhile, so that reading
  /// a field copies nothing else. Between operations a vCPU that nobody sees stands here.
  var vcpu: VCPU
  /// The place of ``vcpu`` in ``vcpus`` while an operation runs on it.
  private(set) var current: Int?
  var transcript = Transcript()

  /// Every live shadow page, in order of allocation.
  public var shadowPages: [ShadowPage] { pages.inOrder }

  /// The shadow page at an address, if one lives there.
  public func shadowPage(at hpa: HostPhysicalAddress) -> ShadowPage? { pages[hpa] }

  /// The role of the shadow page at an address, if one lives there.
  public func roleOfShadowPage(at hpa: HostPhysicalAddress) -> PageRole? { pages.role(hpa) }

  /// How the bits of entries of shadow pages are used.
  public var spteFormat: SPTEFormat { SPTEFormat(machine) }

  /// Whether a previous root can serve again, as `is_obsolete_sp` decides.
  func isObsolete(_ page: borrowing ShadowPage) -> Bool {
    page.role.invalid || (!page.isTDPMMU && page.validGeneration != validGeneration)
  }

  /// The MMU that handles faults for the current vCPU.
  var activeMMU: MMU {
    _read { yield vcpu[vcpu.mmu] }
    _modify { yield &vcpu[vcpu.mmu] }
  }

  /// Runs something on a vCPU.
  mutating func on<Result>(_ number: Int, _ body: (inout VirtualMachine) -> Result) -> Result {
    swap(&vcpu, &vcpus[number])
    current = number
    defer {
      swap(&vcpu, &vcpus[number])
      current = nil
    }
    return body(&self)
  }
}

// MARK: - Writing down what happens

extension VirtualMachine {
  var narrates: Bool { transcript.detail.contains(.narration) }
  var traces: Bool { transcript.detail.contains(.trace) }

  /// Writes that a kernel function is entered; steps until ``leave()`` are inside it.
  mutating func enter(
    _ function: String, effect: Effect? = nil, _ text: (borrowing VirtualMachine) -> Text
  ) {
    guard narrates else { return }
    var sentence = text(self)
    transcript.enter(function, &sentence, effect)
  }

  /// Ends what ``enter(_:effect:_:)`` began.
  mutating func leave() {
    guard narrates else { return }
    transcript.leave()
  }

  /// Writes a step that calls nothing else.
  mutating func say(
    _ function: String, effect: Effect? = nil, _ text: (borrowing VirtualMachine) -> Text
  ) {
    guard narrates else { return }
    var sentence = text(self)
    transcript.append(function, &sentence, effect)
  }

  /// Writes a call of the vendor's module.
  mutating func call(_ call: TLBCall) {
    if transcript.detail.contains(.tlb) { transcript.result.tlb.append(call) }
  }

  /// Raises a request on the current vCPU (`kvm_make_request`).
  mutating func raise(_ request: Requests, _ why: String) {
    vcpu.requests.insert(request)
    say("kvm_make_request", effect: .raised(request)) { _ in
      "\(Requests.Subject(requests: request)) raised: \(why)."
    }
  }

  /// Raises a request on every vCPU (`kvm_make_all_cpus_request`).
  mutating func raiseOnAll(_ request: Requests, _ why: String) {
    for index in vcpus.indices where index != current { vcpus[index].requests.insert(request) }
    if current != nil { vcpu.requests.insert(request) }
    say("kvm_make_all_cpus_request", effect: .raised(request)) { machine in
      "\(Requests.Subject(requests: request)) raised on every vCPU (\(machine.vcpus.count)): \(why)."
    }
  }
}
