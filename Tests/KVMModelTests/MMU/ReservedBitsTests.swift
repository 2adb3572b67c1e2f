@testable import KVMModel
import Testing

/// Masks computed by the kernel's own functions.
@Suite struct ReservedBitsTests {
  private func expect(_ check: ReservedBits, _ name: String, _ small: [UInt64], _ large: [UInt64?]) {
    for level in 1...small.count {
      #expect(check.smallPage[level] == small[level - 1], "\(name), level \(level), bit 7 clear")
      if let mask = large[level - 1] {
        #expect(check.largePage[level] == mask, "\(name), level \(level), bit 7 set")
      }
    }
  }

  @Test func x86Entries() {
    let high40 = bits(40, 51)
    expect(
      .x86(physical: bits(40, 63), level: 4, noExecute: true, gbPages: true, pse: false, amd: false),
      "4-level, 40 bits, NX, 1G, Intel", [high40, high40, high40, 0x000f_ff00_0000_0080],
      [high40, 0x000f_ff00_001f_e000, 0x000f_ff00_3fff_e000, 0x000f_ff00_0000_0080])
    expect(
      .x86(physical: bits(40, 63), level: 4, noExecute: false, gbPages: false, pse: false, amd: true),
      "4-level, 40 bits, no NX, no 1G, AMD",
      [
        0x800f_ff00_0000_0000, 0x800f_ff00_0000_0000, 0x800f_ff00_0000_0080, 0x800f_ff00_0000_0180,
      ],
      [
        0x800f_ff00_0000_0000, 0x800f_ff00_001f_e000, 0x800f_ff00_3fff_e080, 0x800f_ff00_0000_0180,
      ])
    expect(
      .x86(physical: bits(52, 63), level: 5, noExecute: true, gbPages: true, pse: false, amd: false),
      "5-level, 52 bits, NX, 1G, Intel", [0, 0, 0, 0x80, 0x80], [0, 0x1f_e000, 0x3fff_e000, 0x80, 0x80])
    expect(
      .x86(physical: bits(40, 63), level: 3, noExecute: true, gbPages: true, pse: false, amd: false),
      "PAE, 40 bits, NX", [0x7fff_ff00_0000_0000, 0x7fff_ff00_0000_0000, 0xffff_ff00_0000_01e6],
      [0x7fff_ff00_0000_0000, 0x7fff_ff00_001f_e000, nil])
    expect(
      .x86(physical: bits(36, 63), level: 3, noExecute: false, gbPages: true, pse: false, amd: false),
      "PAE, 36 bits, no NX", [0xffff_fff0_0000_0000, 0xffff_fff0_0000_0000, 0xffff_fff0_0000_01e6],
      [0xffff_fff0_0000_0000, 0xffff_fff0_001f_e000, nil])
    for (pse, mask) in [(true, 0x3e_0000), (false, 0)] as [(Bool, UInt64)] {
      expect(
        .x86(physical: bits(36, 63), level: 2, noExecute: false, gbPages: false, pse: pse, amd: false),
        "32-bit, PSE \(pse)", [0, 0], [0, mask])
    }
  }

  @Test func eptEntries() {
    let cases: [(width: Int, hugePageLevel: Int, small: [UInt64], large: [UInt64])] = [
      (
        40, 3,
        [
          0x000f_ff00_0000_0000, 0x000f_ff00_0000_0078, 0x000f_ff00_0000_0078, 0x000f_ff00_0000_00f8,
          0x000f_ff00_0000_00f8,
        ],
        [
          0x000f_ff00_0000_0000, 0x000f_ff00_001f_f000, 0x000f_ff00_3fff_f000, 0x000f_ff00_0000_00f8,
          0x000f_ff00_0000_00f8,
        ]
      ),
      (
        46, 2,
        [
          0x000f_c000_0000_0000, 0x000f_c000_0000_0078, 0x000f_c000_0000_00f8, 0x000f_c000_0000_00f8,
          0x000f_c000_0000_00f8,
        ],
        [
          0x000f_c000_0000_0000, 0x000f_c000_001f_f000, 0x000f_c000_3fff_f080, 0x000f_c000_0000_00f8,
          0x000f_c000_0000_00f8,
        ]
      ),
    ]
    for row in cases {
      for (executeOnly, types) in [
        (true, 0xff44_4444_ffff_4444), (false, 0xff54_5454_ffff_5454),
      ] as [(Bool, UInt64)] {
        let check = ReservedBits.ept(
          physical: bits(row.width, 63), executeOnly: executeOnly, hugePageLevel: row.hugePageLevel)
        expect(check, "EPT, \(row.width) bits", row.small, row.large)
        #expect(check.badMemoryTypeXWR == types)
      }
    }
  }

  /// The bitmap of memory types and rights, from its definition: types 2, 3 and 7; write without read; execute
  /// alone without the capability.
  @Test func memoryTypesAndRightsThatEPTForbids() {
    for executeOnly in [true, false] {
      let check = ReservedBits.ept(physical: 0, executeOnly: executeOnly, hugePageLevel: 3)
      for low in 0...63 as ClosedRange<UInt64> {
        let rights = low & 7
        let bad =
          [2, 3, 7].contains(low >> 3) || [2, 6].contains(rights) || (rights == 4 && !executeOnly)
        #expect((check.badMemoryTypeXWR >> low & 1 != 0) == bad, "bits 5:0 = \(low)")
      }
    }
  }
}
