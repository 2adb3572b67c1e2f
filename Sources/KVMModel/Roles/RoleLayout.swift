/// The bit fields of one MMU role union in a range of Linux releases.
public struct RoleLayout: Sendable, Hashable {
  /// The kernel's unions that hold a role.
  public enum Union: String, Sendable, CaseIterable {
    /// The role of a shadow page or a root, 32 bits.
    case pageRole = "kvm_mmu_page_role"
    /// What a page role has no room for, 32 bits.
    case extendedRole = "kvm_mmu_extended_role"
    /// Page role and extended role in one, 64 bits, 4.20 to 5.18.
    case mmuRole = "kvm_mmu_role"
    /// Page role and extended role of what the guest configured, 64 bits, from 5.19 on.
    case cpuRole = "kvm_cpu_role"

    /// The size of the union in bits.
    public var width: Int { self == .pageRole || self == .extendedRole ? 32 : 64 }
  }

  /// Which kernels a layout is for.
  public enum Kind: String, Sendable {
    /// Every release of the mainline numbers, its stable ones included.
    case mainline
    /// One stable branch from a patch level on, over the mainline layout.
    case stable
    /// One vendor's kernels.
    case distro
    /// A posted patch series.
    case series
  }

  /// How sure the range of releases is.
  public enum Confidence: String, Sendable, Comparable, CaseIterable {
    /// May be wrong.
    case low
    /// Likely.
    case medium
    /// Very likely.
    case mediumHigh = "medium-high"
    /// Checked.
    case high

    /// In order of certainty.
    public static func < (one: Confidence, other: Confidence) -> Bool { one.rank < other.rank }
    private var rank: Int { Confidence.allCases.firstIndex(of: self) ?? 0 }
  }

  /// A short name, as `P9`.
  public let id: String
  /// The union it lays out.
  public let union: Union
  /// Which kernels it is for.
  public let kind: Kind
  /// The first release, or `nil` for a series.
  public let since: KernelRelease?
  /// The last release, inclusive; `nil` for the newest known and for a series.
  public let until: KernelRelease?
  /// How sure the range is.
  public let confidence: Confidence
  /// The stable branch, vendor or series.
  public let branch: String?
  /// What a reader should know besides.
  public let note: String?
  /// The named fields from the least significant bit up.
  public let fields: [RoleField]
  /// The bits that every named field covers.
  public let namedBits: UInt64
  /// The part of a vendor's suffix that selects a `distro` layout, or the name's stem of a series.
  let marker: String?
  /// The `id` of the extended role that goes with a vendor's page role.
  let extendedRole: String?

  init(
    _ id: String, _ union: Union, _ kind: Kind = .mainline, since: KernelRelease?, until: KernelRelease?,
    _ confidence: Confidence, branch: String? = nil, marker: String? = nil, extendedRole: String? = nil,
    note: String? = nil, _ fields: [(name: String?, width: Int)]
  ) {
    self.id = id
    self.union = union
    self.kind = kind
    self.since = since
    self.until = until
    self.confidence = confidence
    self.branch = branch
    self.marker = marker
    self.extendedRole = extendedRole
    self.note = note
    var named: [RoleField] = []
    var shift = 0
    for (name, width) in fields {
      if let name { named.append(RoleField(name, shift: shift, width: width)) }
      shift += width
    }
    self.fields = named
    namedBits = named.reduce(0) { $0 | $1.mask }
  }

  /// The bits that no field names.
  public var holes: [ClosedRange<Int>] {
    var holes: [ClosedRange<Int>] = []
    var next = 0
    for field in fields {
      if field.shift > next { holes.append(next...field.shift - 1) }
      next = field.shift + field.width
    }
    if next < union.width { holes.append(next...union.width - 1) }
    return holes
  }

  /// The field of that name, or `nil`.
  public func field(_ name: String) -> RoleField? { fields.first { $0.name == name } }

  /// Whether a kernel has this layout, other layouts of a narrower kind aside.
  func applies(to release: KernelRelease) -> Bool {
    guard let since else {
      return marker.map { release.series?.hasPrefix($0) == true } ?? false
    }
    let branch = (release.major, release.minor)
    switch kind {
    case .mainline:
      return (since.major, since.minor) <= branch && until.map { branch <= ($0.major, $0.minor) } != false
    case .stable, .distro:
      let patches = (since.patch ?? 0)...(until?.patch ?? .max)
      return release.isSameBranch(as: since) && patches.contains(release.patch ?? 0)
        && marker.map(release.hasSuffixPart) != false
    case .series:
      return false
    }
  }
}
