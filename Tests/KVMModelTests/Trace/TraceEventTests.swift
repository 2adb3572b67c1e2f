@testable import KVMModel
import Testing

@Suite struct TraceEventTests {
  @Test func linesAreThoseOfTheKernel() throws {
    let machine = try #require(Preset.named("intel-shadow")).machine
    var vm = VirtualMachine(machine: machine)
    let lines = try vm.apply(.machine(.zapAll)).trace
    #expect(lines.count > 1 && lines.first?.text.hasPrefix("kvm_mmu_zap_all_fast: ") == true)
  }

  /// Documents give a line this room and take its bytes as they are.
  @Test func theLongestLinesFitAndNeedNoEscaping() {
    let place = SPTEPlace(page: HostPhysicalAddress(rawValue: .max - 511 * 8), index: 511)
    let fault = PageFault(
      address: .max, errorCode: AccessMode(rawValue: .max), alignmentCheck: true)
    let spte = SPTE(rawValue: .max)
    let frame = GuestFrameNumber(rawValue: .max)
    let events: [TraceEvent] = [
      .pagetableWalk(address: .max, access: AccessMode(rawValue: .max)),
      .fastPageFault(vcpu: .min, fault, at: place, old: spte, new: spte, .fixed),
      .checkMMIO(spte, current: .max, generation: .max),
      .tdpSPTEChanged(smm: true, frame, level: .max, old: spte, new: spte),
    ]
    for event in events {
      let text = TraceLine(event: event).text
      #expect(text.utf8.allSatisfy { 0x20..<0x7f ~= $0 && !#""\"#.utf8.contains($0) }, "\(text)")
    }
  }
}
