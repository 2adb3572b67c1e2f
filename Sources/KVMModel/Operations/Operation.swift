/// One operation on a virtual machine: the unit of history.
public enum Operation: Sendable, Hashable {
  /// An operation on a vCPU.
  ///
  /// - Parameters:
  ///   - vcpu: the vCPU's number.
  ///   - enterGuest: whether it then enters the guest; `nil` leaves it to ``Machine/autoEnter``.
  case vcpu(_ vcpu: Int, VCPUOperation, enterGuest: Bool? = nil)
  /// An operation on the machine.
  case machine(MachineOperation)
}

/// An operation on a vCPU, named as in the API. The two with many values are indirect, so that the others stay small.
public enum VCPUOperation: Sendable, Hashable {
  /// MOV to a control register by the guest.
  case setCR(ControlRegister, RegisterWrite)
  /// WRMSR to EFER by the guest.
  case setEFER(RegisterWrite)
  /// WRPKRU by the guest.
  case setPKRU(UInt32)
  /// A far jump to or from a 64-bit code segment.
  case setCS(long: Bool)
  /// KVM_SET_SREGS by user space.
  indirect case setSregs(RegisterValues)
  /// KVM_SET_CPUID2 by user space.
  case setCPUID(CPUIDChange)
  /// Entry into system management mode, as far as the MMU sees it.
  case smmEnter
  /// Return from system management mode, as far as the MMU sees it.
  case smmLeave
  /// What vcpu_enter_guest does for the MMU.
  case enterGuest
  /// VMLAUNCH or VMRUN.
  indirect case nestedEnter(NestedEntry)
  /// A VM exit to L1, with an optional word on why.
  case nestedExit(reason: String?)
  /// EPTP switching by VMFUNC in L2; in L1 the EPT pointer for the next entry that names none.
  case eptLoad(EPTPointer)
  /// INVLPG.
  case invlpg(gva: UInt64)
  /// INVPCID; the type as the register holds it.
  case invpcid(type: UInt64, pcid: UInt64, gva: UInt64)
  /// INVEPT; the type as the register holds it.
  case invept(type: UInt64, eptp: EPTPointer)
  /// INVVPID; the type as the register holds it.
  case invvpid(type: UInt64, vpid: UInt64, gva: UInt64)
  /// INVLPGA.
  case invlpga(gva: UInt64, asid: UInt32)
  /// VMXON.
  case vmxon
  /// VMXOFF.
  case vmxoff
  /// A software walk.
  case walk(WalkRequest)
  /// A page fault as the hardware reports it.
  case pageFault(address: UInt64, errorCode: AccessMode)
  /// An access by the guest.
  indirect case access(AccessRequest)
}

/// An operation on the machine, named as in the API.
public enum MachineOperation: Sendable, Hashable {
  /// A write that KVM does not see, as a device's.
  case writeMemory([MemoryWord])
  /// Entries written into a guest's tables so that they map a page; KVM does not see that either.
  indirect case map(Mapping)
  /// Zapping of all shadow pages (`kvm_mmu_zap_all_fast`).
  case zapAll
}

/// The control registers that operations write.
public enum ControlRegister: String, Sendable, CaseIterable {
  /// Control register 0.
  case cr0
  /// Control register 3.
  case cr3
  /// Control register 4.
  case cr4
}

/// What is written to a register.
public enum RegisterWrite: Sendable, Hashable {
  /// A whole value.
  case value(UInt64)
  /// The current value with bits set and cleared.
  case bits(set: UInt64, clear: UInt64)

  /// The value to write over a register's current one.
  func value(over current: UInt64) -> UInt64 {
    switch self {
    case .value(let value): value
    case .bits(let set, let clear): current & ~clear | set
    }
  }
}

/// Values for some registers; the others stay or have a default.
public struct RegisterValues: Sendable, Hashable {
  /// CR0.
  public var cr0: UInt64?
  /// CR3.
  public var cr3: UInt64?
  /// CR4.
  public var cr4: UInt64?
  /// EFER.
  public var efer: UInt64?
  /// CS.L.
  public var codeSegmentLong: Bool?

  /// Values for the registers named.
  public init(
    cr0: UInt64? = nil, cr3: UInt64? = nil, cr4: UInt64? = nil, efer: UInt64? = nil,
    codeSegmentLong: Bool? = nil
  ) {
    self.cr0 = cr0
    self.cr3 = cr3
    self.cr4 = cr4
    self.efer = efer
    self.codeSegmentLong = codeSegmentLong
  }

  /// The registers with these values in place.
  func applied(to registers: Registers) -> Registers {
    var result = registers
    if let cr0 { result.cr0 = CR0(rawValue: cr0) }
    if let cr3 { result.cr3 = cr3 }
    if let cr4 { result.cr4 = CR4(rawValue: cr4) }
    if let efer { result.efer = EFER(rawValue: efer) }
    if let codeSegmentLong { result.codeSegmentLong = codeSegmentLong }
    return result
  }
}

/// A nested entry as L1 asks for it. What the other vendor has must be left out.
public struct NestedEntry: Sendable, Hashable {
  /// The guest uses nested paging (EPT or NPT); `nil` if it does just when there is a pointer to use.
  public var nestedPaging: Bool?
  /// The EPT pointer or nCR3; `nil` takes what ``VCPUOperation/eptLoad(_:)`` left.
  public var pgd: UInt64?
  /// Intel: the VPID, 0 for none.
  public var vpid: UInt16
  /// L2's registers; what is left out is as in L1, and CS.L as L2's EFER.LMA.
  public var l2: RegisterValues
  /// Intel: the guest PDPTE fields.
  public var pdptrs: SIMD4<UInt64>
  /// Intel: the registers that L1 gets at the exit; what is left out is as at the entry.
  public var host: RegisterValues

  /// An entry.
  public init(
    nestedPaging: Bool? = nil, pgd: UInt64? = nil, vpid: UInt16 = 0, l2: RegisterValues = RegisterValues(),
    pdptrs: SIMD4<UInt64> = SIMD4(), host: RegisterValues = RegisterValues()
  ) {
    self.nestedPaging = nestedPaging
    self.pgd = pgd
    self.vpid = vpid
    self.l2 = l2
    self.pdptrs = pdptrs
    self.host = host
  }
}

/// A software walk of guest tables (`gva_to_gpa`).
public struct WalkRequest: Sendable, Hashable {
  /// The address to look for.
  public var address: UInt64
  /// What the access does, as bits of an error code.
  public var access: AccessMode
  /// The tables: the guest's own for virtual addresses, or L1's nested ones for L2-physical addresses.
  public var space: Space
  /// A fault is given to the guest or to L1.
  public var inject: Bool
  /// The exit qualification of a hardware exit that the walk belongs to; its bits 7 and 8 survive.
  public var exitQualification: UInt64

  /// The kind of access.
  public var kind: Access { access.contains(.fetch) ? .fetch : access.contains(.write) ? .write : .read }
  /// EFLAGS.AC is set.
  public var alignmentCheck: Bool { access.contains(.alignmentCheck) }

  /// Which addresses are looked for.
  public enum Space: String, Sendable, CaseIterable {
    /// Virtual addresses of the guest that runs.
    case virtual
    /// Physical addresses of L2.
    case l2Physical = "l2-physical"
  }

  /// A walk.
  ///
  /// - Parameters:
  ///   - implicit: an implicit supervisor access, which SMAP always watches.
  ///   - alignmentCheck: EFLAGS.AC, which frees explicit supervisor accesses from SMAP.
  public init(
    address: UInt64, access: Access, user: Bool = false, implicit: Bool = false, alignmentCheck: Bool = false,
    space: Space = .virtual, inject: Bool = true, exitQualification: UInt64 = 0
  ) {
    self.address = address
    var mode = access.mode
    if user { mode.insert(.user) }
    if implicit { mode.insert(.implicit) }
    if alignmentCheck { mode.insert(.alignmentCheck) }
    self.access = mode
    self.space = space
    self.inject = inject
    self.exitQualification = exitQualification
  }

  /// The kinds of access.
  public enum Access: String, Sendable, CaseIterable {
    /// A data read.
    case read
    /// A data write.
    case write
    /// An instruction fetch.
    case fetch

    var mode: AccessMode {
      switch self {
      case .read: []
      case .write: .write
      case .fetch: .fetch
      }
    }
  }
}

/// New values for some of a vCPU's CPUID; the others stay.
public struct CPUIDChange: Sendable, Hashable {
  /// The CPUID bits that change, by key of the API.
  public var flags: [CPUIDFlag: Bool]
  /// The new physical-address width, 32 to 52 bits; `nil` keeps the old one.
  public var maxPhyAddr: Int?

  /// A change.
  public init(flags: [CPUIDFlag: Bool] = [:], maxPhyAddr: Int? = nil) {
    self.flags = flags
    self.maxPhyAddr = maxPhyAddr
  }
}

/// The yes-or-no keys of a guest's CPUID, named as in the API.
public enum CPUIDFlag: String, Sendable, CaseIterable {
  /// See the property of ``GuestCPUID`` of the same name, in lower case.
  case lm, nx, gbpages, pse36, pcid, smep, smap, pku, la57, umip

  /// Where the flag is kept.
  public var keyPath: any WritableKeyPath<GuestCPUID, Bool> & Sendable {
    switch self {
    case .lm: \.lm
    case .nx: \.nx
    case .gbpages: \.gbPages
    case .pse36: \.pse36
    case .pcid: \.pcid
    case .smep: \.smep
    case .smap: \.smap
    case .pku: \.pku
    case .la57: \.la57
    case .umip: \.umip
    }
  }
}
