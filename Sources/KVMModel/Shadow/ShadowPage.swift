/// A table that KVM built, and what it stands for (`struct kvm_mmu_page`).
public struct ShadowPage: Sendable, Hashable {
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
}
