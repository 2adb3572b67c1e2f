/// One virtual CPU: its registers, its three MMUs and what is pending (`struct kvm_vcpu`).
public struct VCPU: Sendable, Hashable, Codable {
  /// Its number in the machine, from 0.
  public let id: Int
  /// The registers of the guest that runs: L1's, or L2's in guest mode.
  public internal(set) var registers = Registers()
  /// The guest's CPUID.
  public internal(set) var cpuid: GuestCPUID
  /// In system management mode (`HF_SMM_MASK`).
  public internal(set) var smm = false
  /// An L2 guest runs (`HF_GUEST_MASK`).
  public internal(set) var guestMode = false
  /// The MMU that handles faults and owns the loaded root (`vcpu->arch.mmu`).
  public internal(set) var mmu = MMUName.root
  /// The MMU that walks guest-virtual addresses (`vcpu->arch.walk_mmu`).
  public internal(set) var walkMMU = MMUName.root
  /// What is done before the guest runs again.
  public internal(set) var requests: Requests = []
  /// The L2 guest that runs; `nil` in L1.
  public internal(set) var nested: NestedGuest?
  /// What outlives a nested guest.
  public internal(set) var nestedState: NestedState
  /// The exit qualification of the last EPT violation, which one injected into L1 builds on.
  public internal(set) var exitQualification: UInt64 = 0
  /// What the last nested page fault of the hardware said besides the error code, as long as KVM handles it
  /// (EXITINFO1 bits 63:32).
  var nestedFaultStage: AccessMode?
  /// The last address without memory.
  var mmio = MMIOCache()
  /// The three MMUs. They are reached in place: a vCPU is quick to move, and a use of one field copies no other.
  private(set) var mmus: MMUs

  /// The MMU of a name.
  public internal(set) subscript(name: MMUName) -> MMU {
    _read { yield mmus[name] }
    _modify { yield &mmus[name] }
  }

  /// L1's MMU.
  public internal(set) var rootMMU: MMU {
    _read { yield self[.root] }
    _modify { yield &self[.root] }
  }
  /// The MMU that shadows L1's EPT or NPT.
  public internal(set) var guestMMU: MMU {
    _read { yield self[.guest] }
    _modify { yield &self[.guest] }
  }
  /// The MMU that walks L2's own tables; it never has a root.
  public internal(set) var nestedMMU: MMU {
    _read { yield self[.nested] }
    _modify { yield &self[.nested] }
  }

  /// Software walks go through two dimensions (`mmu_is_nested`).
  public var walksNested: Bool { walkMMU == .nested }

  /// A vCPU as it is made (`kvm_arch_vcpu_create`, `kvm_mmu_create`).
  init(id: Int, machine: Machine) {
    self.id = id
    cpuid = machine.cpuid
    nestedState = NestedState(vmxon: machine.vendor == .intel, hasCurrentVMCS: machine.vendor == .intel)
    let slots = [Root](repeating: .empty, count: machine.previousRoots)
    let unloaded = [Root](repeating: .unloaded, count: machine.previousRoots)
    mmus = MMUs(
      root: MMU(root: .unloaded, previousRoots: slots), guest: MMU(root: .unloaded, previousRoots: slots),
      nested: MMU(root: .unloaded, previousRoots: unloaded))
    if !machine.tdp { rootMMU.paeRoot = PAERootTable(hpa: .paeRoot(ofVCPU: id)) }
    if machine.vendor == .intel { requests = .tlbFlush }
  }
}

/// An L2 guest while it runs: the part of VMCS12 or VMCB12 that its MMUs depend on.
public struct NestedGuest: Sendable, Hashable {
  /// L1's registers as they were when it entered L2.
  public var l1: Registers
  /// How the guest's physical addresses are translated, and the vendor's own state.
  public var control: Control

  /// The vendor's controls.
  public enum Control: Sendable, Hashable {
    /// VMX.
    indirect case vmx(VMXGuest)
    /// SVM.
    case svm(SVMGuest)
  }

  /// L1 uses nested paging for this guest.
  public var usesNestedPaging: Bool {
    switch control {
    case .vmx(let guest): guest.ept
    case .svm(let guest): guest.ncr3 != nil
    }
  }
}

extension NestedGuest: Codable {
  /// What of it a snapshot holds: one or the other vendor's state.
  private enum CodingKeys: CodingKey { case l1, vmx, svm }

  /// Writes it.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(l1, forKey: .l1)
    switch control {
    case .vmx(let guest):
      try container.encodeIfPresent(guest, forKey: .vmx)
    case .svm(let guest):
      try container.encodeIfPresent(nil as VMXGuest?, forKey: .vmx)
      try container.encode(guest, forKey: .svm)
    }
  }

  /// Reads it.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    l1 = try container.decode(Registers.self, forKey: .l1)
    if let guest = try container.decodeIfPresent(VMXGuest.self, forKey: .vmx) {
      control = .vmx(guest)
    } else {
      control = .svm(try container.decode(SVMGuest.self, forKey: .svm))
    }
  }
}

/// What VMCS12 says of an L2 guest.
public struct VMXGuest: Sendable, Hashable, Codable {
  /// The guest runs with EPT.
  public var ept: Bool
  /// The EPT pointer field; without EPT only its A/D bit shows, in the pointer that KVM gives the hardware.
  public var eptp: EPTPointer
  /// The VPID; 0 if the control is off.
  public var vpid: UInt16
  /// The guest PDPTE fields, as the guest's last write to a control register left them.
  public var pdptrs: SIMD4<UInt64>
  /// The registers that L1 gets at the exit.
  public var host: Registers
}

/// What VMCB12 says of an L2 guest.
public struct SVMGuest: Sendable, Hashable, Codable {
  /// The nested CR3; `nil` if the guest runs without nested paging.
  public var ncr3: UInt64?
}

/// What of nested virtualization outlives a guest (`struct nested_vmx`).
public struct NestedState: Sendable, Hashable, Codable {
  /// VMX operation is on; always false on AMD.
  public internal(set) var vmxon: Bool
  /// A VMCS is current, so that a failing instruction can leave its error number in it.
  public internal(set) var hasCurrentVMCS: Bool
  /// The VMCS that KVM runs L2 with has been loaded once on this processor.
  var vmcs02Loaded = false
  /// The VPID of the last entry (`last_vpid`).
  public internal(set) var lastVPID: UInt16 = 0
  /// The EPT pointer field of L1's VMCS, which an entry that names none uses.
  public internal(set) var eptp: EPTPointer?
  /// AMD: what `vmcb01` holds of L1 while L2 runs.
  var savedL1: Registers? {
    get { saved?.registers }
    set { saved = newValue.map(SavedRegisters.some) }
  }
  var saved: SavedRegisters?
}

/// Registers on the heap: they are seldom there, and a vCPU with room for them would be moved by a slower copy.
indirect enum SavedRegisters: Sendable, Hashable {
  case some(Registers)

  var registers: Registers {
    switch self {
    case .some(let registers): registers
    }
  }
}

extension SavedRegisters: Codable {
  init(from decoder: any Decoder) throws { self = .some(try Registers(from: decoder)) }

  func encode(to encoder: any Encoder) throws { try registers.encode(to: encoder) }
}
