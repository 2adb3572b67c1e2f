import JSON

/// Page tables in a session's memory, and the session that has them.
struct GuestTables {
  /// Table entries of 64 bits by address.
  var words: [(address: UInt64, value: UInt64)] = []

  /// A path of tables of one entry each, from the root to a leaf.
  ///
  /// - Parameters:
  ///   - tables: where the tables lie, the root first.
  ///   - flags: what each entry has besides an address.
  mutating func path(
    _ tables: [UInt64], to page: UInt64, for address: UInt64, flags: UInt64, lastLevel: Int = 1
  ) {
    for (position, table) in tables.enumerated() {
      let level = tables.count - 1 - position + lastLevel
      let index = address >> UInt64(12 + 9 * (level - 1)) & 511
      let next = position + 1 < tables.count ? tables[position + 1] : page
      words.append((table + index * 8, next | flags))
    }
  }

  /// L1's EPT or NPT tables for the pages below 2 MiB, each at its own address, and of 4 KiB.
  mutating func identity(_ tables: [UInt64], pages: Range<UInt64>, flags: UInt64, leafFlags: UInt64) {
    path(Array(tables.dropLast()), to: tables[tables.count - 1], for: 0, flags: flags, lastLevel: 2)
    for page in pages { words.append((tables[tables.count - 1] + page * 8, page << 12 | leafFlags)) }
  }

  /// The body that makes a session with these tables.
  func session(_ preset: String = "intel-ept", boot: String = "long-mode", operations: String = "[]")
    -> String
  {
    let list = words.map { "[\"\($0.address)\", \"\($0.value)\"]" }.joined(separator: ", ")
    return """
      {"preset": "\(preset)", "boot": "\(boot)", "operations": \(operations),
       "machine": {"memory": {"words": [\(list)]}}}
      """
  }

  /// 4-level tables that lead from 0x1000 through user pages that may be written to 0x5000, for address 0x7000.
  static var fourLevel: GuestTables {
    var tables = GuestTables()
    tables.path([0x1000, 0x2000, 0x3000, 0x4000], to: 0x5000, for: 0x7000, flags: 7)
    return tables
  }

  /// The same, and L1's EPT of as many levels below them: pages 1 to 9 at their own addresses.
  static func twoDimensional(levels: Int) -> GuestTables {
    var tables = GuestTables()
    let guest: [UInt64] = [0x6000, 0x1000, 0x2000, 0x3000, 0x4000]
    tables.path(guest.suffix(levels), to: 0x5000, for: 0x7000, flags: 7)
    let ept: [UInt64] = [0x20000, 0x21000, 0x22000, 0x23000, 0x24000]
    tables.identity(ept.suffix(levels), pages: 1..<10, flags: 7, leafFlags: 0x37)
    return tables
  }
}
