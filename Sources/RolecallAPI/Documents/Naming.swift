import JSON

/// How documents call an MMU's two roles.
enum Naming: Sendable {
  /// `vcpu_role` and `mmu_role`, as proposed in the review of the "MMU role refactoring" series.
  case proposed
  /// `cpu_role` and `root_role`, as Linux has them since 5.19.
  case upstream

  /// The key of what the guest configured (Linux's `kvm_mmu.cpu_role`).
  var vcpuRole: StaticString { self == .proposed ? "vcpu_role" : "cpu_role" }
  /// The key of what KVM built (Linux's `kvm_mmu.root_role`).
  var mmuRole: StaticString { self == .proposed ? "mmu_role" : "root_role" }

  /// A change's path, which the model writes with the proposed names.
  func path(_ path: String) -> String {
    guard self == .upstream else { return path }
    return path.split(separator: ".", omittingEmptySubsequences: false).map { (step) -> Substring in
      switch step {
      case "vcpu_role": "cpu_role"
      case "mmu_role": "root_role"
      default: step
      }
    }.joined(separator: ".")
  }

  /// A document's keys, given with the proposed names.
  func keys(_ keys: [String]) -> [String] { keys.map(path) }

  /// The member `names`: each key of this document and what the other naming calls it.
  func writeNames(to json: inout JSONWriter) {
    json.key("names")
    switch self {
    case .proposed: json.raw(#"{"vcpu_role":"cpu_role","mmu_role":"root_role"}"#)
    case .upstream: json.raw(#"{"cpu_role":"vcpu_role","root_role":"mmu_role"}"#)
    }
  }
}
