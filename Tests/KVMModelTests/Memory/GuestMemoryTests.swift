@testable import KVMModel
import Testing

@Suite struct GuestMemoryTests {
  private static func address(_ value: UInt64) -> GuestPhysicalAddress {
    GuestPhysicalAddress(rawValue: value)
  }

  @Test func onlySlotsHoldMemory() {
    let top: UInt64 = (1 << 52) - 0x1000
    var memory = GuestMemory(slots: [
      MemorySlot(base: 0x2000, bytes: 0x1000), MemorySlot(base: top, bytes: 0x1000),
    ])
    for (place, holds) in [
      (0, false), (0x1ff8, false), (0x2000, true), (0x2fff, true), (0x3000, false), (top - 8, false),
      (top, true), (top + 0xff8, true), (top + 0x1000, false), (.max, false),
    ] as [(UInt64, Bool)] {
      #expect((memory.word(at: Self.address(place)) == 0) == holds, "\(hex(place))")
      #expect((memory.store(5, at: Self.address(place)) == nil) == holds, "\(hex(place))")
      if holds { #expect(memory.word(at: Self.address(place)) == 5, "\(hex(place))") }
    }
    #expect(memory.touchedPages == 2)
  }

  @Test func touchedPagesAreBoundedAndZeroTouchesNone() {
    var memory = GuestMemory(slots: [MemorySlot(base: 0, bytes: 1 << 32)])
    for page in 0..<UInt64(GuestMemory.maximumTouchedPages) {
      #expect(memory.store(page + 1, at: Self.address(page << 12)) == nil)
    }
    let beyond = Self.address(UInt64(GuestMemory.maximumTouchedPages) << 12)
    #expect(memory.store(1, at: beyond) == .tooManyPages)
    #expect(memory.store(0, at: beyond) == nil && memory.word(at: beyond) == 0)
    #expect(memory.store(9, at: Self.address(0x1008)) == nil, "a touched page takes more")
    #expect(memory.touchedPages == GuestMemory.maximumTouchedPages)
  }

  /// Looking ahead says what writing the words one by one would.
  @Test func aListOfWordsIsRefusedWhereWritingItWouldBe() {
    var memory = GuestMemory(slots: [MemorySlot(base: 0, bytes: 1 << 32)])
    for page in 0..<UInt64(GuestMemory.maximumTouchedPages - 2) {
      #expect(memory.store(1, at: Self.address(page << 12)) == nil)
    }
    let (free, outside): (UInt64, UInt64) = (0x8000_0000, 1 << 32)
    for list in [
      [(free, 1), (free + 8, 1), (free + 0x1000, 1), (0, 0), (free + 0x2000, 0)],
      [(free, 1), (free + 0x1000, 1), (free + 0x2000, 1)], [(0, 1), (outside, 0)], [],
      [
        (free, 0), (free + 0x1000, 0), (free + 0x2000, 1), (free + 0x3000, 1), (free + 0x4000, 1),
        (outside, 1),
      ],
    ] as [[(UInt64, UInt64)]] {
      let words = list.map { MemoryWord(address: Self.address($0.0), value: $0.1) }
      var written = memory
      let refusals = words.map { written.store($0.value, at: $0.address) }
      let expected = refusals.firstIndex { $0 != nil }
      let found = memory.refusal(of: words)
      #expect(found?.index == expected, "\(list)")
      #expect(found?.refusal == expected.flatMap { refusals[$0] }, "\(list)")
    }
  }

  /// No base and size makes the test of a frame trap, legal or not.
  @Test func slotsOfAnySizeAnswer() {
    let values: [UInt64] = [0, 1, 0xfff, 0x1000, 1 << 52, 1 << 63, .max & ~0xfff, .max]
    for base in values {
      for bytes in values {
        let slot = MemorySlot(base: base, bytes: bytes)
        for frame in values {
          let holds = slot.contains(GuestFrameNumber(rawValue: frame))
          #expect(!holds || frame >= base >> 12)
        }
        var machine = Machine()
        machine.memory.slots = [slot, MemorySlot(base: 0, bytes: 0x1000)]
        #expect(machine.maxShadowPages >= 64)
        _ = machine.problems()
      }
    }
  }

  @Test func aWriteThatDoesNotFitChangesNothing() throws {
    var test = TestMachine("intel-ept")
    let before = test.vm
    for words in [[(0x1000, 1), (1 << 32, 1)], [(0x1000, 1), (0x1004, 1)], [(.max & ~7, 1)]]
      as [[(UInt64, UInt64)]]
    {
      #expect(throws: OperationError.self) {
        try test.store(words.map { (address: $0.0, value: $0.1) })
      }
      #expect(test.vm == before)
    }
  }
}
