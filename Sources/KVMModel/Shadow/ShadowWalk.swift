/// A way down through the tables that KVM built (`struct kvm_shadow_walk_iterator`).
struct ShadowWalk {
  /// The level of the table, 1 to 5.
  private(set) var level: Int
  /// The table.
  private(set) var table: HostPhysicalAddress
  /// The address looked for.
  let address: UInt64

  /// At a table of a level.
  init(level: Int, table: HostPhysicalAddress, address: UInt64) {
    self.level = level
    self.table = table
    self.address = address
  }

  /// The entry for the address.
  var place: SPTEPlace {
    SPTEPlace(page: table, index: Int(truncatingIfNeeded: address >> UInt64(12 + 9 * (level - 1)) & 511))
  }

  /// Goes to the table that an entry leads to.
  mutating func descend(by spte: SPTE) {
    level -= 1
    table = spte.target
  }
}

extension VirtualMachine {
  /// The walk of an address from a root of an MMU (`shadow_walk_init_using_root`); `nil` if the root leads nowhere. PAE
  /// roots have no shadow page, so the walk begins below them.
  func shadowWalk(_ name: MMUName, from root: HostPhysicalAddress, _ address: UInt64) -> ShadowWalk? {
    let mmu = vcpu[name]
    guard mmu.usesPAERoots else { return ShadowWalk(level: mmu.mmuRole.level, table: root, address: address) }
    guard let entry = mmu.paeRoot?.entries[Int(address >> 30 & 3)], entry & bits(12, 51) != 0 else {
      return nil
    }
    return ShadowWalk(level: 2, table: HostPhysicalAddress(rawValue: entry & bits(12, 51)), address: address)
  }

  /// Goes down as far as tables lead: the place then holds a leaf, an MMIO entry or nothing.
  func deepest(_ walk: ShadowWalk) -> ShadowWalk {
    var walk = walk
    while walk.level > 1 {
      let spte = pages[walk.place]
      guard spte.isPresent else { break }
      walk.descend(by: spte)
    }
    return walk
  }

  /// Where the walk of an address ends below the current root of an MMU.
  func lastEntry(_ name: MMUName, _ address: UInt64) -> ShadowWalk? {
    vcpu[name].root.hpa.flatMap { shadowWalk(name, from: $0, address) }.map(deepest)
  }
}

extension MMU {
  /// The tables hang from four PAE roots without a shadow page.
  var usesPAERoots: Bool {
    mmuRole.level == 3 || (mmuRole.level >= 4 && vcpuRole.base.level < 4 && !mmuRole.direct)
  }
}
