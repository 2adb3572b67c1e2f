/// A set of slots of a root cache (`KVM_MMU_ROOT_CURRENT`, `KVM_MMU_ROOT_PREVIOUS(i)`).
struct RootSlots: OptionSet {
  var rawValue: UInt32

  static let current = RootSlots(rawValue: 1)
  static let all = RootSlots(rawValue: .max)

  init(rawValue: UInt32) { self.rawValue = rawValue }

  init(previous indices: some Sequence<Int>) {
    rawValue = indices.reduce(0) { $0 | 2 << UInt32($1) }
  }

  func contains(previous index: Int) -> Bool { rawValue >> UInt32(index + 1) & 1 != 0 }
}
