/// What an operation wrote into a guest's tables.
public struct MapReport: Sendable, Hashable {
  /// The entries written, from the top down.
  public var entries: [MappedEntry]
  /// The pages that became tables, in the same order.
  public var tables: [GuestPhysicalAddress]
}

/// An entry of a guest's table that was written.
public struct MappedEntry: Sendable, Hashable {
  /// Its level, 1 to 5.
  public var level: Int
  /// Where its table lies.
  public var table: GuestPhysicalAddress
  /// Its place in the table.
  public var index: Int
  /// Where it lies.
  public var address: GuestPhysicalAddress
  /// Its size, 4 or 8 bytes.
  public var bytes: Int
  /// The value before.
  public var from: UInt64
  /// The value after.
  public var to: UInt64 = 0
  /// The flags after, by name.
  public var flags: [String] = []
  /// It maps the page, and does not point to a table.
  public var isLeaf = false

  /// How a sentence calls it.
  var place: String { "level-\(level) entry \(index) of the table at \(hex(table.rawValue))" }
  /// The word that it lies in, as far as the bound on touched pages asks.
  var word: MemoryWord {
    MemoryWord(address: GuestPhysicalAddress(rawValue: address.rawValue & ~7), value: to)
  }
}

extension VirtualMachine {
  /// Writes a plan's entries without KVM's notice.
  mutating func carryOut(_ plan: TablePlan, of mapping: Mapping) {
    if plan.entries.isEmpty {
      say("kvm_vm_ioctl") { _ in "Nothing is written: the tables map \(hex: mapping.address) so already." }
    }
    for entry in plan.entries {
      storeEntry(entry.to, over: entry.from, at: entry.address, bytes: UInt64(entry.bytes))
      say("kvm_vm_ioctl") { _ in
        let end: Text =
          entry.isLeaf
          ? "it maps the \(mapping.size.rawValue) page at \(hex: mapping.target)."
          : "it points to a new table at \(hex: mapping.format.entries.frame(entry.to).address.rawValue)."
        return "The \(entry.place) becomes \(hex: entry.to): " + end
      }
    }
    transcript.result.map = MapReport(entries: plan.entries, tables: plan.tables)
  }
}
