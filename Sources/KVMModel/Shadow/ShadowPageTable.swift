/// The shadow pages of a machine, by address and by what they stand for (`mmu_page_hash`, `active_mmu_pages`,
/// `tdp_mmu_roots` and the reverse map).
struct ShadowPageTable: Sendable, Hashable, Codable {
  /// Every page, in order of allocation, which is that of their addresses.
  private(set) var inOrder: [ShadowPage] = []
  /// Pages that lookups find, by frame, newest first. Those of the TDP MMU are not among them.
  private var hash: [GuestFrameNumber: [HostPhysicalAddress]] = [:]
  /// The leaf entries that map a frame; those of the TDP MMU are not among them.
  private var leafPlaces: [GuestFrameNumber: SPTEPlaces] = [:]
  /// Valid roots of the TDP MMU, newest first.
  private(set) var tdpRoots: [HostPhysicalAddress] = []
  private var next = HostPhysicalAddress.firstShadowPage
  /// Pages that count against the bound (`n_used_mmu_pages`); the TDP MMU's do not.
  private(set) var used = 0

  subscript(hpa: HostPhysicalAddress) -> ShadowPage? { index(hpa).map { inOrder[$0] } }

  /// An entry; empty if there is no such page.
  subscript(place: SPTEPlace) -> SPTE { index(place.page).map { inOrder[$0][place.index] } ?? .none }

  /// Where a page stands in ``inOrder``: there one field can be read without a copy of the page.
  func index(_ hpa: HostPhysicalAddress) -> Int? {
    let place = inOrder.partitionPoint { $0.hpa < hpa }
    return place < inOrder.count && inOrder[place].hpa == hpa ? place : nil
  }

  /// The pages that are active, oldest first: those lookups may find.
  var active: [HostPhysicalAddress] {
    inOrder.filter { !$0.isTDPMMU && !$0.role.invalid }.map(\.hpa)
  }

  /// The pages that shadow or map from this frame, newest first.
  func candidates(_ frame: GuestFrameNumber) -> [HostPhysicalAddress] { hash[frame] ?? [] }

  /// The role of a page, which is asked for more often than the rest.
  func role(_ hpa: HostPhysicalAddress) -> PageRole? { index(hpa).map { inOrder[$0].role } }

  /// Whether something below a page is out of date.
  func hasUnsyncChildren(_ hpa: HostPhysicalAddress) -> Bool {
    index(hpa).map { !inOrder[$0].unsyncChildren.isEmpty } ?? false
  }

  /// The leaf entries that map a frame.
  func leaves(_ frame: GuestFrameNumber) -> [SPTEPlace] { leafPlaces[frame]?.inOrder ?? [] }

  mutating func allocate(
    frame: GuestFrameNumber, role: PageRole, isTDPMMU: Bool, validGeneration: UInt8
  ) -> ShadowPage {
    let page = ShadowPage(
      hpa: next, frame: frame, role: role, isTDPMMU: isTDPMMU, validGeneration: validGeneration)
    inOrder.append(page)
    if !isTDPMMU {
      hash[frame, default: []].insert(next, at: 0)
      used += 1
    }
    next.rawValue += 0x1000
    return page
  }

  /// Puts a page among the roots that vCPUs of the same role share.
  mutating func addTDPRoot(_ hpa: HostPhysicalAddress) { tdpRoots.insert(hpa, at: 0) }

  /// Changes a page in place.
  mutating func change(_ hpa: HostPhysicalAddress, _ body: (inout ShadowPage) -> Void) {
    if let index = index(hpa) { body(&inOrder[index]) }
  }

  /// Writes an entry.
  mutating func write(_ entry: ShadowEntry, in page: HostPhysicalAddress) {
    change(page) { $0.write(entry) }
  }

  /// Writes an entry, and leaves what it stands for (`mmu_spte_set`).
  mutating func write(_ spte: SPTE, at place: SPTEPlace) {
    change(place.page) { page in
      let old = page.entry(place.index)
      page.write(
        ShadowEntry(
          index: place.index, spte: spte, frame: old?.frame ?? GuestFrameNumber(rawValue: 0),
          access: old?.access ?? []))
    }
  }

  /// Notes that an entry maps a frame (`rmap_add`).
  mutating func addLeaf(_ place: SPTEPlace, of frame: GuestFrameNumber) {
    leafPlaces[frame, default: .none].insert(place)
  }

  /// Forgets that an entry maps a frame (`rmap_remove`).
  mutating func removeLeaf(_ place: SPTEPlace, of frame: GuestFrameNumber) {
    leafPlaces[frame]?.remove(place)
    if leafPlaces[frame]?.isEmpty == true { leafPlaces[frame] = nil }
  }

  /// Adds to the number of root slots that use a page, and gives the new number.
  @discardableResult
  mutating func addReference(_ count: Int, to hpa: HostPhysicalAddress) -> Int {
    guard let index = index(hpa) else { return 0 }
    inOrder[index].rootCount += count
    return inOrder[index].rootCount
  }

  /// Marks a page as zapped and takes it off the lists that lookups use; it lives on.
  mutating func invalidate(_ hpa: HostPhysicalAddress) {
    guard let index = index(hpa), !inOrder[index].role.invalid else { return }
    inOrder[index].role.invalid = true
    let page = inOrder[index]
    if page.isTDPMMU {
      tdpRoots.removeAll { $0 == hpa }
    } else {
      let left = (hash[page.frame] ?? []).filter { $0 != hpa }
      hash[page.frame] = left.isEmpty ? nil : left
    }
  }

  /// Frees pages, all in one pass.
  mutating func free(_ freed: [HostPhysicalAddress]) {
    if freed.isEmpty { return }
    let freed = Set(freed)
    inOrder.removeAll { page in
      guard freed.contains(page.hpa) else { return false }
      if !page.isTDPMMU { used -= 1 }
      return true
    }
  }
}

extension ShadowPageTable {
  /// The rest follows from the pages and their entries.
  private enum CodingKeys: CodingKey { case inOrder, next }

  /// Reads the pages, and works out who leads to whom.
  ///
  /// - Throws: also for pages that do not fit each other.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    inOrder = try container.decode([ShadowPage].self, forKey: .inOrder)
    next = try container.decode(HostPhysicalAddress.self, forKey: .next)
    let ends = zip(inOrder.map(\.hpa), inOrder.dropFirst().map(\.hpa) + [next])
    guard
      (inOrder.first?.hpa ?? next) >= .firstShadowPage, ends.allSatisfy({ $0 < $1 }), next.rawValue < 1 << 51,
      inOrder.allSatisfy(\.isPlausible)
    else { throw DecodingError.corrupt("The shadow pages cannot lie so.") }
    for page in inOrder {
      for entry in page.entries where entry.spte.isPresent { try link(entry, of: page) }
    }
    for page in inOrder.reversed() {
      if !page.isTDPMMU { used += 1 }
      if page.role.invalid { continue }
      if !page.isTDPMMU {
        hash[page.frame, default: []].append(page.hpa)
      } else if page.parentPlaces.isEmpty {
        tdpRoots.append(page.hpa)
      }
    }
  }

  private mutating func link(_ entry: ShadowEntry, of page: ShadowPage) throws {
    let place = SPTEPlace(page: page.hpa, index: entry.index)
    if SPTE.isLeaf(level: page.role.level) {
      if !page.isTDPMMU { addLeaf(place, of: page.frame(ofEntry: entry.index)) }
    } else if let child = index(entry.spte.target), inOrder[child].role.level == page.role.level - 1 {
      inOrder[child].parentPlaces.insert(place)
    } else {
      throw DecodingError.corrupt("An entry leads to no page of the level below.")
    }
  }
}

extension ShadowPage {
  /// Whether operations can work with it, whatever the other pages are.
  fileprivate var isPlausible: Bool {
    1...5 ~= role.level && hpa.rawValue & 0xfff == 0 && frame.rawValue < 1 << 52
      && 0...Int(Int32.max) ~= rootCount && 0...Int(Int32.max) ~= writeFloodingCount && validGeneration <= 1
      && Self.areIndexes(unsyncChildren) && Self.areIndexes(entries.map(\.index))
      && entries.allSatisfy { $0.spte != .none && $0.frame.rawValue < 1 << 52 }
  }

  private static func areIndexes(_ indexes: [Int]) -> Bool {
    indexes.allSatisfy { 0..<512 ~= $0 } && zip(indexes, indexes.dropFirst()).allSatisfy { $0 < $1 }
  }
}

extension Array {
  /// The first place whose element is not before what is looked for; the elements are in order.
  func partitionPoint(_ isBefore: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
