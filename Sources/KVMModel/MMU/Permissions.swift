/// Which accesses fault (`kvm_mmu.permissions`): one byte for each kind of access, in which bit r is set if that
/// kind faults on a page with access rights r.
///
/// The index of a byte is made of bit 0 write, bit 1 user, bit 2 SMAP does not apply, bit 3 fetch.
public struct Permissions: Sendable, Hashable {
  // Words and no vector of bytes, as in ``FourWords``.
  /// Bytes 0 to 7, the first lowest.
  public private(set) var low: UInt64 = 0
  /// Bytes 8 to 15, the first lowest.
  public private(set) var high: UInt64 = 0

  init() {}

  /// One of the 16 bytes.
  public subscript(index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: (index < 8 ? low : high) &>> UInt64(8 &* (index & 7)))
  }

  /// The bytes for a guest's role (`update_permission_bitmask`).
  ///
  /// - Parameter ept: the tables are EPT's: CR0.WP, SMEP and SMAP do not apply, and user means read.
  init(role: VCPURole, ept: Bool) {
    let smep = !ept && role.ext.contains(.cr4SMEP)
    let smap = !ept && role.ext.contains(.cr4SMAP)
    self =
      Self.all[
        (ept ? 16 : 0) + (role.base.cr0WP ? 8 : 0) + (role.base.eferNX ? 4 : 0) + (smep ? 2 : 0)
          + (smap ? 1 : 0)]
  }

  /// The bytes for every combination of what they depend on: bit 4 EPT, then CR0.WP, EFER.NX, SMEP, bit 0 SMAP.
  private static let all: [Permissions] = (0..<32).map { flags in
    Permissions(
      ept: flags & 16 != 0, writeProtect: flags & 8 != 0, noExecute: flags & 4 != 0, smep: flags & 2 != 0,
      smap: flags & 1 != 0)
  }

  private init(ept: Bool, writeProtect: Bool, noExecute: Bool, smep: Bool, smap: Bool) {
    let withExecute: UInt8 = 0b1010_1010
    let withWrite: UInt8 = 0b1100_1100
    let withUser: UInt8 = 0b1111_0000
    for index in 0..<16 {
      let write = index & 1 != 0
      let user = index & 2 != 0
      let smapOff = index & 4 != 0
      let fetch = index & 8 != 0
      var faults: UInt8 = 0
      if write && (ept || user || writeProtect) { faults |= ~withWrite }
      if user { faults |= ~withUser }
      if fetch && (ept || noExecute) { faults |= ~withExecute }
      if smep && fetch && !user { faults |= withUser }
      if smap && !fetch && !smapOff && !user { faults |= withUser }
      (low, high) = (low >> 8 | high << 56, high >> 8 | UInt64(faults) << 56)
    }
  }
}

extension Permissions: Codable {
  private enum CodingKeys: CodingKey { case bytes }

  /// Reads them as a vector of bytes.
  public init(from decoder: any Decoder) throws {
    let bytes = try decoder.container(keyedBy: CodingKeys.self).decode(SIMD16<UInt8>.self, forKey: .bytes)
    for index in 0..<8 {
      low |= UInt64(bytes[index]) << UInt64(8 * index)
      high |= UInt64(bytes[index + 8]) << UInt64(8 * index)
    }
  }

  /// Writes them as a vector of bytes.
  public func encode(to encoder: any Encoder) throws {
    var bytes = SIMD16<UInt8>()
    for index in 0..<16 { bytes[index] = self[index] }
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(bytes, forKey: .bytes)
  }
}

extension Permissions {
  /// Whether an access faults on a page of these rights.
  func forbid(_ access: AccessMode, _ rights: AccessRights) -> Bool {
    let freeOfSMAP = access.contains(.alignmentCheck) && !access.contains(.implicit)
    let index = Int((access.intersection(.kinds).rawValue + (freeOfSMAP ? 8 : 0)) >> 1)
    return self[index] >> rights.rawValue & 1 != 0
  }
}

/// Which accesses protection keys may deny (`update_pkru_bitmask`): for each kind of access a pair of bits, deny
/// all and deny writes. 0 unless the role has cr4_pke.
func pkruMask(for role: VCPURole) -> UInt32 {
  guard role.ext.contains(.cr4PKE) else { return 0 }
  var mask: UInt32 = 0
  for index in 0..<16 {
    let write = index & 1 != 0
    let user = index & 2 != 0
    let userPage = index & 4 != 0
    let fetch = index & 8 != 0
    guard userPage && !fetch else { continue }
    mask |= 1 << UInt32(index * 2)
    if write && (user || role.base.cr0WP) { mask |= 2 << UInt32(index * 2) }
  }
  return mask
}
