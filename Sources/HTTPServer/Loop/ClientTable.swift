/// The clients of a loop by token: a slot in the low half, the slot's generation in the high one, so that the token
/// of a closed connection never finds another.
struct ClientTable {
  /// Every client, and closed ones whose slots are free.
  var slots: [Client] = []
  private var free: [Int] = []

  var isEmpty: Bool { free.count == slots.count }

  /// The slot of an open client.
  func slot(of token: UInt64) -> Int? {
    let slot = Int(UInt32(truncatingIfNeeded: token))
    guard slot < slots.count, slots[slot].token == token, slots[slot].isOpen else { return nil }
    return slot
  }

  /// Puts in the client that `make` makes of its token, and gives its slot.
  mutating func insert(_ make: (UInt64) -> Client) -> Int {
    guard let slot = free.popLast() else {
      slots.append(make(1 << 32 | UInt64(slots.count)))
      return slots.count - 1
    }
    let generation = (slots[slot].token >> 32 + 1) & 0x7fff_ffff
    slots[slot] = make(generation << 32 | UInt64(slot))
    return slot
  }

  /// Frees the slot if its client, which was open, has been closed.
  mutating func reclaim(_ slot: Int) {
    if !slots[slot].isOpen { free.append(slot) }
  }
}
