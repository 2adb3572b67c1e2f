extension VirtualMachine {
  /// Sets the accessed flag in every entry of the path, and the dirty flag in the leaf on a write
  /// (`update_accessed_dirty_bits`). A PDPTE has neither.
  ///
  /// - Returns: false if an entry is no longer what the walk read.
  /// - Throws: the fault of a processor that may read the table but not write it.
  mutating func setAccessedDirty(_ plan: WalkPlan, _ walker: inout GuestWalker) throws(WalkFault) -> Bool {
    let last = walker.path.count - 1
    for position in walker.path.indices {
      let entry = walker.path[position]
      var value = entry.value
      if value & plan.format.accessed == 0 {
        trace(plan) { .setAccessedBit(entry.address) }
        value |= plan.format.accessed
      }
      if position == last && plan.access.contains(.write) && value & plan.format.dirty == 0 {
        trace(plan) { .setDirtyBit(entry.address) }
        value |= plan.format.dirty
      }
      guard value != entry.value else { continue }
      guard entryValue(at: entry.address, bytes: plan.format.bytes) == entry.value else {
        say(plan.actor == .kvm ? "update_accessed_dirty_bits" : "hardware") { _ in
          "The level-\(entry.level) entry at \(hex: entry.address.rawValue) has changed since it was read, so the walk "
            + "starts over."
        }
        return false
      }
      if plan.actor == .processor && !readingTablesWrites {
        let offset = UInt64(entry.index) * plan.format.bytes
        let place = translate(
          GuestPhysicalAddress(rawValue: entry.table.address.rawValue + offset), for: plan.name,
          access: [.write, .user], isTable: true, by: .processor)
        if case .failure(let fault) = place { throw fault }
      }
      storeEntry(value, over: entry.value, at: entry.address, bytes: plan.format.bytes)
      walker.path[position].value = value
      say(plan.actor == .kvm ? "update_accessed_dirty_bits" : "hardware") { _ in
        "The level-\(entry.level) entry at \(hex(entry.address.rawValue)) becomes \(hex(value)): "
          + "\((value ^ entry.value) & plan.format.dirty == 0 ? "A" : entry.value & plan.format.accessed == 0 ? "A and D" : "D") set."
      }
    }
    return true
  }

  /// Writes an entry of a guest table. The page was read before, so it is touched already or holds only zero, and
  /// an entry of zero is never written by a walk.
  mutating func storeEntry(
    _ value: UInt64, over old: UInt64, at address: GuestPhysicalAddress, bytes: UInt64
  ) {
    guard let word = memory.word(at: address) else { return }
    let shift = bytes == 4 ? (address.rawValue & 4) * 8 : 0
    let mask: UInt64 = bytes == 4 ? 0xffff_ffff << shift : .max
    guard memory.store(word & ~mask | value << shift, at: address) == nil else { return }
    if transcript.detail.contains(.memory) {
      transcript.result.memoryChanges.append(
        MemoryChange(address: address, bytes: Int(bytes), from: old, to: value))
    }
  }
}
