@testable import KVMModel
import Testing

@Suite("A snapshot is the whole state, and only a state")
struct SnapshotTests {
  /// Random machines after random operations.
  private func random(_ seed: UInt64, operations: Int) -> (machine: VirtualMachine, random: RandomOperations)
  {
    var random = RandomOperations(seed: seed)
    var machine = VirtualMachine(machine: random.machine(), boot: random.pick(Boot.allCases))
    for _ in 0..<operations {
      _ = try? machine.apply(random.operation(vcpus: machine.vcpus.count), detail: [])
    }
    return (machine, random)
  }

  @Test("the machine that comes back is equal, and goes on equally")
  func roundTrip() throws {
    var pages = 0
    for seed in 1...UInt64(150) {
      var (machine, random) = random(seed, operations: Int(seed % 90))
      let bytes = try machine.snapshot()
      var copy = try VirtualMachine(snapshot: bytes)
      try #require(copy == machine, "seed \(seed)")
      #expect(try copy.snapshot() == bytes, "seed \(seed)")
      pages += machine.shadowPages.count
      for step in 1...60 {
        let operation = random.operation(vcpus: machine.vcpus.count)
        let one = Result { () throws(OperationError) in try machine.apply(operation, detail: .all) }
        let other = Result { () throws(OperationError) in try copy.apply(operation, detail: .all) }
        #expect(one == other, "seed \(seed), step \(step): \(operation)")
      }
      try #require(copy == machine, "seed \(seed)")
      #expect(Invariants.broken(copy) + ShadowInvariants.broken(copy) == [], "seed \(seed)")
    }
    #expect(pages > 500)
  }

  @Test("a byte that changed, is missing or is too many is noticed")
  func damage() throws {
    let bytes = try random(5, operations: 60).machine.snapshot()
    for place in bytes.indices {
      var changed = bytes
      changed[place] ^= 1 << (place % 8)
      #expect(throws: DecodingError.self, "byte \(place)") { try VirtualMachine(snapshot: changed) }
      #expect(throws: DecodingError.self) { try VirtualMachine(snapshot: Array(bytes[..<place])) }
    }
    #expect(throws: DecodingError.self) { try VirtualMachine(snapshot: bytes + [0]) }
    #expect(throws: DecodingError.self) { try VirtualMachine(snapshot: []) }
  }

  @Test("made-up bytes throw, or give a machine that operations work on")
  func madeUp() throws {
    var read = 0
    for seed in 1...UInt64(600) {
      var (machine, random) = random(seed % 40 + 1, operations: Int(seed % 60))
      let encoder = SnapshotEncoder()
      try machine.encode(to: encoder)
      var bytes = encoder.bytes
      for _ in 0..<random.pick([1, 1, 2, 5]) {
        bytes[Int.random(in: bytes.indices, using: &random.generator)] =
          random.flag()
          ? UInt8.random(in: .min ... .max, using: &random.generator) : random.pick([0, 1, 0x7f, 0x80, 0xff])
      }
      guard var copy = try? VirtualMachine(from: SnapshotDecoder(bytes[...])) else { continue }
      read += 1
      for _ in 0..<30 { _ = try? copy.apply(random.operation(vcpus: copy.vcpus.count), detail: .all) }
      machine = copy
      _ = try machine.snapshot()
    }
    #expect(read > 50)
  }

  /// Machines that together have every part that a snapshot can hold.
  private func samples() throws -> [VirtualMachine] {
    func map(_ format: Mapping.Format, _ root: UInt64, _ address: UInt64, _ tables: UInt64)
      -> KVMModel.Operation
    {
      .machine(.map(Mapping(format: format, root: root, address: address, target: address, tables: tables)))
    }
    let access = KVMModel.Operation.vcpu(
      0, .access(AccessRequest(address: 0x5000, kind: .write, value: .max)))
    let pointers: [(preset: String, pgd: UInt64)] = [("intel-ept", 0x10_005e), ("amd-npt", 0x10_0000)]
    let nested = try pointers.map { preset, pgd in
      var machine = VirtualMachine(machine: try #require(Preset.named(preset)).machine)
      let format: Mapping.Format = preset == "amd-npt" ? .fourLevel : .ept
      for page in UInt64(1)...6 {
        _ = try machine.apply(map(format, 0x10_0000, page << 12, 0x10_1000), detail: [])
      }
      _ = try machine.apply(map(.fourLevel, 0x1000, 0x5000, 0x2000), detail: [])
      if preset == "amd-npt" { _ = try machine.apply(.vcpu(0, .setEFER(.value(0x1d01))), detail: []) }
      let entry = NestedEntry(nestedPaging: true, pgd: pgd, l2: RegisterValues(cr3: 0x1000))
      #expect(try machine.apply(.vcpu(0, .nestedEnter(entry)), detail: []).outcome == .ok)
      _ = try machine.apply(access, detail: [])
      return machine
    }
    var shadow = VirtualMachine(machine: try #require(Preset.named("intel-shadow")).machine)
    _ = try shadow.apply(map(.fourLevel, 0x1000, 0x5000, 0x2000), detail: [])
    _ = try shadow.apply(access, detail: [])
    return nested + [shadow]
  }

  @Test("the layout has not changed under the same name")
  func layout() throws {
    let digests = try samples().map { try $0.snapshot().reduce(UInt64(7)) { ($0 &* 31) &+ UInt64($1) } }
    #expect(VirtualMachine.snapshotFormat == "kvm-machine/1")
    #expect(
      digests == [15_120_125_659_817_788_636, 8_790_951_887_680_215_856, 207_843_730_337_656_472],
      "a new layout, or a state that means something else, needs a new snapshotFormat")
  }

  @Test("what cannot be is refused")
  func impossible() throws {
    let machine = try samples()[2]
    let changes: [(name: String, change: (inout VirtualMachine) -> Void)] = [
      ("a vCPU too many", { $0.vcpus.append($0.vcpus[0]) }),
      ("no vCPU", { $0.vcpus = [] }),
      ("a cache of another size", { $0.vcpus[0].rootMMU.previousRoots.append(.empty) }),
      (
        "another vendor's guest",
        {
          $0.vcpus[0].guestMode = true
          $0.vcpus[0].nested = NestedGuest(l1: Registers(), control: .svm(SVMGuest(ncr3: nil)))
        }
      ),
      ("guest mode without a guest", { $0.vcpus[0].guestMode = true }),
      ("a walk of levels that there are not", { $0.vcpus[0].rootMMU.vcpuRole.base.level = 9 }),
      ("a generation that never is", { $0.validGeneration = 2 }),
      ("a special root among the shadow pages", { $0.nextSpecialRoot = .firstShadowPage }),
      ("memory of another machine", { $0.memory = GuestMemory(slots: []) }),
      ("a page of level 0", { $0.pages.change($0.shadowPages[0].hpa) { $0.role.level = 0 } }),
      ("a page that skips a level", { $0.pages.change($0.shadowPages[0].hpa) { $0.role.level = 5 } }),
      (
        "an entry to nowhere",
        {
          let spte = SPTE(rawValue: SPTE.mmuPresent | 0x7fff_f000)
          $0.pages.write(spte, at: SPTEPlace(page: $0.shadowPages[0].hpa, index: 3))
        }
      ),
      (
        "an index beyond the table",
        {
          $0.pages.write(SPTE(rawValue: 1), at: SPTEPlace(page: $0.shadowPages[0].hpa, index: 512))
        }
      ),
    ]
    #expect(try VirtualMachine(snapshot: machine.snapshot()) == machine)
    for (name, change) in changes {
      var changed = machine
      change(&changed)
      #expect(throws: DecodingError.self, "\(name)") { try VirtualMachine(snapshot: changed.snapshot()) }
    }
  }
}
