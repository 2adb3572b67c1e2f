/// The two roles that are decoded and encoded.
public enum RoleName: String, Sendable, CaseIterable {
  /// A page role, 32 bits: a root's, a shadow page's.
  case mmuRole = "mmu-role"
  /// A page role in bits 0-31 and an extended role in bits 32-63.
  case vcpuRole = "vcpu-role"

  /// The size of the role in bits.
  public var width: Int { self == .mmuRole ? 32 : 64 }
}

/// The halves of a role: a `mmu-role` has only the first.
public enum RolePart: String, Sendable, CaseIterable {
  /// The page role, bits 0-31.
  case base
  /// The extended role, bits 32-63.
  case ext

  var shift: Int { self == .base ? 0 : 32 }
}

/// The role layouts of one kernel.
public struct RoleLayouts: Sendable {
  /// The kernel asked for.
  public let release: KernelRelease
  /// The layout of page roles.
  public let pageRole: RoleLayout
  /// The layout of extended roles, or `nil` before 4.20.
  public let extendedRole: RoleLayout?
  /// The layout of the 64-bit role, or `nil` before 4.20.
  public let vcpuRole: RoleLayout?
  /// The names of the members that hold the roles, where known.
  public let members: RoleMembers?
  /// The most that the choice of layouts can be trusted, whatever the layouts' own confidence.
  public let confidence: RoleLayout.Confidence
  /// What to know about the choice, one sentence each.
  public let notes: [String]

  /// Chooses the layouts: a vendor's or a stable branch's before mainline's.
  ///
  /// A release after ``KernelRelease/newestKnown`` gets the newest layouts with low confidence.
  /// - Throws: ``RoleLayoutError/beforeFirstLayout`` before 3.1.
  public init(of release: KernelRelease) throws(RoleLayoutError) {
    guard let pageRole = Self.layout(.pageRole, release) else { throw .beforeFirstLayout }
    self.release = release
    self.pageRole = pageRole
    extendedRole =
      pageRole.extendedRole.flatMap { id in RoleLayout.all.first { $0.id == id } }
      ?? Self.layout(.extendedRole, release)
    vcpuRole = Self.layout(.mmuRole, release) ?? Self.layout(.cpuRole, release)
    members = RoleMembers.members(of: release)
    (confidence, notes) = Self.doubts(release, pageRole)
  }

  /// The layouts that a role is made of, from bit 0 up.
  ///
  /// - Throws: ``RoleLayoutError/noVCPURole`` for a 64-bit role before 4.20.
  public func parts(of role: RoleName) throws(RoleLayoutError) -> [(part: RolePart, layout: RoleLayout)] {
    switch role {
    case .mmuRole: return [(.base, pageRole)]
    case .vcpuRole:
      guard let extendedRole else { throw .noVCPURole(release) }
      return [(.base, pageRole), (.ext, extendedRole)]
    }
  }

  private static func layout(_ union: RoleLayout.Union, _ release: KernelRelease) -> RoleLayout? {
    let fitting = RoleLayout.all.filter { $0.union == union && $0.applies(to: release) }
    return fitting.first { $0.kind != .mainline } ?? fitting.first
  }

  private static func doubts(
    _ release: KernelRelease, _ pageRole: RoleLayout
  ) -> (RoleLayout.Confidence, [String]) {
    var confidence = RoleLayout.Confidence.high
    var notes: [String] = []
    if (release.major, release.minor) > (KernelRelease.newestKnown.major, KernelRelease.newestKnown.minor) {
      confidence = .low
      notes.append(
        "\(release) is newer than \(KernelRelease.newestKnown), the newest known: read by its layouts")
    }
    if let extended = pageRole.extendedRole {
      notes.append(
        "\(pageRole.id) stands for the page role; \(extended) is the extended role that goes with it")
    }
    for other in RoleLayout.all where other.since?.isSameBranch(as: release) == true {
      guard let since = other.since else { continue }
      if other.kind == .stable, release.patch == nil {
        notes.append("without a patch level the first release is meant; \(since) and later have \(other.id)")
      }
      if other.kind == .distro, other.marker.map(release.hasSuffixPart) == true, !other.applies(to: release) {
        confidence = .low
        notes.append("this vendor's \(since) has \(other.id); which of its other kernels do is not known")
      }
    }
    return (confidence, notes)
  }
}

/// Why a kernel has no such role.
public enum RoleLayoutError: Error, Equatable, CustomStringConvertible {
  /// Before 3.1, where the known layouts begin.
  case beforeFirstLayout
  /// A 64-bit role of a kernel that had none.
  case noVCPURole(KernelRelease)
  /// A value wider than the role.
  case tooWide(RoleName)

  /// One sentence for the person who asked.
  public var description: String {
    switch self {
    case .beforeFirstLayout: "role layouts are known from Linux 3.1 on"
    case .noVCPURole(let release):
      "Linux \(release) has no 64-bit role: kvm_mmu_role came with 4.20; decode its page role as mmu-role"
    case .tooWide(let role): "\(role.rawValue) has \(role.width) bits"
    }
  }
}

extension RoleLayout {
  /// Every known layout of every union.
  public static let all = pageRoles + extendedRoles + vcpuRoles
}
