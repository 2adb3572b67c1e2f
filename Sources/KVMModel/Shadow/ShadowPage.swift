/// A table that KVM built, and what it stands for (`struct kvm_mmu_page`).
public struct ShadowPage: Sendable, Hashable, Codable {
  /// Where the table lies.
  public let hpa: HostPhysicalAddress
  /// The guest table shadowed, or the first frame of the range that a direct page maps.
  public let frame: GuestFrameNumber
  /// What its entries mean and for whom.
  public internal(set) var role: PageRole
  /// Root slots of any vCPU that use it; for the TDP MMU the references held, its own included.
  public internal(set) var rootCount = 0
  /// It belongs to the TDP MMU.
  public let isTDPMMU: Bool
  /// The generation it was made in, 0 or 1; always 0 for the TDP MMU.
  public let validGeneration: UInt8
  /// The guest may write the table that it shadows, so that the two can differ (`unsync`).
  public internal(set) var isUnsync = false
  /// The entries below which a page is, or was, out of date, in order (`unsync_child_bitmap`).
  public private(set) var unsyncChildren: [Int] = []
  /// Writes to the shadowed table that KVM emulated since the page was last used (`write_flooding_count`).
  var writeFloodingCount = 0
  /// The entries that lead to it (`parent_ptes`).
  public var parents: [SPTEPlace] { parentPlaces.inOrder }
  var parentPlaces = SPTEPlaces.none
  /// The entries that are not 0, by index.
  public private(set) var entries: [ShadowEntry] = []

  /// All but the parents, which follow from the entries of other pages.
  private enum CodingKeys: CodingKey {
    case hpa, frame, role, rootCount, isTDPMMU, validGeneration, isUnsync, unsyncChildren, writeFloodingCount,
      entries
  }

  init(
    hpa: HostPhysicalAddress, frame: GuestFrameNumber, role: PageRole, isTDPMMU: Bool, validGeneration: UInt8
  ) {
    self.hpa = hpa
    self.frame = frame
    self.role = role
    self.isTDPMMU = isTDPMMU
    self.validGeneration = validGeneration
  }

  /// A guest table stands behind it (`sp_has_gptes`).
  public var shadowsGuestTable: Bool { !role.direct && !role.passthrough }

  /// Number of entries that lead somewhere.
  public var presentEntries: Int { entries.count { $0.spte.isPresent } }

  /// The entry at an index, 0 to 511; empty if nothing was written there.
  public subscript(index: Int) -> SPTE { position(index).map { entries[$0].spte } ?? .none }

  /// What the entry at an index stands for.
  func entry(_ index: Int) -> ShadowEntry? { position(index).map { entries[$0] } }

  /// The frame that the entry at an index stands for (`kvm_mmu_page_get_gfn`).
  func frame(ofEntry index: Int) -> GuestFrameNumber {
    if role.passthrough { return frame }
    if role.direct {
      return GuestFrameNumber(rawValue: frame.rawValue + UInt64(index) << UInt64(9 * (role.level - 1)))
    }
    return entry(index)?.frame ?? GuestFrameNumber(rawValue: 0)
  }

  /// Writes an entry; an empty one is taken out.
  mutating func write(_ entry: ShadowEntry) {
    let place = firstPosition(entry.index)
    let exists = place < entries.count && entries[place].index == entry.index
    if entry.spte == .none {
      if exists { entries.remove(at: place) }
    } else if exists {
      entries[place] = entry
    } else {
      entries.insert(entry, at: place)
    }
  }

  /// Notes that the page behind an entry is out of date, or that one below it is.
  ///
  /// - Returns: whether this is the first such entry, so that the pages above must learn of it.
  mutating func markUnsyncChild(_ index: Int) -> Bool {
    guard !unsyncChildren.contains(index) else { return false }
    unsyncChildren.append(index)
    unsyncChildren.sort()
    return unsyncChildren.count == 1
  }

  /// Forgets that something is out of date behind an entry (`clear_unsync_child_bit`).
  mutating func clearUnsyncChild(_ index: Int) { unsyncChildren.removeAll { $0 == index } }

  private func firstPosition(_ index: Int) -> Int { entries.partitionPoint { $0.index < index } }

  private func position(_ index: Int) -> Int? {
    let place = firstPosition(index)
    return place < entries.count && entries[place].index == index ? place : nil
  }
}

/// Where an entry stands.
public struct SPTEPlace: Sendable, Hashable {
  /// The table.
  public let page: HostPhysicalAddress
  /// The place in it, 0 to 511.
  public let index: Int

  /// The entry's own address.
  public var address: HostPhysicalAddress { HostPhysicalAddress(rawValue: page.rawValue + UInt64(index) * 8) }
}

/// An entry of a shadow page and the guest's translation that it stands for (`spt`, `shadowed_translation`).
public struct ShadowEntry: Sendable, Hashable, Codable {
  private let place: UInt16
  /// The entry.
  public let spte: SPTE
  /// The guest frame that a leaf stands for.
  public let frame: GuestFrameNumber
  /// The rights that the guest's tables give to it.
  public let access: AccessRights

  /// The place in the table, 0 to 511.
  public var index: Int { Int(place) }

  init(index: Int, spte: SPTE, frame: GuestFrameNumber, access: AccessRights) {
    place = UInt16(truncatingIfNeeded: index)
    self.spte = spte
    self.frame = frame
    self.access = access
  }
}
