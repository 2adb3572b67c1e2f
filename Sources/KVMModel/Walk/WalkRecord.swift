extension VirtualMachine {
  /// Writes an entry of a path into the list of steps.
  mutating func record(_ plan: WalkPlan, _ entry: GuestWalker.Entry, _ conclusion: @autoclosure () -> String)
  {
    guard transcript.detail.contains(.walk) else { return }
    record(
      plan, level: entry.level, table: entry.table.address.rawValue, index: entry.index,
      address: entry.address,
      entry: entry.value, conclusion())
  }

  mutating func record(
    _ plan: WalkPlan, level: Int, table: UInt64?, index: Int, address: GuestPhysicalAddress?, entry: UInt64?,
    _ conclusion: @autoclosure () -> String
  ) {
    guard transcript.detail.contains(.walk) else { return }
    let isLeaf = entry.map { plan.format.isLeaf($0, level: level, role: plan.role) } ?? false
    transcript.result.walkSteps.append(
      WalkStep(
        stage: plan.name != .guest ? .guest : plan.format.format == .ept ? .ept : .npt,
        nesting: transcript.nesting, level: level, table: table, index: index, entryAddress: address,
        entry: entry,
        flags: entry.map { plan.format.flagNames($0, isLeaf: isLeaf, level: level) } ?? [],
        conclusion: conclusion(),
        references: transcript.references))
  }
}

extension AccessRights {
  /// The rights as the kernel's trace writes them: `w`, `u`, `x` or `-` in each place.
  public var text: String {
    AccessEncoding.xwu.text(UInt64(rawValue))
  }
}

extension AccessMode {
  /// The bits by the names that the kernel's trace gives them; others as one hexadecimal number.
  public var text: String {
    var parts: [String] = []
    for (bit, name) in Self.traceNames where contains(bit) { parts.append(name) }
    let unnamed = Self.traceNames.reduce(rawValue & 0xffff_ffff) { $0 & ~$1.bit.rawValue }
    if unnamed != 0 { parts.append(hex(unnamed)) }
    return parts.joined(separator: "|")
  }

  /// The bits as a number and by name, or what it means that none is set.
  var summary: String {
    "\(hex(rawValue)) (\(isEmpty ? "a supervisor's read of what is not present" : text))"
  }

  private static let traceNames: [(bit: AccessMode, name: String)] = [
    (.present, "P"), (.write, "W"), (.user, "U"), (.reserved, "RSVD"), (.fetch, "F"),
  ]
}
