extension VirtualMachine {
  /// The layout of ``snapshot()``, and what the state in it means. It changes with every change of what a machine holds or
  /// of what operations do to it, so that an older snapshot is not taken for the state that replaying gives now.
  public static let snapshotFormat = "kvm-machine/1"

  /// The whole state as bytes, from which ``init(snapshot:)`` makes an equal machine.
  ///
  /// - Throws: never for a machine as operations leave it.
  public func snapshot() throws -> [UInt8] { try BinaryForm.bytes(of: self) }

  /// The machine of a snapshot in ``snapshotFormat``.
  ///
  /// - Throws: `DecodingError` if the bytes are no snapshot, were changed, or hold what no machine can hold.
  public init(snapshot: [UInt8]) throws { self = try BinaryForm.value(VirtualMachine.self, of: snapshot) }
}

extension VirtualMachine: Codable {
  private enum CodingKeys: CodingKey {
    case machine, vcpus, memory, validGeneration, pages, nextSpecialRoot
  }

  /// Writes the state between two operations.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(machine, forKey: .machine)
    try container.encode(vcpus, forKey: .vcpus)
    try container.encode(memory, forKey: .memory)
    try container.encode(validGeneration, forKey: .validGeneration)
    try container.encode(pages, forKey: .pages)
    try container.encode(nextSpecialRoot, forKey: .nextSpecialRoot)
  }

  /// Reads a state.
  ///
  /// - Throws: also for a state that could make an operation trap.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    machine = try container.decode(Machine.self, forKey: .machine)
    guard machine.problems().isEmpty else { throw DecodingError.corrupt("There is no such machine.") }
    vcpus = try container.decode([VCPU].self, forKey: .vcpus)
    memory = try container.decode(GuestMemory.self, forKey: .memory)
    validGeneration = try container.decode(UInt8.self, forKey: .validGeneration)
    pages = try container.decode(ShadowPageTable.self, forKey: .pages)
    nextSpecialRoot = try container.decode(HostPhysicalAddress.self, forKey: .nextSpecialRoot)
    vcpu = VCPU(id: 0, machine: machine)
    guard isPlausible else { throw DecodingError.corrupt("The parts of the machine do not fit each other.") }
  }

  private var isPlausible: Bool {
    let specialRoots = HostPhysicalAddress.firstSpecialRoot..<HostPhysicalAddress.firstShadowPage
    return vcpus.map(\.id) == Array(0..<machine.vcpus) && vcpus.allSatisfy { $0.isPlausible(in: machine) }
      && memory.slots == machine.memory.slots && validGeneration <= 1
      && specialRoots.contains(nextSpecialRoot)
  }
}

extension VCPU {
  fileprivate func isPlausible(in machine: Machine) -> Bool {
    let nestedPaging = nested?.usesNestedPaging ?? false
    let fitsVendor =
      switch nested?.control {
      case nil: true
      case .vmx: machine.vendor == .intel
      case .svm: machine.vendor == .amd
      }
    return guestMode == (nested != nil) && fitsVendor && mmu == (nestedPaging ? .guest : .root)
      && walkMMU == (nestedPaging ? .nested : .root)
      && (machine.tdp || !nestedPaging) && Machine.Limits.maxPhyAddr.contains(cpuid.maxPhyAddr)
      && MMUName.allCases.allSatisfy { self[$0].isPlausible(in: machine) }
  }
}

extension MMU {
  fileprivate func isPlausible(in machine: Machine) -> Bool {
    let level = vcpuRole.base.level
    let fitsFormat =
      switch walkFormat {
      case nil: true
      case .nonpaging: level == 0
      case .paging32: level == 2 && vcpuRole.base.has4ByteGPTE
      case .paging64: 3...5 ~= level && !vcpuRole.base.has4ByteGPTE
      case .ept: 4...5 ~= level && !vcpuRole.base.has4ByteGPTE
      }
    return fitsFormat && 0...5 ~= mmuRole.level && previousRoots.count == machine.previousRoots
  }
}
