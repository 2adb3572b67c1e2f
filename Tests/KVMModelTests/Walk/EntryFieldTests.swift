import Testing

@testable import KVMModel

@Suite struct EntryFieldTests {
  @Test func anEntryShowsTheFlagsOfItsKindAndLevel() {
    let cases: [(WalkFormat, UInt64, Bool, Int, [String])] = [
      (.paging64, 0x81, true, 1, ["P", "PAT"]), (.paging64, 0x1081, true, 2, ["P", "PS", "PAT"]),
      (.paging64, 0x1141, false, 2, ["P"]),
      (.paging64, 3 << 59 | 0x161, true, 1, ["P", "A", "D", "G", "PK=3"]),
      (.paging64, 1 << 63 | 3 << 59 | 1, false, 3, ["P", "NX"]),
      (.paging32, 0x9f, true, 2, ["P", "RW", "US", "PWT", "PCD", "PS"]),
      (.paging32, 0x1_e001, true, 2, ["P"]), (.ept, 0x81, true, 1, ["R", "MT=0"]),
      (.ept, 0x3f7, true, 2, ["R", "W", "X", "IPAT", "PS", "A", "D", "MT=6"]),
      (.ept, 0x307, false, 2, ["R", "W", "X", "A"]),
    ]
    for (format, entry, isLeaf, level, names) in cases {
      #expect(
        EntryFormat(format: format).flagNames(entry, isLeaf: isLeaf, level: level) == names,
        "\(format) \(hex(entry))")
    }
  }

  @Test func aLeafLeadsWhereItWasMadeFor() {
    for (format, page, level) in [
      (.paging32, 0xffff_f000, 1), (.paging32, 0xf_ffc0_0000, 2), (.paging32, 0x1_0000_0000, 2),
      (.paging64, 0xf_ffff_ffff_f000, 1), (.paging64, 0x20_0000, 2), (.ept, 0xf_ffff_c000_0000, 3),
    ] as [(WalkFormat, UInt64, Int)] {
      let entries = EntryFormat(format: format)
      #expect(
        entries.frame(entries.leaf(to: page, level: level), level: level, address: 0).address.rawValue == page
      )
    }
  }
}
