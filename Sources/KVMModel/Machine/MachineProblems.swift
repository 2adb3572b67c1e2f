/// One thing that is wrong with a value a client gave, and where it stands.
public struct Problem: Error, Sendable, Hashable {
  /// The JSON pointer (RFC 6901) relative to the value that was checked, such as `/host/maxphyaddr`.
  public var pointer: String
  /// What is wrong and what would be right.
  public var detail: String

  /// A problem at a place.
  public init(pointer: String, detail: String) {
    self.pointer = pointer
    self.detail = detail
  }
}

extension Machine {
  /// The bounds of a machine, named in the API's documentation.
  public enum Limits {
    /// Widths of physical addresses, in bits.
    public static let maxPhyAddr = 32...52
    /// Pages that the host hands out at once.
    public static let prefetchPages = 1...8
    /// vCPUs of one machine.
    public static let vcpus = 1...64
    /// Slots of the cache of previous roots.
    public static let previousRoots = 1...16
    /// Memory slots of one machine.
    public static let memorySlots = 16
  }

  /// Everything that keeps the machine from being made; empty if it can be.
  public func problems() -> [Problem] {
    var found: [Problem] = []
    func require(_ holds: Bool, _ pointer: String, _ detail: @autoclosure () -> String) {
      if !holds { found.append(Problem(pointer: pointer, detail: detail())) }
    }
    func requireWidth(_ width: Int, _ pointer: String) {
      require(Limits.maxPhyAddr.contains(width), pointer, "must be from 32 to 52 bits, is \(width)")
    }
    requireWidth(host.maxPhyAddr, "/host/maxphyaddr")
    requireWidth(cpuid.maxPhyAddr, "/cpuid/maxphyaddr")
    require(
      Limits.prefetchPages.contains(host.prefetchPages), "/host/prefetch_pages",
      "must be from 1 to 8, is \(host.prefetchPages)")
    require(Limits.vcpus.contains(vcpus), "/vcpus", "must be from 1 to 64, is \(vcpus)")
    require(
      Limits.previousRoots.contains(previousRoots), "/prev_roots", "must be from 1 to 16, is \(previousRoots)"
    )
    found += memory.problems().map { Problem(pointer: "/memory" + $0.pointer, detail: $0.detail) }
    return found
  }
}

extension MemoryConfiguration {
  func problems() -> [Problem] {
    var found: [Problem] = []
    if slots.count > Machine.Limits.memorySlots {
      found.append(Problem(pointer: "/slots", detail: "at most 16 memory slots, there are \(slots.count)"))
    }
    for (index, slot) in slots.enumerated() {
      if let problem = slot.problem(besides: slots[..<index]) {
        found.append(Problem(pointer: "/slots/\(index)" + problem.pointer, detail: problem.detail))
      }
    }
    for (index, word) in words.enumerated() {
      if word.address.rawValue % 8 != 0 {
        found.append(Problem(pointer: "/words/\(index)/0", detail: "must be a multiple of 8"))
      }
    }
    if Set(words.map(\.address.frame)).count > GuestMemory.maximumTouchedPages {
      found.append(Problem(pointer: "/words", detail: GuestMemory.boundDetail))
    }
    return found
  }
}

extension MemorySlot {
  func problem(besides others: ArraySlice<MemorySlot>) -> Problem? {
    let (end, overflow) = base.addingReportingOverflow(bytes)
    if base % 4096 != 0 { return Problem(pointer: "/gpa", detail: "must be a multiple of 4096") }
    if bytes == 0 || bytes % 4096 != 0 {
      return Problem(pointer: "/bytes", detail: "must be a multiple of 4096 and not 0")
    }
    if overflow || end > 1 << 52 {
      return Problem(pointer: "/bytes", detail: "the slot must end at or below 2^52 (0x10000000000000)")
    }
    for (index, other) in zip(others.indices, others) {
      let (otherEnd, otherOverflow) = other.base.addingReportingOverflow(other.bytes)
      if base < (otherOverflow ? .max : otherEnd) && other.base < end {
        return Problem(pointer: "/gpa", detail: "overlaps slot \(index), from \(hex(other.base))")
      }
    }
    return nil
  }
}
