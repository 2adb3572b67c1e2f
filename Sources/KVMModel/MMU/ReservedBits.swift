/// Bits that an entry must not set, by level (`struct rsvd_bits_validate`).
public struct ReservedBits: Sendable, Hashable, Codable {
  /// Masks for entries with bit 7 clear; index 0 is level 1.
  public var smallPage = Levels()
  /// Masks for entries with bit 7 set; index 0 is level 1.
  public var largePage = Levels()
  /// EPT: a bit for each value of an entry's bits 5:0 that is not allowed (`bad_mt_xwr`).
  public var badMemoryTypeXWR: UInt64 = 0

  init() {}

  /// The mask for an entry at a level, 1 to 5 (`get_rsvd_bits`).
  func mask(for entry: UInt64, level: Int) -> UInt64 {
    entry >> 7 & 1 != 0 ? largePage[level] : smallPage[level]
  }

  /// One mask for each of the levels 1 to 5.
  public struct Levels: Sendable, Hashable, Codable {
    // Not a vector, which takes several times as long to compare.
    private var one: UInt64 = 0
    private var two: UInt64 = 0
    private var three: UInt64 = 0
    private var four: UInt64 = 0
    private var five: UInt64 = 0

    /// The mask of a level, 1 to 5.
    public subscript(level: Int) -> UInt64 {
      get {
        switch level {
        case 1: one
        case 2: two
        case 3: three
        case 4: four
        default: five
        }
      }
      set {
        switch level {
        case 1: one = newValue
        case 2: two = newValue
        case 3: three = newValue
        case 4: four = newValue
        default: five = newValue
        }
      }
    }
  }
}

extension ReservedBits {
  /// Masks for x86 entries (`__reset_rsvds_bits_mask`). Levels that the format lacks stay 0.
  ///
  /// - Parameters:
  ///   - physical: the physical-address bits that are reserved.
  ///   - level: the top level: 2 for 32-bit, 3 for PAE, 4, or 5.
  ///   - pse: 4 MiB pages in 32-bit paging.
  ///   - amd: bit 8 is reserved at levels 4 and 5.
  static func x86(
    physical: UInt64, level: Int, noExecute: Bool, gbPages: Bool, pse: Bool, amd: Bool
  ) -> ReservedBits {
    var result = ReservedBits()
    if level == 2 {
      result.largePage[2] = pse ? bits(17, 21) : 0
      return result
    }
    let nx: UInt64 = noExecute ? 0 : 1 << 63
    let high = (level == 3 ? physical & bits(0, 62) : physical & bits(0, 51)) | nx
    result.smallPage[1] = high
    result.largePage[1] = high
    result.smallPage[2] = high
    result.largePage[2] = high | bits(13, 20)
    if level == 3 {
      result.smallPage[3] = 1 << 63 | high | bits(5, 8) | bits(1, 2)
      return result
    }
    let noGBPages: UInt64 = gbPages ? 0 : 1 << 7
    result.smallPage[3] = high | noGBPages
    result.largePage[3] = high | noGBPages | bits(13, 29)
    for top in 4...max(4, level) {
      let mask = high | 1 << 7 | (amd ? 1 << 8 : 0)
      result.smallPage[top] = mask
      result.largePage[top] = mask
    }
    return result
  }

  /// Masks for EPT entries (`__reset_rsvds_bits_mask_ept`).
  ///
  /// - Parameter hugePageLevel: the largest page that may be mapped, 1 to 3.
  static func ept(physical: UInt64, executeOnly: Bool, hugePageLevel: Int) -> ReservedBits {
    var result = ReservedBits()
    let high = physical & bits(0, 51)
    let no1G: UInt64 = hugePageLevel < 3 ? 1 << 7 : 0
    let no2M: UInt64 = hugePageLevel < 2 ? 1 << 7 : 0
    for level in 4...5 {
      result.smallPage[level] = high | bits(3, 7)
      result.largePage[level] = high | bits(3, 7)
    }
    result.smallPage[3] = high | bits(3, 6) | no1G
    result.largePage[3] = high | bits(12, 29) | no1G
    result.smallPage[2] = high | bits(3, 6) | no2M
    result.largePage[2] = high | bits(12, 20) | no2M
    result.smallPage[1] = high
    result.largePage[1] = high
    result.badMemoryTypeXWR = executeOnly ? 0xff44_4444_ffff_4444 : 0xff54_5454_ffff_5454
    return result
  }
}
