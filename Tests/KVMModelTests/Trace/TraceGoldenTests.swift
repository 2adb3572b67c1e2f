@testable import KVMModel
import Testing

/// The lines that the model's tracepoints write, against those of a running KVM.
@Suite struct TraceGoldenTests {
  /// Registers of each guest that was recorded, and where it had its tables: by the `paging_element` lines each maps the
  /// first pages to themselves, for the supervisor, with every flag set.
  private static let guests:
    [String: (registers: RegisterValues, tables: [(address: UInt64, value: UInt64)])] = [
      "paging off": (RegisterValues(cr0: 0x11), []),
      "paging off again": (RegisterValues(cr0: 0x11), []),
      "32-bit": (RegisterValues(cr0: 0x8001_0011, cr3: 0x10_0000), [(0x10_0000, 0x10_1063)]),
      "PAE": (
        RegisterValues(cr0: 0x8001_0011, cr3: 0x18_0000, cr4: 0x20),
        [(0x18_0000, 0x18_1001), (0x18_1000, 0x18_2063)]
      ),
      "4-level": (
        RegisterValues(cr0: 0x8001_0011, cr3: 0x20_0000, cr4: 0x20, efer: 0x500, codeSegmentLong: true),
        [(0x20_0000, 0x20_1063), (0x20_1000, 0x20_2063), (0x20_2000, 0x20_3063)]
      ),
      "5-level": (
        RegisterValues(cr0: 0x8001_0011, cr3: 0x28_0000, cr4: 0x1020, efer: 0x500, codeSegmentLong: true),
        [(0x28_0000, 0x28_1063), (0x28_1000, 0x28_2063), (0x28_2000, 0x28_3063), (0x28_3000, 0x28_4063)]
      ),
    ]

  private func machine(_ guest: TraceRecording.Guest, tdp: Bool) throws -> VirtualMachine {
    let (registers, tables) = try #require(Self.guests[guest.name])
    var machine = try #require(Preset.named("amd-npt-5level")).machine
    machine.tdp = tdp
    machine.autoEnter = false
    machine.host.prefetchPages = 8
    machine.memory.slots = [MemorySlot(base: 0, bytes: 0x100_0000)]
    var words = tables
    if let last = tables.last {
      let table = last.value & ~0xfff
      let pages = (0..<8 as Range<UInt64>).map { $0 << 12 | 0x63 }
      if guest.name == "32-bit" {
        words += (0..<4 as Range<UInt64>).map {
          (table + $0 * 8, pages[Int($0) * 2] | pages[Int($0) * 2 + 1] << 32)
        }
      } else {
        words += (0..<8 as Range<UInt64>).map { (table + $0 * 8, pages[Int($0)]) }
      }
    }
    machine.memory.words = words.map {
      MemoryWord(address: GuestPhysicalAddress(rawValue: $0.0), value: $0.1)
    }
    var vm = VirtualMachine(machine: machine, boot: .reset)
    let outcome = try vm.apply(.vcpu(0, .setSregs(registers))).outcome
    #expect(outcome == .ok)
    return vm
  }

  /// The lines of some operations, in one go.
  private func trace(_ vm: inout VirtualMachine, _ operations: [KVMModel.Operation]) throws -> [String] {
    try operations.flatMap { try vm.apply($0, detail: .trace).trace.map(\.text) }
  }

  private func renamed(_ lines: [String], _ names: inout FrameNames) -> [String] {
    lines.map { names.rename($0) }
  }

  @Test func nestedPagingWritesTheSameLines() throws {
    let recording = try TraceRecording("trace-npt")
    #expect(recording.guests.count == 6)
    for guest in recording.guests {
      var vm = try machine(guest, tdp: true)
      var (kernel, model) = (FrameNames(), FrameNames())
      let operations = guest.operations.map { KVMModel.Operation.vcpu(0, $0) }
      #expect(operations.count >= 2)
      let lines = renamed(try trace(&vm, operations), &model)
      let expected = renamed(guest.mmuLines, &kernel)
      // The recording ends in the middle of the last guest.
      let isCut = guest.teardown.isEmpty
      #expect((isCut ? Array(lines.prefix(expected.count)) : lines) == expected, "\(guest.name)")
      // The last guest is taken down as a zap of all takes down the pages of the TDP MMU.
      let zap = try trace(&vm, [.machine(.zapAll)])
      #expect(zap.first == "kvm_mmu_zap_all_fast: kvm-mmu-valid-gen 0 used_pages 0")
      if !isCut {
        #expect(
          renamed(Array(zap.dropFirst()), &model) == renamed(guest.teardown, &kernel),
          "\(guest.name), teardown")
      }
    }
  }

  @Test func shadowPagingWritesTheSameLines() throws {
    let recording = try TraceRecording("trace-shadow")
    #expect(recording.guests.count == 6)
    for guest in recording.guests {
      var vm = try machine(guest, tdp: false)
      var (kernel, model) = (FrameNames(), FrameNames())
      let operations = guest.operations.map { KVMModel.Operation.vcpu(0, $0) }
      #expect(operations.count >= 3)
      #expect(
        renamed(try trace(&vm, operations), &model) == renamed(guest.mmuLines, &kernel), "\(guest.name)")
      // A guest that ends loses its newest pages first, where a zap of all begins with the oldest; the roots live on
      // until the vCPU lets go of them.
      let zap = try trace(&vm, [.machine(.zapAll)])
      let count = vm.shadowPages.count
      let release = Array(try trace(&vm, [.vcpu(0, .enterGuest)]).prefix(count))
      let ends = guest.teardown.filter { $0.contains(" invalid ") }
      #expect(
        zap.dropFirst().reversed() == guest.teardown.filter { !$0.contains(" invalid ") }, "\(guest.name)")
      #expect(release == ends && count == ends.count, "\(guest.name)")
    }
  }
}
