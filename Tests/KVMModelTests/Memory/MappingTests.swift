import Testing

@testable import KVMModel

@Suite struct MappingTests {
  private func flags(
    _ names: [String], _ format: Mapping.Format, _ size: Mapping.Size = .page4K
  ) -> (bits: UInt64, refused: [Int]) {
    var refused: [Int] = []
    let bits = format.leafFlags(names, size: size) { index, detail in
      #expect(!detail.isEmpty)
      refused.append(index)
    }
    return (bits, refused)
  }

  @Test func flagsStandWhereTheFormatHasThem() {
    let x86 = ["P", "RW", "US", "PWT", "PCD", "A", "D", "PAT", "G"]
    #expect(flags(x86, .thirtyTwoBit) == (0x1ff, []))
    #expect(flags(x86, .thirtyTwoBit, .page4M) == (0x117f, []))
    #expect(flags(x86 + ["NX"], .pae, .page2M) == (1 << 63 | 0x117f, []))
    #expect(flags(["P", "PK=3"], .fourLevel) == (3 << 59 | 1, []))
    #expect(flags(["P", "PK=15", "PS"], .fiveLevel, .page1G) == (15 << 59 | 1, []))
    #expect(flags(["R", "W", "X", "IPAT", "A", "D", "MT=0"], .ept) == (0x347, []))
    #expect(flags(["X", "MT=5", "PS"], .ept, .page1G) == (0x2c, []))
    #expect(flags(["R"], .ept) == (0x31, []))
    #expect(flags([], .fourLevel) == (0, []))
  }

  @Test func namesReadBackAsTheyWereGiven() {
    for format in Mapping.Format.allCases {
      for size in format.sizes {
        let fields = format.entries.fields.filter {
          $0.belongs(toLeaf: true, level: size.level) && $0.name != "PS"
            && !(format == .pae && $0.name == "PK")
        }
        for choice in 0..<1 << fields.count {
          let names = fields.enumerated().filter { choice >> $0.offset & 1 != 0 || $0.element.showsZero }.map
          {
            $0.element.isNumber ? "\($0.element.name)=\($0.element.maximum)" : $0.element.name
          }
          let read = flags(names, format, size)
          let mapping = Mapping(
            format: format, root: 0, address: 0, target: 0, size: size, flags: read.bits)
          #expect(read.refused.isEmpty && mapping.flagNames == names, "\(format) \(size)")
        }
      }
    }
  }

  @Test func flagsThatALeafDoesNotHaveAreRefusedByPlace() {
    #expect(flags(["P", "NX", "PK=1", "R"], .thirtyTwoBit).refused == [1, 2, 3])
    #expect(flags(["P", "PK=1", "MT=6"], .pae).refused == [1, 2])
    #expect(flags(["PS", "P"], .fourLevel).refused == [0])
    #expect(flags(["R", "US", "PK=1", "G", "NX"], .ept).refused == [1, 2, 3, 4])
    #expect(
      flags(["PK=16", "PK=", "PK=-1", "PK=x", "PK", "PK=99999999999999999999"], .fourLevel).refused == [
        0, 1, 2, 3, 4, 5,
      ])
    #expect(flags(["MT=8"], .ept).refused == [0])
    #expect(flags(["P", "PK=1", "PK=2", "P", "PK=2"], .fourLevel).refused == [2])
  }

  @Test func eachValueHasItsRule() {
    let cases: [(Mapping, [String])] = [
      (Mapping(format: .fourLevel, root: .max, address: 0, target: 0), ["/root"]),
      (Mapping(format: .thirtyTwoBit, root: 1 << 32, address: 0, target: 0), ["/root"]),
      (Mapping(format: .pae, root: 1 << 32, address: 0, target: 0), []),
      (Mapping(format: .pae, root: 0, address: 1 << 32, target: 0), ["/address"]),
      (Mapping(format: .thirtyTwoBit, root: 0, address: 0xffff_ffff, target: 0xffff_f000), []),
      (Mapping(format: .thirtyTwoBit, root: 0, address: 0, target: 1 << 32), ["/target"]),
      (Mapping(format: .thirtyTwoBit, root: 0, address: 0, target: 0xf_ffc0_0000, size: .page4M), []),
      (Mapping(format: .thirtyTwoBit, root: 0, address: 0, target: 1 << 36, size: .page4M), ["/target"]),
      (Mapping(format: .fourLevel, root: 0, address: 0x7fff_ffff_ffff, target: 0), []),
      (Mapping(format: .fourLevel, root: 0, address: 0x8000_0000_0000, target: 0), ["/address"]),
      (Mapping(format: .fourLevel, root: 0, address: 0xffff_8000_0000_0000, target: 0), []),
      (Mapping(format: .fourLevel, root: 0, address: 0xffff_7fff_ffff_f000, target: 0), ["/address"]),
      (Mapping(format: .fiveLevel, root: 0, address: 0xff00_0000_0000_0000, target: 0), []),
      (Mapping(format: .fiveLevel, root: 0, address: 1 << 56, target: 0), ["/address"]),
      (Mapping(format: .ept, root: 0x1e, address: 0xffff_ffff_ffff, target: 0), []),
      (Mapping(format: .ept, root: 0x1e, address: 1 << 48, target: 0), ["/address"]),
      (Mapping(format: .ept, root: 0x26, address: 1 << 56, target: 0), []),
      (Mapping(format: .ept, root: 0x26, address: 1 << 57, target: 0), ["/address"]),
      (Mapping(format: .ept, root: 0, address: 0, target: 1 << 52), ["/target"]),
      (Mapping(format: .ept, root: 0, address: 0, target: (1 << 52) - (1 << 30), size: .page1G), []),
      (Mapping(format: .fourLevel, root: 0, address: 0, target: 0x1000, size: .page2M), ["/target"]),
      (Mapping(format: .fourLevel, root: 0, address: 0, target: .max), ["/target", "/target"]),
      (Mapping(format: .fourLevel, root: 0, address: 0, target: 0, tables: 0x1008), ["/tables"]),
    ]
    for (mapping, pointers) in cases {
      #expect(mapping.problems().map(\.pointer) == pointers, "\(mapping)")
    }
    let sizes: [Mapping.Format: [Mapping.Size]] = [
      .thirtyTwoBit: [.page4K, .page4M], .pae: [.page4K, .page2M], .fourLevel: [.page4K, .page2M, .page1G],
      .fiveLevel: [.page4K, .page2M, .page1G], .ept: [.page4K, .page2M, .page1G],
    ]
    for format in Mapping.Format.allCases {
      for size in Mapping.Size.allCases {
        let mapping = Mapping(format: format, root: 0, address: 0, target: 0, size: size)
        let fits = sizes[format]?.contains(size) == true
        #expect(mapping.problems().map(\.pointer) == (fits ? [] : ["/size"]), "\(format) \(size)")
      }
    }
  }
}
