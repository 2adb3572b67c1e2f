import KVMModel

extension Drawing {
  /// A search of a root cache: the slots with what was found in each, and below them the slots as the search left them, each
  /// root joined with its old place.
  mutating func add(_ lookup: RootLookup) {
    describe(lookup.lines)
    text(Self.margin, bottom, lookup.lines.first ?? "", lookup.hit == nil ? .plain : .good)
    let before = lookup.candidates.map { $0.cell(wanted: lookup.role) }
    let after = lookup.after.enumerated().map { index, root in root.cell(index) }
    let size = Self.size(of: before + after)
    let top = bottom + 8
    place(before, top, size)
    let second = bottom + 46
    text(Self.margin, second - Self.line - 2, "after", .muted)
    place(after, second, Self.size(of: after, width: size.width))
    for (index, root) in lookup.after.enumerated() {
      guard let hpa = root.hpa, let from = lookup.before.firstIndex(where: { $0.hpa == hpa }) else {
        continue
      }
      arrow(
        [from, index].enumerated().map { row, index in
          (Self.left(index, size) + size.width / 2, row == 0 ? top + size.height : second)
        })
    }
    let left = lookup.before.compactMap(\.hpa).filter { hpa in !lookup.after.contains { $0.hpa == hpa } }
    if !left.isEmpty {
      let line = "let go: \(left.map { hex($0.rawValue) }.joined(separator: " "))"
      text(Self.margin, bottom + 4, line, .bad)
      describe([line])
    }
  }

  /// Slots of a root cache side by side.
  mutating func add(_ roots: [Root]) {
    let cells = roots.enumerated().map { index, root in root.cell(index) }
    place(cells, bottom + 8, Self.size(of: cells))
  }

  private mutating func place(_ cells: [Cell], _ top: Int, _ size: (width: Int, height: Int)) {
    for (index, cell) in cells.enumerated() { box(Self.left(index, size), top, size, cell) }
  }

  private static func left(_ index: Int, _ size: (width: Int, height: Int)) -> Int {
    margin + index * (size.width + 12)
  }
}

extension RootLookup.Candidate {
  /// The slot, what it holds, the verdict, and the role's fields that differ.
  fileprivate func cell(wanted: PageRole) -> Drawing.Cell {
    let (sign, frame): (String, Drawing.Frame) =
      switch verdict {
      case .hit: ("\u{2713}", .chosen)
      case .invalid, .noShadowPage: ("\u{2205}", .vacant)
      case .pgdDiffers, .roleDiffers: ("\u{2260}", .plain)
      }
    var lines: [Drawing.Line] = [
      (slot.title, .strong), ("pgd \(pgdText(pgd))", .plain),
      (role.map { "role \(hex($0.rawValue))" } ?? "no role", .muted),
      ("\(sign) \(verdict.rawValue)", verdict == .hit ? .good : .plain),
    ]
    lines += (role?.differences(from: wanted) ?? []).map { ("  \($0)", .muted) }
    return (frame, lines)
  }
}

extension RootSlot {
  /// The slot as it is called in a drawing.
  fileprivate var title: String {
    switch self {
    case .current: "current"
    case .previous(let index): "prev_roots[\(index)]"
    }
  }
}

extension Root {
  /// The slot, and what it holds.
  fileprivate func cell(_ index: Int) -> Drawing.Cell {
    let slot: RootSlot = index == 0 ? .current : .previous(index - 1)
    guard let hpa else {
      return (.vacant, [(slot.title, .muted), ("pgd \(pgdText(pgd))", .muted), ("empty", .muted)])
    }
    return (
      .plain, [(slot.title, .strong), ("pgd \(pgdText(pgd))", .plain), ("root \(hex(hpa.rawValue))", .plain)]
    )
  }
}
