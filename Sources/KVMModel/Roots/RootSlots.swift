/// A set of slots of a root cache (`KVM_MMU_ROOT_CURRENT`, `KVM_MMU_ROOT_PREVIOUS(i)`).
struct RootSlots: OptionSet {
  var rawValue: UInt32

  static let current = RootSlots(rawValue: 1)
  static let all = RootSlots(rawValue: .max)

  init(rawValue: UInt32) { self.rawValue = rawValue }

  init(previous indices: some Sequence<Int>) {
    rawValue = indices.reduce(0) { $0 | 2 << UInt32($1) }
  }

  /// The slots of an MMU that hold a valid root.
  init(validOf mmu: borrowing MMU) {
    let roots = mmu.previousRoots
    self.init(previous: roots.indices.lazy.filter { roots[$0].hpa != nil })
    if mmu.root.hpa != nil { insert(.current) }
  }

  func contains(previous index: Int) -> Bool { rawValue >> UInt32(index + 1) & 1 != 0 }
}
