@testable import KVMModel
import Testing

/// Guests with random tables, against a processor without KVM.
@Suite struct RandomGuestTests {
  private static let guests = 80
  private static let steps = 60

  /// A machine with a random guest on one or two vCPUs.
  private struct Run {
    var guest: RandomGuest
    var vm: VirtualMachine
    var place = ""
    var ends: [String: Int] = [:]

    init?(seed: UInt64) {
      var random = RandomOperations(seed: seed)
      var machine = random.pick(Preset.all).machine
      machine.tdpMMU = random.flag(70)
      machine.eptAD = random.flag(70)
      machine.forceFlushAndSyncOnReuse = random.flag(10)
      machine.vcpus = random.pick([1, 1, 2])
      machine.host.eptExecuteOnly = random.flag()
      machine.host.prefetchPages = random.pick([1, 8])
      machine.memory.slots = [MemorySlot(base: 0, bytes: 0x40_0000)]
      var modes = RandomGuest.Mode.allCases
      if !(machine.host.la57 && machine.cpuid.la57) { modes.removeLast() }
      guest = RandomGuest(
        seed: seed &+ 0x5555, mode: random.pick(modes + [.fourLevel, .fourLevel]), amd: machine.vendor == .amd
      )
      machine.memory.words = guest.words()
      vm = VirtualMachine(machine: machine, boot: .reset)
      let registers = guest.registers()
      for vcpu in vm.vcpus.indices {
        guard (try? vm.apply(.vcpu(vcpu, .setSregs(registers), enterGuest: true)))?.outcome == .ok else {
          return nil
        }
      }
    }

    @discardableResult
    mutating func apply(_ operation: VCPUOperation, _ vcpu: Int) throws -> OperationResult {
      try vm.apply(.vcpu(vcpu, operation, enterGuest: true), detail: [])
    }
  }

  @Test func anAccessComesToWhatTheArchitectureSays() throws {
    var ends: [String: Int] = [:]
    for seed in 1...UInt64(Self.guests) {
      guard var run = Run(seed: seed) else {
        Issue.record("seed \(seed): the guest can't begin")
        continue
      }
      for step in 0..<Self.steps {
        run.place = "seed \(seed), step \(step)"
        try self.step(&run)
        let broken = ShadowInvariants.broken(run.vm) + Invariants.broken(run.vm)
        try #require(broken.isEmpty, "\(run.place)\n\(broken.joined(separator: "\n"))")
      }
      ends.merge(run.ends) { $0 + $1 }
    }
    for end in [
      "memory", "#PF", "device", "violation", "nested page fault", "emulated", "table written", "L2",
    ] {
      #expect(ends[end, default: 0] > 20, "\(end) hardly happened: \(ends)")
    }
  }

  private func step(_ run: inout Run) throws {
    let vcpu = Int.random(in: run.vm.vcpus.indices, using: &run.guest.random.generator)
    let inL2 = run.vm.vcpus[vcpu].guestMode
    switch Int.random(in: 0..<100, using: &run.guest.random.generator) {
    case 0..<78: try access(&run, vcpu)
    case 78..<84:
      if !inL2 && run.guest.mode != .none { try run.apply(.setCR(.cr3, .value(run.guest.cr3())), vcpu) }
    case 84..<87: try run.apply(.invlpg(gva: run.guest.address()), vcpu)
    case 87..<89: _ = try run.vm.apply(.machine(.zapAll), detail: [])
    case 89..<91:
      if !inL2 && run.guest.mode != .none {
        try run.apply(.setCR(.cr0, .bits(set: 0, clear: 0x1_0000)), vcpu)
      }
    case 91..<93:
      if !inL2 && run.guest.mode != .none {
        try run.apply(.setCR(.cr0, .bits(set: 0x1_0000, clear: 0)), vcpu)
      }
    case 93..<94: if !inL2 { try run.apply(.setCR(.cr4, .bits(set: 0x10_0000, clear: 0)), vcpu) }
    default:
      if inL2 { try leaveL2(&run, vcpu) } else { try enterL2(&run, vcpu) }
    }
  }

  private func enterL2(_ run: inout Run, _ vcpu: Int) throws {
    let level = run.vm.machine.vendor == .amd && run.vm.vcpus[vcpu].registers.cr4.contains(.la57) ? 5 : 4
    let paging =
      run.vm.machine.tdp && run.guest.mode != .pae && run.guest.mode != .none && run.guest.random.flag(80)
    guard !run.guest.amd || !paging || level == 5 || run.guest.mode == .fourLevel else { return }
    // VMLAUNCH needs VMXE, VMRUN needs paging.
    if run.guest.amd && run.guest.mode == .none { return }
    try run.apply(.nestedEnter(run.guest.entry(nestedPaging: paging, eptLevel: level)), vcpu)
  }

  private func leaveL2(_ run: inout Run, _ vcpu: Int) throws {
    try run.apply(.nestedExit(reason: nil), vcpu)
    try flush(&run)
  }

  /// Every vCPU invalidates its translations, those of nested tables as well.
  private func flush(_ run: inout Run) throws {
    for vcpu in run.vm.vcpus.indices {
      let entry = run.vm.vcpus[vcpu].guestMode ? run.vm.vcpus[vcpu].nested : nil
      if entry != nil { try run.apply(.nestedExit(reason: nil), vcpu) }
      if run.vm.machine.vendor == .intel && run.vm.machine.nestedCapabilities.ept && run.vm.machine.tdp {
        try run.apply(.invept(type: 2, eptp: EPTPointer(rawValue: 0)), vcpu)
      }
      if run.vm.vcpus[vcpu].registers.isPaging {
        try run.apply(.setCR(.cr3, .value(run.vm.vcpus[vcpu].registers.cr3)), vcpu)
      }
    }
  }

  /// One access, and what the processor without KVM says of it.
  private func access(_ run: inout Run, _ vcpu: Int) throws {
    let address = run.guest.address()
    let bytes = run.guest.random.pick([1, 4, 8, 8])
    let kind = run.guest.random.pick([WalkRequest.Access.read, .write, .write, .fetch])
    let user = run.guest.random.flag()
    let alignmentCheck = run.guest.random.flag(20)
    var flat = FlatProcessor(run.vm.vcpus[vcpu], run.vm)
    let inL2 = run.vm.vcpus[vcpu].guestMode
    let end = flat.end(
      address,
      FlatProcessor.Access(
        kind: kind == .read ? .read : kind == .write ? .write : .fetch, user: user,
        alignmentCheck: alignmentCheck))
    var value: UInt64?
    if kind == .write, case .reached(let place) = end { value = run.guest.value(at: place, bytes: bytes) }
    let request = AccessRequest(
      address: address, kind: kind, privilegeLevel: user ? 3 : 0, alignmentCheck: alignmentCheck,
      value: value,
      bytes: bytes)
    let result = try run.apply(.access(request), vcpu)
    let place = "\(run.place): \(request) \(end) \(result.outcome)"
    switch (end, result.outcome) {
    case (.reached(let target), .ok):
      let physical = GuestPhysicalAddress(rawValue: target)
      if let value { _ = flat.memory.write(value, at: physical, bytes: bytes) }
      let report = try #require(result.access)
      try #require(report.isMMIO == !run.vm.memory.isVisible(physical.frame), "\(place)")
      try #require(
        report.value == (report.isMMIO ? nil : flat.memory.read(physical, bytes: bytes)), "\(place)")
      count(&run, report.isMMIO ? "device" : "memory")
      if report.isEmulated { count(&run, "emulated") }
    case (.pageFault(let code), .exception(.pageFault, let got, address, _)):
      try #require(UInt64(got) == code, "\(place)")
      count(&run, "#PF")
    case (.violation(let qualification, let gpa), .vmExit(.vmx(48, let got, let address), _)):
      try #require(got == qualification && address == gpa, "\(place): \(hex(got))")
      count(&run, "violation")
    case (.misconfiguration(let gpa), .vmExit(.vmx(49, _, let address), _)):
      try #require(address == gpa, "\(place)")
      count(&run, "misconfiguration")
    case (.nestedPageFault(let info1, let gpa), .vmExit(.svm(0x400, let got, let address), _)):
      // KVM's own walk names the table, the processor's the entry.
      let unnamed: UInt64 = result.access?.isEmulated == true ? 0xfff : 0
      try #require(got == info1 && (address ^ gpa) & ~unnamed == 0, "\(place): \(hex(got))")
      count(&run, "nested page fault")
    default:
      throw Mismatch(text: "\(place)")
    }
    if inL2 { count(&run, "L2") }
    // An access that KVM carries out leaves the processor before its flags are set, and KVM that knows the physical address
    // walks no tables.
    let isKVMs = run.vm.machine.tdp && result.access?.isEmulated ?? false
    let differences = differences(run.vm.memory, flat.memory, besides: isKVMs ? 0x60_0000_0360 : 0)
    try #require(differences.isEmpty, "\(place): \(differences.joined(separator: ", "))")
    if case .reached(let target) = end, value != nil, isTable(target >> 12) {
      count(&run, "table written")
      try flush(&run)
    }
  }

  private func differences(_ memory: GuestMemory, _ flat: GuestMemory, besides flags: UInt64) -> [String] {
    if memory == flat { return [] }
    return (0..<0x40_0000 / 8).compactMap { index -> String? in
      let address = GuestPhysicalAddress(rawValue: index * 8)
      let (got, want) = (memory.word(at: address) ?? 0, flat.word(at: address) ?? 0)
      return (got ^ want) & ~flags == 0 ? nil : "\(hex(address.rawValue)) holds \(hex(got)), not \(hex(want))"
    }
  }

  private func isTable(_ frame: UInt64) -> Bool {
    RandomGuest.tables.contains(frame) || RandomGuest.nested.contains(frame)
  }

  private func count(_ run: inout Run, _ what: String) { run.ends[what, default: 0] += 1 }

  private struct Mismatch: Error { let text: String }
}
