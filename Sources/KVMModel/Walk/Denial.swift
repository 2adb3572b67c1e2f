extension WalkPlan {
  /// Which rule denies the access that a walk is for: the first that does, in the order of the architecture's checks.
  func denial(of rights: AccessRights) -> String {
    let isEPT = format.format == .ept
    let isSupervisor = !access.contains(.user)
    let rules: [(denies: Bool, sentence: String)] = [
      (
        access.contains(.user) && !rights.contains(.user),
        isEPT
          ? "A read needs R in every entry of the path" : "A user access needs US in every entry of the path"
      ),
      (
        access.contains(.write) && !rights.contains(.write) && (isEPT || !isSupervisor || role.base.cr0WP),
        isEPT
          ? "A write needs W in every entry of the path"
          : isSupervisor
            ? "With CR0.WP a supervisor write needs RW in every entry of the path"
            : "A user write needs RW in every entry of the path"
      ),
      (
        access.contains(.fetch) && !rights.contains(.execute) && (isEPT || role.base.eferNX),
        isEPT ? "A fetch needs X in every entry of the path" : "NX is set in an entry of the path"
      ),
      (
        !isEPT && role.ext.contains(.cr4SMEP) && access.contains(.fetch) && isSupervisor
          && rights.contains(.user),
        "SMEP keeps a supervisor from fetching from a user page"
      ),
      (
        !isEPT && role.ext.contains(.cr4SMAP) && !access.contains(.fetch) && isSupervisor
          && rights.contains(.user)
          && (access.contains(.implicit) || !access.contains(.alignmentCheck)),
        "SMAP keeps a supervisor from using a user page, as \(access.contains(.implicit) ? "the access is implicit" : "EFLAGS.AC is 0")"
      ),
    ]
    return rules.first(where: \.denies)?.sentence ?? "PKRU denies the access to pages of this protection key"
  }
}
