/// A guest-physical address: what the guest's page tables and control registers hold. 64 bits.
public struct GuestPhysicalAddress: RawRepresentable, Hashable, Comparable, Sendable, Codable {
  /// The address, in bytes.
  public var rawValue: UInt64

  /// Wraps an address as it stands; whether it is legal depends on the guest's MAXPHYADDR.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The 4 KiB frame the address lies in.
  public var frame: GuestFrameNumber { GuestFrameNumber(rawValue: rawValue >> 12) }

  /// Orders by address.
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A guest frame number: a guest-physical address shifted right by 12 (KVM's `gfn_t`).
public struct GuestFrameNumber: RawRepresentable, Hashable, Comparable, Sendable, Codable {
  /// The number of the 4 KiB frame.
  public var rawValue: UInt64

  /// Wraps a frame number as it stands.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The first address of the frame.
  public var address: GuestPhysicalAddress { GuestPhysicalAddress(rawValue: rawValue << 12) }

  /// Orders by number.
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A simulated host-physical address: where a table that KVM built lies (KVM's `hpa_t`).
///
/// A table that does not exist is `nil` in this model, where KVM has `INVALID_PAGE`.
public struct HostPhysicalAddress: RawRepresentable, Hashable, Comparable, Sendable, Codable {
  /// The address, in bytes.
  public var rawValue: UInt64

  /// Wraps an address as it stands.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Orders by address, which for shadow pages is the order of allocation.
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// Where the first shadow page of a virtual machine lies; each further one is a page higher.
  public static let firstShadowPage = HostPhysicalAddress(rawValue: 0x1_0000_0000)
  /// Where the PAE roots of a vCPU without two-dimensional paging lie.
  public static func paeRoot(ofVCPU id: Int) -> HostPhysicalAddress {
    HostPhysicalAddress(rawValue: 0x8000_0000 + UInt64(id) * 0x1000)
  }
  /// Where the first special root of a nested NPT guest lies.
  public static let firstSpecialRoot = HostPhysicalAddress(rawValue: 0x9000_0000)
}

/// Bits `low` to `high` set, inclusive; 0 if `high` is below `low` (`rsvd_bits`).
func bits(_ low: Int, _ high: Int) -> UInt64 {
  guard high >= low else { return 0 }
  return (~0 >> UInt64(63 - (high - low))) << UInt64(low)
}

/// KVM's value for an address that does not exist (`INVALID_PAGE`, `INVALID_GPA`): all 64 bits set.
public let invalidPage: UInt64 = .max
