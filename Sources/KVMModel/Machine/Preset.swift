/// A machine with a name.
public struct Preset: Sendable {
  /// The name a client gives.
  public let id: String
  /// What the machine stands for, in a sentence.
  public let summary: String
  /// The machine.
  public let machine: Machine

  /// Every preset; the first is the default.
  public static let all: [Preset] = [
    Preset(
      id: "intel-ept", summary: "An Intel server with 4-level EPT and the TDP MMU: what most KVM hosts are.",
      machine: Machine()),
    Preset(
      id: "intel-shadow", summary: "The same with kvm_intel.ept=0: KVM shadows the guest's page tables.",
      machine: derived { $0.tdp = false }),
    Preset(
      id: "amd-npt", summary: "An AMD server with 4-level NPT and the TDP MMU.",
      machine: derived {
        $0.vendor = .amd
        $0.host.maxPhyAddr = 48
        $0.cpuid.maxPhyAddr = 48
      }),
    Preset(
      id: "amd-shadow", summary: "The same with kvm_amd.npt=0: KVM shadows the guest's page tables.",
      machine: derived {
        $0.vendor = .amd
        $0.tdp = false
        $0.host.maxPhyAddr = 48
        $0.cpuid.maxPhyAddr = 48
      }),
    Preset(
      id: "intel-ept-5level",
      summary: "An Intel server with 57-bit addresses: 5-level EPT, and LA57 for the guest.",
      machine: derived {
        $0.host.maxPhyAddr = 52
        $0.host.la57 = true
        $0.host.ept5Level = true
        $0.cpuid.maxPhyAddr = 52
        $0.cpuid.la57 = true
        $0.nested.ept5Level = true
      }),
    Preset(
      id: "amd-npt-5level",
      summary:
        "An AMD server whose host runs 5-level paging, so that NPT has 5 levels, and LA57 for the guest.",
      machine: derived {
        $0.vendor = .amd
        $0.host.maxPhyAddr = 52
        $0.host.la57 = true
        $0.cpuid.maxPhyAddr = 52
        $0.cpuid.la57 = true
      }),
  ]

  /// The preset of a name, if there is one.
  public static func named(_ id: String) -> Preset? { all.first { $0.id == id } }

  private static func derived(_ change: (inout Machine) -> Void) -> Machine {
    var machine = Machine()
    change(&machine)
    return machine
  }
}

/// The state a vCPU is in when a session begins. Each but ``reset`` is what KVM_SET_SREGS leaves after a reset.
public enum Boot: String, Sendable, CaseIterable {
  /// After power-up: paging and protection are off.
  case reset
  /// Protected mode without paging.
  case protected
  /// 32-bit paging.
  case thirtyTwoBit = "32-bit"
  /// PAE paging.
  case pae
  /// Long mode with 4-level paging.
  case longMode = "long-mode"
  /// Long mode with 5-level paging.
  case longModeLA57 = "long-mode-la57"

  /// The registers that user space sets; `nil` for ``reset``.
  public var registers: RegisterValues? {
    let paging: UInt64 = 0x8005_0033
    return switch self {
    case .reset: nil
    case .protected: RegisterValues(cr0: 0x11)
    case .thirtyTwoBit: RegisterValues(cr0: paging, cr3: 0x1000, cr4: 0x10)
    case .pae: RegisterValues(cr0: paging, cr3: 0x1000, cr4: 0x20)
    case .longMode: RegisterValues(cr0: paging, cr3: 0x1000, cr4: 0x20, efer: 0xd01, codeSegmentLong: true)
    case .longModeLA57:
      RegisterValues(cr0: paging, cr3: 0x1000, cr4: 0x1020, efer: 0xd01, codeSegmentLong: true)
    }
  }
}
