@testable import KVMModel
import Testing

@Suite struct MachineProblemsTests {
  @Test func presetsHaveNoProblems() {
    for preset in Preset.all { #expect(preset.machine.problems().isEmpty, "\(preset.id)") }
  }

  @Test func eachBoundAndWhereItIsBroken() {
    func slots(_ slots: (UInt64, UInt64)...) -> @Sendable (inout Machine) -> Void {
      let list = slots.map { MemorySlot(base: $0.0, bytes: $0.1) }
      return { $0.memory.slots = list }
    }
    func withoutTDP(
      _ change: @escaping @Sendable (inout Machine) -> Void
    ) -> @Sendable (inout Machine) -> Void {
      {
        change(&$0)
        $0.tdp = false
      }
    }
    func word(_ address: UInt64) -> @Sendable (inout Machine) -> Void {
      { $0.memory.words = [MemoryWord(address: GuestPhysicalAddress(rawValue: address), value: 1)] }
    }
    let rows: [(pointer: String?, change: @Sendable (inout Machine) -> Void)] = [
      ("/host/maxphyaddr", { $0.host.maxPhyAddr = 31 }), ("/host/maxphyaddr", { $0.host.maxPhyAddr = 53 }),
      ("/cpuid/maxphyaddr", { $0.cpuid.maxPhyAddr = 0 }),
      ("/cpuid/maxphyaddr", { $0.cpuid.maxPhyAddr = .min }),
      (nil, { $0.cpuid.maxPhyAddr = 32 }), (nil, { $0.cpuid.maxPhyAddr = 52 }),
      ("/vcpus", { $0.vcpus = 0 }), ("/vcpus", { $0.vcpus = 65 }), ("/vcpus", { $0.vcpus = .min }),
      ("/prev_roots", { $0.previousRoots = 0 }), ("/prev_roots", { $0.previousRoots = 17 }),
      (nil, slots()), (nil, slots((0, 0x1000), (0x1000, 0x1000))),
      ("/memory/slots/0/gpa", slots((1, 0x1000))), ("/memory/slots/0/bytes", slots((0, 0))),
      ("/memory/slots/0/bytes", slots((0, 0x1001))),
      ("/memory/slots/1/gpa", slots((0, 0x2000), (0x1000, 0x1000))),
      ("/memory/slots/1/gpa", slots((0x1000, 0x1000), (0, 0x4000))),
      (nil, slots(((1 << 46) - 0x1000, 0x1000))), ("/memory/slots/0/bytes", slots((1 << 46, 0x1000))),
      (nil, withoutTDP(slots(((1 << 51) - 0x8_0000_1000, 0x1000)))),
      ("/memory/slots/0/bytes", withoutTDP(slots(((1 << 51) - 0x8_0000_0000, 0x1000)))),
      ("/host/prefetch_pages", { $0.host.prefetchPages = 0 }),
      ("/host/prefetch_pages", { $0.host.prefetchPages = 9 }),
      ("/memory/slots/0/bytes", slots((0x1000, 1 << 52))),
      ("/memory/slots/0/bytes", slots((.max & ~0xfff, 0x1000))),
      ("/memory/slots/0/bytes", slots((0x1000, .max & ~0xfff))),
      ("/memory/slots", { $0.memory.slots = (0..<17).map { MemorySlot(base: $0 << 12, bytes: 0x1000) } }),
      (nil, word(0xff8)), ("/memory/words/0/0", word(4)), (nil, word(1 << 32)), (nil, word(.max & ~7)),
      (
        "/memory/words",
        {
          $0.memory.words = (0...4096).map {
            MemoryWord(address: GuestPhysicalAddress(rawValue: $0 << 12), value: 0)
          }
        }
      ),
    ]
    for (index, row) in rows.enumerated() {
      var machine = Machine()
      row.change(&machine)
      let pointers = machine.problems().map(\.pointer)
      #expect(pointers == (row.pointer.map { [$0] } ?? []), "row \(index)")
    }
  }

  @Test func allProblemsAreFoundAtOnce() {
    var machine = Machine()
    machine.vcpus = 0
    machine.previousRoots = 99
    machine.host.maxPhyAddr = 64
    machine.memory.slots = [MemorySlot(base: 1, bytes: 1)]
    #expect(machine.problems().count == 4)
  }
}
