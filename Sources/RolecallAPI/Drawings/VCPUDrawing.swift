import KVMModel

extension Drawing {
  private static let strip = (limit: 1010, height: 8 + 2 * line, gap: 3)

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
      addRoots([mmu.root] + mmu.previousRoots)
    }
  }

  /// A role word's fields, in as many rows as they need.
  private mutating func addStrip(_ title: String, _ fields: [(field: RoleField, word: UInt64)]) {
    text(Self.margin, bottom + 4, title)
    var x = Self.margin
    var y = bottom + 2
    for (field, word) in fields {
      let isZero = field.value(in: word) == 0
      let lines = [(field.rendered(in: word).text, isZero ? Ink.muted : .strong), (field.name, Ink.muted)]
      let width = 14 + Self.width(field.name)
      if x + width > Self.strip.limit {
        x = Self.margin
        y += Self.strip.height + Self.strip.gap
      }
      box(x, y, width, Self.strip.height, isZero ? .vacant : .soft, lines)
      x += width + Self.strip.gap
    }
  }

  private mutating func addRoots(_ roots: [Root]) {
    let top = bottom + 8
    var x = Self.margin
    for (index, root) in roots.enumerated() {
      let lines = root.boxLines(index) + [(root.hpa.map { "root \(hex($0.rawValue))" } ?? "no root", .muted)]
      box(
        x, top, 178, 8 + 3 * Self.line, root.hpa == nil ? .vacant : index == 0 ? .chosen : .plain, lines)
      x += 192
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
