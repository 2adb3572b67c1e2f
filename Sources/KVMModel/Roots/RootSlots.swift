/// A set of slots of a root cache (`KVM_MMU_ROOT_CURRENT`, `KVM_MMU_ROOT_PREVIOUS(i)`).
struct RootSlots: OptionSet {
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

  /// What each slot is called in a sentence.
  var names: [String] {
    (contains(.current) ? ["the current root"] : [])
      + (0..<31).filter(contains(previous:)).map { "prev_roots[\($0)]" }
  }

  func contains(previous index: Int) -> Bool { rawValue >> UInt32(index + 1) & 1 != 0 }
}
