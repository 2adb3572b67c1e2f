/// What must be written into a guest's tables so that they map a page, and which pages become tables for it.
///
/// Entries that exist are followed and left as they are, whatever rights they give.
struct TablePlan {
  /// The entries to write, from the top down.
  private(set) var entries: [MappedEntry] = []
  /// The pages that become tables.
  private(set) var tables: [GuestPhysicalAddress] = []

  private let mapping: Mapping
  private let format: EntryFormat
  private let memory: GuestMemory
  /// The frames of the tables on the way.
  private var path: [GuestFrameNumber] = []
  /// The entries read on the way.
  private var visited: [GuestPhysicalAddress] = []
  private var nextFrame: GuestFrameNumber

  /// Plans a mapping.
  ///
  /// - Throws: ``OperationError/invalid(_:)`` for a value that can't be right or room that is not there,
  ///   ``OperationError/conflict(_:)`` for what stands in the tables.
  init(_ mapping: Mapping, in memory: GuestMemory) throws(OperationError) {
    if let problem = mapping.problems().first { throw .invalid(problem) }
    self.mapping = mapping
    self.memory = memory
    format = mapping.format.entries
    var table = mapping.rootTable
    nextFrame = GuestFrameNumber(rawValue: mapping.tables.map { $0 >> 12 } ?? table.frame.rawValue + 1)
    guard memory.isVisible(table.frame) else {
      throw .invalid(
        Problem(pointer: "/root", detail: "the table at \(hex(table.rawValue)) lies in no memory slot"))
    }
    var level = mapping.levels
    while level > mapping.size.level {
      table = try nextTable(from: table, level)
      level -= 1
    }
    try planLeaf(in: table)
    if let (index, refusal) = memory.refusal(of: entries.map(\.word)) {
      throw .invalid(
        Problem(
          pointer: "", detail: "writing the table at \(hex(entries[index].table.rawValue)) \(refusal.detail)")
      )
    }
  }

  /// Goes down one level, through a new table if need be.
  private mutating func nextTable(
    from table: GuestPhysicalAddress, _ level: Int
  ) throws(OperationError) -> GuestPhysicalAddress {
    var entry = entry(of: table, level)
    path.append(table.frame)
    if format.isPresent(entry.from) {
      if !hasPageSize(entry) {
        let next = format.frame(entry.from)
        if memory.isVisible(next) {
          visited.append(entry.address)
          return next.address
        }
        throw .conflict(
          "the \(entry.place) leads to a table at \(hex(next.address.rawValue)), which lies in no memory slot"
        )
      }
      if !mapping.replace {
        throw .conflict(
          "the \(entry.place), \(hex(entry.from)), "
            + (level > 3 ? "sets bit 7, which is reserved there" : "maps a large page")
            + "; with replace a table takes its place")
      }
    }
    let new = try newTable()
    entry.to = new.rawValue | (isPDPTE(level) ? 1 : 7)
    entry.flags = format.flagNames(entry.to, isLeaf: false, level: level)
    try write(entry)
    tables.append(new)
    return new
  }

  private mutating func planLeaf(in table: GuestPhysicalAddress) throws(OperationError) {
    let level = mapping.size.level
    var entry = entry(of: table, level)
    entry.isLeaf = true
    entry.to = format.leaf(to: mapping.target, level: level) | mapping.flags
    if isSame(entry.from, entry.to) { return }
    if format.isPresent(entry.from) && !mapping.replace {
      let obstacle = level > 1 && !hasPageSize(entry) ? "leads to a table" : "is another mapping"
      throw .conflict("the \(entry.place), \(hex(entry.from)), \(obstacle); with replace it is overwritten")
    }
    entry.flags = format.flagNames(entry.to, isLeaf: true, level: level)
    try write(entry)
  }

  private func entry(of table: GuestPhysicalAddress, _ level: Int) -> MappedEntry {
    let index =
      isPDPTE(level) ? Int(mapping.address >> 30 & 3) : format.index(of: mapping.address, level: level)
    let address = GuestPhysicalAddress(rawValue: table.rawValue + UInt64(index) * format.bytes)
    return MappedEntry(
      level: level, table: table, index: index, address: address, bytes: Int(format.bytes),
      from: memory.entry(at: address, bytes: format.bytes) ?? 0)
  }

  private mutating func write(_ entry: MappedEntry) throws(OperationError) {
    guard !visited.contains(entry.address) else {
      throw .conflict(
        "the tables point to one another, so that the \(entry.place) leads to this one and can't become another"
      )
    }
    entries.append(entry)
  }

  /// The next page that may become a table: not part of this walk nor of the page that is mapped.
  private mutating func newTable() throws(OperationError) -> GuestPhysicalAddress {
    let taken = path.map { $0.rawValue..<$0.rawValue + 1 } + [mapping.target >> 12..<mapping.endOfTarget]
    guard let frame = memory.firstZeroFrame(from: nextFrame, outside: taken),
      frame.rawValue < mapping.format.endOfFrames
    else {
      throw .invalid(
        Problem(
          pointer: "/tables",
          detail: "no page from \(hex(nextFrame.address.rawValue)) on is free for a table: in a memory slot"
            + (mapping.format == .thirtyTwoBit ? ", below 4 GiB" : "") + " and wholly zero"))
    }
    nextFrame.rawValue = frame.rawValue + 1
    return frame.address
  }

  private func isPDPTE(_ level: Int) -> Bool { mapping.format == .pae && level == 3 }

  /// Bit 7 says that an entry is no pointer to a table, except in a PDPTE, where it is only reserved.
  private func hasPageSize(_ entry: MappedEntry) -> Bool {
    entry.level > 1 && entry.from & EntryFormat.pageSize != 0 && !isPDPTE(entry.level)
  }

  /// Whether a leaf is what is asked for already; the processor may have set its accessed and dirty flags since.
  private func isSame(_ old: UInt64, _ wanted: UInt64) -> Bool {
    old & wanted == wanted && (old & ~wanted) & ~(format.accessed | format.dirty) == 0
  }
}
