import KVMModel

extension Drawing {
  private static let strip = (limit: 1010, gap: 3)

  /// A vCPU: its registers, and its three MMUs with their roles as strips of fields and their roots as slots.
  mutating func add(_ vcpu: VCPU, in machine: borrowing VirtualMachine) {
    let table = vcpu.table(in: machine).split(separator: "\n").map(String.init)
    describe(table)
    for (index, line) in table.prefix(7).enumerated() {
      text(Self.margin, bottom, line, index == 0 ? .strong : .plain)
    }
    for name in MMUName.allCases {
      let mmu = vcpu[name]
      let pointers = [name == vcpu.mmu ? "mmu" : nil, name == vcpu.walkMMU ? "walk_mmu" : nil].compactMap(
        \.self)
      skip(12)
      text(
        Self.margin, bottom,
        name.rawValue + (pointers.isEmpty ? "" : "  \u{25c0} " + pointers.joined(separator: ", ")),
        .strong)
      addStrip(
        "vcpu_role \(hex(mmu.vcpuRole.rawValue))",
        SimulatedLayouts.fields(mmu.vcpuRole.base) + SimulatedLayouts.fields(mmu.vcpuRole.ext))
      guard name != .nested else { continue }
      addStrip("mmu_role \(hex(mmu.mmuRole.rawValue))", SimulatedLayouts.fields(mmu.mmuRole))
      add([mmu.root] + mmu.previousRoots)
    }
  }

  /// A role word's fields, in as many rows as they need.
  private mutating func addStrip(_ title: String, _ fields: [(field: RoleField, word: UInt64)]) {
    text(Self.margin, bottom + 4, title)
    var x = Self.margin
    var y = bottom + 2
    for (field, word) in fields {
      let isZero = field.value(in: word) == 0
      let value = (text: field.rendered(in: word).text, ink: isZero ? Ink.muted : .strong)
      let cell: Cell = (isZero ? .vacant : .soft, [value, (field.name, .muted)])
      let size = Self.size(of: [cell])
      if x + size.width > Self.strip.limit {
        x = Self.margin
        y += size.height + Self.strip.gap
      }
      box(x, y, size, cell)
      x += size.width + Self.strip.gap
    }
  }
}

extension SimulatedLayouts {
  private static let layouts = try? RoleLayouts(of: release)

  /// The fields of a page role, each with the word that holds it.
  fileprivate static func fields(_ role: PageRole) -> [(field: RoleField, word: UInt64)] {
    (layouts?.pageRole.fields ?? []).map { ($0, UInt64(role.rawValue)) }
  }

  /// The fields of an extended role, each with the word that holds it.
  fileprivate static func fields(_ role: ExtendedRole) -> [(field: RoleField, word: UInt64)] {
    (layouts?.extendedRole?.fields ?? []).map { ($0, UInt64(role.rawValue)) }
  }
}
