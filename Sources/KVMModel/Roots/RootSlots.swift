/// A set of slots of a root cache (`KVM_MMU_ROOT_CURRENT`, `KVM_MMU_ROOT_PREVIOUS(i)`).
struct RootSlots: OptionSet, TextPart {
  var rawValue: UInt32

  static let current = RootSlots(rawValue: 1)
  static let all = RootSlots(rawValue: .max)

  init(rawValue: UInt32) { self.rawValue = rawValue }

  init(previous indices: some Sequence<Int>) {
    rawValue = indices.reduce(0) { $0 | 2 << UInt32($1) }
  }

  /// The slots that hold a valid root.
  init(validOf current: Root, _ previous: [Root]) {
    rawValue = current.hpa == nil ? 0 : Self.current.rawValue
    for index in previous.indices where previous[index].hpa != nil { rawValue |= 2 << UInt32(index) }
  }

  func contains(previous index: Int) -> Bool { rawValue >> UInt32(index + 1) & 1 != 0 }

  /// Writes what each slot is called, with commas between.
  func write(to text: inout Text) {
    var rest = rawValue
    while rest != 0 {
      let bit = rest.trailingZeroBitCount
      text.append(bit == 0 ? "the current root" : "prev_roots[")
      if bit > 0 {
        text.append(decimal: bit - 1)
        text.append("]")
      }
      rest &= rest - 1
      if rest != 0 { text.append(", ") }
    }
  }
}
