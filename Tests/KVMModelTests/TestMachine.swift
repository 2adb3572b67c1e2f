@testable import KVMModel

/// A machine whose vCPUs have entered the guest once, and then do so only when told to.
struct TestMachine {
  var vm: VirtualMachine

  init(_ preset: String, boot: Boot = .longMode, _ change: (inout Machine) -> Void = { _ in }) {
    var machine = Preset.named(preset)?.machine ?? Machine()
    change(&machine)
    vm = VirtualMachine(machine: machine, boot: boot)
  }

  var vcpu: VCPU { vm.vcpus[0] }
  var mmu: MMU { vcpu[vcpu.mmu] }

  @discardableResult
  mutating func run(
    _ operation: VCPUOperation, vcpu: Int = 0, enter: Bool = false
  ) throws -> OperationResult {
    try vm.apply(.vcpu(vcpu, operation, enterGuest: enter))
  }

  mutating func store(_ words: [(address: UInt64, value: UInt64)]) throws {
    _ = try vm.apply(
      .machine(
        .writeMemory(
          words.map {
            MemoryWord(address: GuestPhysicalAddress(rawValue: $0.address), value: $0.value)
          })))
  }

  func word(_ address: UInt64) -> UInt64? { vm.memory.word(at: GuestPhysicalAddress(rawValue: address)) }
}

extension VCPUOperation {
  static func cr0(_ value: UInt64) -> Self { .setCR(.cr0, .value(value)) }
  static func cr3(_ value: UInt64) -> Self { .setCR(.cr3, .value(value)) }
  static func cr4(_ value: UInt64) -> Self { .setCR(.cr4, .value(value)) }
  static func efer(_ value: UInt64) -> Self { .setEFER(.value(value)) }
  static func enterL2(
    paging: Bool = false, pgd: UInt64? = nil, vpid: UInt16 = 0, l2: RegisterValues = RegisterValues(),
    host: RegisterValues = RegisterValues()
  ) -> Self {
    .nestedEnter(NestedEntry(nestedPaging: paging, pgd: pgd, vpid: vpid, l2: l2, host: host))
  }
}
