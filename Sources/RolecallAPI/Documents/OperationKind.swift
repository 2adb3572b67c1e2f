import KVMModel

/// The kinds of operations, those on a vCPU first.
enum OperationKind: Int, CaseIterable {
  case setCR, setEFER, setPKRU, setCS, setSregs, setCPUID, smmEnter, smmLeave, enterGuest,
    nestedEnter, nestedExit, eptLoad, invlpg, invpcid, invept, invvpid, invlpga, vmxon, vmxoff,
    walk, pageFault, access, writeMemory, map, zapAll

  /// The name in paths and in `op`.
  var name: StaticString {
    switch self {
    case .setCR: "set-cr"
    case .setEFER: "set-efer"
    case .setPKRU: "set-pkru"
    case .setCS: "set-cs"
    case .setSregs: "set-sregs"
    case .setCPUID: "set-cpuid"
    case .smmEnter: "smm-enter"
    case .smmLeave: "smm-leave"
    case .enterGuest: "enter-guest"
    case .nestedEnter: "nested-enter"
    case .nestedExit: "nested-exit"
    case .eptLoad: "ept-load"
    case .invlpg: "invlpg"
    case .invpcid: "invpcid"
    case .invept: "invept"
    case .invvpid: "invvpid"
    case .invlpga: "invlpga"
    case .vmxon: "vmxon"
    case .vmxoff: "vmxoff"
    case .walk: "walk"
    case .pageFault: "page-fault"
    case .access: "access"
    case .writeMemory: "write-memory"
    case .map: "map"
    case .zapAll: "zap-all"
    }
  }
}

extension Operation {
  /// Which kind it is.
  var kind: OperationKind {
    switch self {
    case .vcpu(_, let operation, _): operation.kind
    case .machine(.writeMemory): .writeMemory
    case .machine(.map): .map
    case .machine(.zapAll): .zapAll
    }
  }
}

extension VCPUOperation {
  fileprivate var kind: OperationKind {
    switch self {
    case .setCR: .setCR
    case .setEFER: .setEFER
    case .setPKRU: .setPKRU
    case .setCS: .setCS
    case .setSregs: .setSregs
    case .setCPUID: .setCPUID
    case .smmEnter: .smmEnter
    case .smmLeave: .smmLeave
    case .enterGuest: .enterGuest
    case .nestedEnter: .nestedEnter
    case .nestedExit: .nestedExit
    case .eptLoad: .eptLoad
    case .invlpg: .invlpg
    case .invpcid: .invpcid
    case .invept: .invept
    case .invvpid: .invvpid
    case .invlpga: .invlpga
    case .vmxon: .vmxon
    case .vmxoff: .vmxoff
    case .walk: .walk
    case .pageFault: .pageFault
    case .access: .access
    }
  }
}
