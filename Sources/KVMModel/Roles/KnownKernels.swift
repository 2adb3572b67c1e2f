/// A range of kernels with the same role layouts.
public struct KnownKernels: Sendable {
  /// The first release or the series.
  public let since: KernelRelease
  /// The last release, or `nil` if the newest known kernel is in the range.
  public let until: KernelRelease?
  /// Which kernels the range is about.
  public let kind: RoleLayout.Kind
  /// The layouts they have.
  public let layouts: RoleLayouts
  /// The releases among them that a session can simulate.
  public var simulated: [KernelRelease] {
    guard kind == .mainline else { return [] }
    return KernelRelease.simulated.filter { release in
      since <= release && until.map { release <= $0 } != false
    }
  }

  /// Every known kernel: the mainline ranges in order, then what stable branches, vendors and series have otherwise.
  public static let all: [KnownKernels] = mainline + others

  private static var mainline: [KnownKernels] {
    let starts = Set(RoleLayout.all.filter { $0.kind == .mainline }.compactMap(\.since)).sorted()
    return zip(starts, starts.dropFirst().map(Optional.some) + [nil]).compactMap { since, next in
      KnownKernels(since: since, until: next?.previousBranch, kind: .mainline)
    }
  }

  private static var others: [KnownKernels] {
    let branches = RoleLayout.all.filter { $0.kind == .stable }
    let vendors = RoleLayout.all.filter { $0.kind == .distro }
    return branches.compactMap { KnownKernels(since: $0.since, until: $0.until, kind: .stable) }
      + vendors.compactMap { layout in
        let release = layout.since.map {
          KernelRelease($0.major, $0.minor, $0.patch, suffix: "-" + (layout.marker ?? ""))
        }
        return KnownKernels(since: release, until: release, kind: .distro)
      }
      + KernelRelease.series.compactMap { KnownKernels(since: $0, until: $0, kind: .series) }
  }

  private init?(since: KernelRelease?, until: KernelRelease?, kind: RoleLayout.Kind) {
    guard let since, let layouts = try? RoleLayouts(of: since) else { return nil }
    self.since = since
    self.until = until
    self.kind = kind
    self.layouts = layouts
  }
}
