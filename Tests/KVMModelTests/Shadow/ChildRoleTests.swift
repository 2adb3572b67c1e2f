@testable import KVMModel
import Testing

/// The shadow pages that the first fault of a configuration makes, with their roles.
@Suite struct ChildRoleTests {
  private static let longMode = RegisterValues(
    cr0: 0x8001_0011, cr3: 0x1000, cr4: 0x20, efer: 0xd01, codeSegmentLong: true)
  private static let fourLevels: [(UInt64, UInt64)] = [
    (0x1000, 0x2063), (0x2000, 0x3063), (0x3000, 0x4063), (0x4000, 0x8_0067),
  ]

  private func roles(_ test: TestMachine) -> [UInt32] { test.vm.shadowPages.map(\.role.rawValue) }

  private func shadow(
    _ registers: RegisterValues, _ words: [(UInt64, UInt64)], fault: (address: UInt64, code: UInt64) = (0, 0)
  ) throws -> TestMachine {
    var test = TestMachine("intel-shadow", boot: .reset)
    try test.store(words.map { (address: $0.0, value: $0.1) })
    try test.run(.setSregs(registers), enter: true)
    // Pages from the time before paging go.
    _ = try test.vm.apply(.machine(.zapAll))
    try test.run(.enterGuest)
    try test.run(.pageFault(address: fault.address, errorCode: AccessMode(rawValue: fault.code)))
    return test
  }

  @Test func twoDimensionalPaging() throws {
    for (preset, want) in [
      ("intel-ept", [0x3784, 0x3783, 0x3782, 0x3781]),
      ("amd-npt-5level", [0x3785, 0x3784, 0x3783, 0x3782, 0x3781]),
    ] as [(String, [UInt32])] {
      for tdpMMU in [true, false] {
        var test = TestMachine(preset) { $0.tdpMMU = tdpMMU }
        try test.run(.pageFault(address: 0x1234_5678, errorCode: [.write, .user, .guestFinal]))
        #expect(roles(test) == want, "\(preset)")
        #expect(test.vm.shadowPages.map(\.frame.rawValue).suffix(2) == [0, 0x12200], "\(preset)")
      }
    }
  }

  @Test func shadowPaging() throws {
    let off = try shadow(RegisterValues(cr0: 0x11), [])
    #expect(roles(off) == [0x1782, 0x1782, 0x1782, 0x1782, 0x1781])
    let upper = try shadow(
      RegisterValues(cr0: 0x8001_0011, cr3: 0x1000, cr4: 0x10),
      [(0x1000, 0x2067 << 32 | 0x2067), (0x2800, 0x8067)],
      fault: (0x20_0000, 0))
    #expect(roles(upper) == [0x3712, 0x3732, 0x3752, 0x3772, 0x3731])
    let lower = try shadow(
      RegisterValues(cr0: 0x8001_0011, cr3: 0x1000, cr4: 0x10), [(0x1000, 0x2067), (0x2000, 0x8067)])
    #expect(roles(lower) == [0x3712, 0x3732, 0x3752, 0x3772, 0x3711])
    let pae = try shadow(
      RegisterValues(cr0: 0x8001_0011, cr3: 0x1000, cr4: 0x20),
      [(0x1000, 0x2001), (0x1008, 0x3001), (0x2000, 0x4067), (0x4000, 0x8067)])
    #expect(roles(pae) == [0x3702, 0x3702, 0x3701])
    #expect(pae.vm.shadowPages.map(\.frame.rawValue) == [2, 3, 4])
  }

  @Test func rightsOfUpperEntriesAreInTheRoles() throws {
    let user = try shadow(
      Self.longMode, [(0x1000, 0x2067), (0x2000, 0x3067), (0x3000, 0x4067), (0x4000, 0x8067)])
    #expect(roles(user) == [0x3704, 0x3703, 0x3702, 0x3701])
    let readOnly = try shadow(
      Self.longMode, [(0x1000, 0x2061), (0x2000, 0x3067), (0x3000, 0x4067), (0x4000, 0x8067)])
    #expect(roles(readOnly) == [0x3704, 0x3103, 0x3102, 0x3101])
  }

  /// Large guest pages are mapped by direct pages with the rights of the leaf.
  @Test func largeGuestPagesTakeDirectPages() throws {
    let two = try shadow(Self.longMode, [(0x1000, 0x2067), (0x2000, 0x3067), (0x3000, 0x40_00e7)])
    #expect(roles(two) == [0x3704, 0x3703, 0x3702, 0x3781])
    #expect(two.vm.shadowPages.last?.frame.rawValue == 0x400)
    let one = try shadow(Self.longMode, [(0x1000, 0x2067), (0x2000, 0x4000_00e7)], fault: (0x60_0000, 0))
    #expect(roles(one) == [0x3704, 0x3703, 0x3782, 0x3781])
    #expect(one.vm.shadowPages.map(\.frame.rawValue) == [1, 2, 0x40000, 0x40600])
    let four = try shadow(
      RegisterValues(cr0: 0x8001_0011, cr3: 0x1000, cr4: 0x10), [(0x1000, 0x40_00e7)], fault: (0x20_0000, 0))
    #expect(roles(four).last == 0x37b1)
  }

  @Test func nestedEPT() throws {
    for (pointer, want) in [
      (0x1005e, [0x20704, 0x20703, 0x20702, 0x20701]), (0x1001e, [0x30704, 0x30703, 0x30702, 0x30701]),
    ]
      as [(UInt64, [UInt32])]
    {
      var test = TestMachine("intel-ept")
      try test.store([
        (0x1_0000, 0x1_1007), (0x1_1000, 0x1_2007), (0x1_2000, 0x1_3007), (0x1_3000, 0x8_0337),
      ])
      try test.run(.enterL2(paging: true, pgd: pointer), enter: true)
      try test.run(.pageFault(address: 0, errorCode: .user))
      #expect(roles(test).filter { $0 & 0x80 == 0 } == want)
    }
  }

  @Test func nestedNPT() throws {
    for (preset, want) in [
      ("amd-npt", [0x21704, 0x21703, 0x21702, 0x21701]),
      ("amd-npt-5level", [0x61705, 0x21704, 0x21703, 0x21702, 0x21701]),
    ] as [(String, [UInt32])] {
      var test = TestMachine(preset)
      try test.run(.efer(0x1d01), enter: true)
      try test.store([
        (0x1_0000, 0x1_1067), (0x1_1000, 0x1_2067), (0x1_2000, 0x1_3067), (0x1_3000, 0x8_0067),
      ])
      try test.run(.enterL2(paging: true, pgd: 0x1_0000), enter: true)
      try test.run(.pageFault(address: 0, errorCode: [.user, .guestFinal]))
      #expect(roles(test).filter { $0 & 0x80 == 0 } == want, "\(preset)")
    }
  }
}
