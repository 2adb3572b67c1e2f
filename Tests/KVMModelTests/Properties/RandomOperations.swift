import KVMModel

/// A generator of numbers that gives the same ones for the same seed (xorshift64*).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_f491_4f6c_dd1d
  }
}

/// Random machines and operations, legal and illegal alike.
struct RandomOperations {
  var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func flag(_ percent: Int = 50) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: elements.indices, using: &generator)]
  }

  mutating func machine() -> Machine {
    var machine = pick(Preset.all).machine
    machine.tdpMMU = flag()
    machine.eptAD = flag(80)
    machine.forceFlushAndSyncOnReuse = flag(20)
    machine.previousRoots = pick([1, 3, 3, 3, 11])
    machine.vcpus = pick([1, 1, 2, 4])
    machine.autoEnter = flag()
    machine.cpuid.maxPhyAddr = pick([36, 40, 46, 48, 52])
    for flag in CPUIDFlag.allCases where self.flag(15) { machine.cpuid[keyPath: flag.keyPath].toggle() }
    machine.nested.ept = flag(85)
    machine.nested.vpid = flag(70)
    machine.memory.slots = [
      MemorySlot(base: 0, bytes: 0x10_0000), MemorySlot(base: 0xf000_0000, bytes: 0x1_0000),
    ]
    machine.memory.words = (0..<40).map { index in
      MemoryWord(
        address: GuestPhysicalAddress(rawValue: UInt64(index % 10) << 12 | UInt64(index / 10) * 8),
        value: pick([0x1001, 0x2001, 0x3067, 0x4007, 0x0, 0x8_0000_0000_0001, 0x5087]))
    }
    return machine
  }

  mutating func operation(vcpus: Int) -> KVMModel.Operation {
    if flag(3) { return .machine(.zapAll) }
    if flag(3) {
      let address = GuestPhysicalAddress(rawValue: pick([0x1000, 0x2008, 0x3000, 0x20_0000]))
      return .machine(.writeMemory([MemoryWord(address: address, value: pick([0, 0x1001, 0x4007, .max]))]))
    }
    if flag(3) { return .machine(.map(mapping())) }
    return .vcpu(
      Int.random(in: 0..<vcpus, using: &generator), vcpuOperation(),
      enterGuest: pick([nil, nil, true, false]))
  }

  private mutating func vcpuOperation() -> VCPUOperation {
    switch Int.random(in: 0..<26, using: &generator) {
    case 0...3: .setCR(.cr3, .value(pgd()))
    case 4: .setCR(.cr0, .value(cr0()))
    case 5, 6: .setCR(.cr4, .value(cr4()))
    case 7: .setEFER(.value(efer()))
    case 8: .setCS(long: flag())
    case 9, 10: .setSregs(longMode())
    case 11:
      .setCPUID(CPUIDChange(flags: [pick(CPUIDFlag.allCases): flag()], maxPhyAddr: pick([36, 46, 52])))
    case 12: pick([.smmEnter, .smmLeave])
    case 13, 14: .enterGuest
    case 15, 16: .nestedEnter(nestedEntry())
    case 17, 18: .nestedExit(reason: nil)
    case 19: .eptLoad(EPTPointer(rawValue: eptp()))
    case 20: .invlpg(gva: pick([0, 0x1000, 0x8000_0000_0000_0000, .max]))
    case 21: .invpcid(type: pick([0, 1, 2, 3, 4]), pcid: pick([0, 1, 2, 0x1000]), gva: pick([0, 1 << 63]))
    case 22: .invept(type: pick([0, 1, 2]), eptp: EPTPointer(rawValue: eptp()))
    case 23: .invvpid(type: pick([0, 1, 2, 3, 9]), vpid: pick([0, 1, 0x1_0000]), gva: 0)
    case 24: pick([.vmxon, .vmxoff, .invlpga(gva: 0x1000, asid: 1)])
    default: .setPKRU(UInt32.random(in: 0...(.max), using: &generator))
    }
  }

  private mutating func mapping() -> Mapping {
    Mapping(
      format: pick(Mapping.Format.allCases), root: pick([0x1000, 0x205e, 0x3020, 0x20_0000]),
      address: pick([0, 0x40_7000, 0xffff_f000, 1 << 47]), target: pick([0x5000, 0x20_0000, 0x4000_0000]),
      size: pick(Mapping.Size.allCases), tables: pick([nil, 0xf000_0000]), replace: flag())
  }

  private mutating func pgd() -> UInt64 {
    pick([0x1000, 0x2000, 0x3000, 0x4020, 0x5001, 0x6002, 0x20_0000, 1 << 63 | 0x1000, 1 << 50, .max])
  }
  private mutating func eptp() -> UInt64 {
    pick([0x101e, 0x201e, 0x305e, 0x405e, 0x5026, 0x101e, 0x20_001e, 0x1000, 0x1f98])
  }
  private mutating func cr0() -> UInt64 {
    pick([0x8005_0033, 0x8004_0033, 0x11, 0x6000_0010, 0xe005_0033, 0x8000_0000, 1 << 40, 0x2000_0011])
  }
  private mutating func cr4() -> UInt64 {
    var value = pick([0x20, 0xa0, 0x10, 0x30, 0, 0x1020] as [UInt64])
    for bit in [CR4.smep, .smap, .pke, .pcide, .vmxe, .umip, .smxe] where flag(25) { value |= bit.rawValue }
    return value
  }
  private mutating func efer() -> UInt64 { pick([0, 0x100, 0x500, 0xd01, 0x1d01, 0x1800, 0x900, 1 << 21]) }

  private mutating func longMode() -> RegisterValues {
    flag(60)
      ? RegisterValues(
        cr0: pick([0x8005_0033, 0x8004_0033]), cr3: pgd(), cr4: cr4() | 0x20,
        efer: pick([0xd01, 0x501, 0x1d01]),
        codeSegmentLong: true)
      : RegisterValues(
        cr0: cr0(), cr3: pgd(), cr4: cr4(), efer: pick([0, 0x800, 0x1000, 0x1800]), codeSegmentLong: false)
  }

  private mutating func nestedEntry() -> NestedEntry {
    NestedEntry(
      nestedPaging: flag(60), pgd: flag(90) ? pick([eptp(), pgd()]) : nil, vpid: pick([0, 1, 2]),
      l2: flag() ? longMode() : RegisterValues(cr3: pgd()), host: flag(80) ? RegisterValues() : longMode())
  }
}
