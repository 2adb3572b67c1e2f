@testable import KVMModel
import Testing

/// The memory references of an access under two-dimensional paging: with g levels of the guest's tables and h of the
/// host's, (g + 1)(h + 1) - 1.
@Suite struct WalkReferencesTests {
  @Test func twoDimensionsMultiplyTheReferences() throws {
    for (preset, boot, guest, host) in [
      ("intel-ept", .longMode, 4, 4), ("amd-npt", .longMode, 4, 4), ("intel-ept-5level", .longModeLA57, 5, 5),
      ("amd-npt-5level", .longModeLA57, 5, 5), ("amd-npt-5level", .longMode, 4, 5),
      ("intel-ept", .thirtyTwoBit, 2, 4),
      ("intel-ept", .protected, 0, 4),
    ] as [(String, Boot, Int, Int)] {
      var test = TestMachine(preset, boot: boot)
      // Frames 1 to 5 are the tables, each of which leads to the next one; 0x7000 is mapped to what follows the last.
      try test.store(
        (1..<UInt64(max(guest, 1))).map { ($0 << 12, ($0 + 1) << 12 | 0x67) })
      let leaf = UInt64(max(guest, 1)) << 12
      if guest > 0 {
        try test.store([boot == .thirtyTwoBit ? (leaf + 24, 0x9067 << 32 | 0x8067) : (leaf + 56, 0x9067)])
      }
      try test.store([(0x7000, guest == 0 ? 0x55 : 0), (0x9000, 0x55)])
      let read = VCPUOperation.access(AccessRequest(address: 0x7000, kind: .read))
      #expect(try test.run(read).faults.isEmpty == false, "\(preset) \(boot)")
      let result = try test.run(read)
      #expect(result.access?.value == 0x55 && result.faults.isEmpty, "\(preset) \(boot)")
      let count = (guest + 1) * (host + 1) - 1
      #expect(result.walkSteps.map(\.references) == Array(1...count), "\(preset) \(boot)")
      if guest == host { #expect(count == (host == 5 ? 35 : 24)) }
    }
  }
}
