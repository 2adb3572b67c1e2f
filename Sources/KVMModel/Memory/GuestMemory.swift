/// A guest's memory: slots that say where memory is, and the pages that were ever written.
///
/// Reads of an untouched page give zero and cost nothing; writes are bounded by ``maximumTouchedPages``.
public struct GuestMemory: Sendable, Hashable, Codable {
  /// The slots, as the machine was made with.
  public let slots: [MemorySlot]
  private var pages: [GuestFrameNumber: [UInt64]] = [:]

  /// Pages that one machine may touch: 16 MiB.
  public static let maximumTouchedPages = 4096
  static let boundDetail = "touches more than 4096 pages (16 MiB), the bound for one session"

  /// Empty memory behind these slots.
  public init(slots: [MemorySlot]) { self.slots = slots }

  /// Whether a memory slot holds the frame (`kvm_is_visible_memslot`).
  public func isVisible(_ frame: GuestFrameNumber) -> Bool { slots.contains { $0.contains(frame) } }

  /// Whether one slot holds a frame and those after it.
  func holds(_ frame: GuestFrameNumber, count: Int) -> Bool {
    let last = GuestFrameNumber(rawValue: frame.rawValue &+ UInt64(count - 1))
    return slots.contains { $0.contains(frame) && $0.contains(last) }
  }

  /// Number of pages touched so far.
  public var touchedPages: Int { pages.count }

  /// Whether no further page may be touched.
  var isFull: Bool { pages.count >= Self.maximumTouchedPages }

  /// The 64-bit word that holds the address; `nil` outside every slot.
  public func word(at address: GuestPhysicalAddress) -> UInt64? {
    guard isVisible(address.frame) else { return nil }
    return pages[address.frame]?[Int(address.rawValue & 0xfff) >> 3] ?? 0
  }

  /// The entry of 4 or 8 bytes at an address, a multiple of its size; `nil` outside every slot.
  func entry(at address: GuestPhysicalAddress, bytes: UInt64) -> UInt64? {
    guard let word = word(at: address) else { return nil }
    return bytes == 8 ? word : word >> ((address.rawValue & 4) * 8) & 0xffff_ffff
  }

  /// The first frame from `start` on that a slot holds, that is wholly zero and that lies in none of some ranges of frame
  /// numbers.
  ///
  /// It takes no more steps than there are slots, ranges and touched pages.
  func firstZeroFrame(from start: GuestFrameNumber, outside ranges: [Range<UInt64>]) -> GuestFrameNumber? {
    var candidate = start.rawValue
    for slot in slots.sorted(by: { $0.base < $1.base }) {
      candidate = max(candidate, slot.base >> 12)
      while slot.contains(GuestFrameNumber(rawValue: candidate)) {
        if let range = ranges.first(where: { $0.contains(candidate) }) {
          candidate = range.upperBound
        } else if pages[GuestFrameNumber(rawValue: candidate)]?.allSatisfy({ $0 == 0 }) ?? true {
          return GuestFrameNumber(rawValue: candidate)
        } else {
          candidate += 1
        }
      }
    }
    return nil
  }

  /// The first of some words that can't be written after those before it, by its place, and what keeps it from
  /// being written; `nil` if all can be.
  func refusal(of words: [MemoryWord]) -> (index: Int, refusal: MemoryRefusal)? {
    var newlyTouched: Set<GuestFrameNumber> = []
    for (index, word) in words.enumerated() {
      let frame = word.address.frame
      guard isVisible(frame) else { return (index, .outsideSlots) }
      guard word.value != 0, pages[frame] == nil else { continue }
      newlyTouched.insert(frame)
      if pages.count + newlyTouched.count > Self.maximumTouchedPages { return (index, .tooManyPages) }
    }
    return nil
  }

  /// Puts a 64-bit word where the address's aligned word lies.
  ///
  /// - Returns: what keeps it from being written, if anything; then nothing changed.
  public mutating func store(_ value: UInt64, at address: GuestPhysicalAddress) -> MemoryRefusal? {
    guard isVisible(address.frame) else { return .outsideSlots }
    if pages[address.frame] == nil {
      if value == 0 { return nil }
      if pages.count >= Self.maximumTouchedPages { return .tooManyPages }
    }
    pages[address.frame, default: Array(repeating: 0, count: 512)][Int(address.rawValue & 0xfff) >> 3] = value
    return nil
  }

  /// Some bytes of one page, little-endian; `nil` outside every slot.
  ///
  /// - Parameter bytes: 1 to 8.
  func read(_ address: GuestPhysicalAddress, bytes: Int) -> UInt64? {
    guard let low = word(at: address) else { return nil }
    let shift = (address.rawValue & 7) * 8
    let high =
      shift + UInt64(bytes) * 8 > 64 ? word(at: GuestPhysicalAddress(rawValue: address.rawValue + 8)) ?? 0 : 0
    let value = low >> shift | (shift == 0 ? 0 : high << (64 - shift))
    return value & ~0 >> UInt64(64 - 8 * bytes)
  }

  /// Writes some bytes of one page, little-endian.
  ///
  /// - Parameter bytes: 1 to 8.
  /// - Returns: what keeps them from being written, if anything; then nothing changed.
  mutating func write(_ value: UInt64, at address: GuestPhysicalAddress, bytes: Int) -> MemoryRefusal? {
    for index in 0..<UInt64(bytes) {
      let place = GuestPhysicalAddress(rawValue: address.rawValue &+ index)
      let shift = (place.rawValue & 7) * 8
      let byte = value >> (index * 8) & 0xff
      guard let word = word(at: place) else { return .outsideSlots }
      if let refusal = store(word & ~(0xff << shift) | byte << shift, at: place) { return refusal }
    }
    return nil
  }
}

extension GuestMemory {
  private enum CodingKeys: CodingKey { case slots, pages }

  /// Writes the touched pages in order: the frame, how many words are not 0, and of each its place and itself.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(slots, forKey: .slots)
    var list = container.nestedUnkeyedContainer(forKey: .pages)
    for (frame, words) in pages.sorted(by: { $0.key < $1.key }) {
      try list.encode(frame.rawValue)
      try list.encode(words.count { $0 != 0 })
      for (index, word) in words.enumerated() where word != 0 {
        try list.encode(index)
        try list.encode(word)
      }
    }
  }

  /// Reads slots and pages.
  ///
  /// - Throws: also for pages that the slots do not hold.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(slots: try container.decode([MemorySlot].self, forKey: .slots))
    var list = try container.nestedUnkeyedContainer(forKey: .pages)
    while !list.isAtEnd {
      let frame = GuestFrameNumber(rawValue: try list.decode(UInt64.self))
      guard isVisible(frame), pages[frame] == nil, !isFull else {
        throw DecodingError.corrupt("Memory has a page that it cannot have.")
      }
      var words = [UInt64](repeating: 0, count: 512)
      let count = try list.decode(Int.self)
      for _ in 0..<max(0, count) {
        let index = try list.decode(Int.self)
        guard words.indices.contains(index) else { throw DecodingError.corrupt("A page has 512 words.") }
        words[index] = try list.decode(UInt64.self)
      }
      pages[frame] = words
    }
  }
}

/// Why a word of guest memory can't be written.
public enum MemoryRefusal: Error, Sendable {
  /// No memory slot holds the address.
  case outsideSlots
  /// ``GuestMemory/maximumTouchedPages`` would be passed.
  case tooManyPages

  /// A sentence that tells what is wrong.
  public var detail: String {
    switch self {
    case .outsideSlots: "lies in no memory slot"
    case .tooManyPages: GuestMemory.boundDetail
    }
  }
}
