/// The clients of a loop by token: a slot in the low half, the slot's generation in the high one, so that the token
/// of a closed connection never finds another.
struct ClientTable {
  private var slots: [Client?] = []
  private var generations: [UInt32] = []
  private var free: [Int] = []

  var isEmpty: Bool { free.count == slots.count }

  /// Every client.
  var all: [Client] { slots.compactMap(\.self) }

  subscript(_ token: UInt64) -> Client? {
    let slot = Int(UInt32(truncatingIfNeeded: token))
    guard slot < slots.count, let client = slots[slot], client.token == token else { return nil }
    return client
  }

  /// Puts in the client that `make` makes of its token.
  mutating func insert(_ make: (UInt64) -> Client) -> Client {
    let slot = free.popLast() ?? slots.count
    if slot == slots.count {
      slots.append(nil)
      generations.append(0)
    }
    generations[slot] = (generations[slot] + 1) & 0x7fff_ffff
    let client = make(UInt64(generations[slot]) << 32 | UInt64(slot))
    slots[slot] = client
    return client
  }

  /// Takes the client out; false when it is out already.
  mutating func remove(_ client: Client) -> Bool {
    guard self[client.token] === client else { return false }
    let slot = Int(UInt32(truncatingIfNeeded: client.token))
    slots[slot] = nil
    free.append(slot)
    return true
  }
}
