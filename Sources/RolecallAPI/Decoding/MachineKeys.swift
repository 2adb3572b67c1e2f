import KVMModel

/// A key of a machine's document, and the property that it stands for.
struct MachineKey<Value>: Sendable {
  let name: StaticString
  let path: any WritableKeyPath<Machine, Value> & Sendable

  init(_ name: StaticString, _ path: any WritableKeyPath<Machine, Value> & Sendable) {
    self.name = name
    self.path = path
  }
}

/// An object of a machine's document whose members are numbers and flags.
struct MachineSection: Sendable {
  /// The object's key; nil for the machine itself.
  let name: StaticString?
  let flags: [MachineKey<Bool>]
  let numbers: [MachineKey<Int>]

  /// The members of the machine itself, besides vendor and memory.
  static let machine = MachineSection(
    name: nil,
    flags: [
      MachineKey("tdp", \.tdp), MachineKey("tdp_mmu", \.tdpMMU), MachineKey("ept_ad", \.eptAD),
      MachineKey("force_flush_and_sync_on_reuse", \.forceFlushAndSyncOnReuse),
      MachineKey("auto_enter", \.autoEnter),
    ],
    numbers: [MachineKey("prev_roots", \.previousRoots), MachineKey("vcpus", \.vcpus)])

  /// The objects within.
  static let nested = [
    MachineSection(
      name: "host",
      flags: [
        MachineKey("la57", \.host.la57), MachineKey("gbpages", \.host.gbPages),
        MachineKey("ept_5level", \.host.ept5Level), MachineKey("ept_1g", \.host.ept1G),
        MachineKey("ept_execute_only", \.host.eptExecuteOnly),
      ],
      numbers: [
        MachineKey("maxphyaddr", \.host.maxPhyAddr), MachineKey("prefetch_pages", \.host.prefetchPages),
      ]),
    MachineSection(
      name: "cpuid",
      flags: [
        MachineKey("lm", \.cpuid.lm), MachineKey("nx", \.cpuid.nx), MachineKey("gbpages", \.cpuid.gbPages),
        MachineKey("pse36", \.cpuid.pse36), MachineKey("pcid", \.cpuid.pcid),
        MachineKey("smep", \.cpuid.smep), MachineKey("smap", \.cpuid.smap), MachineKey("pku", \.cpuid.pku),
        MachineKey("la57", \.cpuid.la57), MachineKey("umip", \.cpuid.umip),
      ],
      numbers: [MachineKey("maxphyaddr", \.cpuid.maxPhyAddr)]),
    MachineSection(
      name: "nested",
      flags: [
        MachineKey("ept", \.nested.ept), MachineKey("vpid", \.nested.vpid),
        MachineKey("ept_execute_only", \.nested.eptExecuteOnly),
        MachineKey("ept_5level", \.nested.ept5Level), MachineKey("ept_1g", \.nested.ept1G),
        MachineKey("ept_2m", \.nested.ept2M), MachineKey("ept_ad", \.nested.eptAD),
      ],
      numbers: []),
  ]
}
