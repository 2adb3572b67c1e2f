import KVMModel

extension Drawing {
  private static let slot = (width: 178, gap: 14, drop: 46)

  /// A search of a root cache: the slots with what was found in each, and below them the slots as the search left them, each
  /// root joined with its old place.
  mutating func add(_ lookup: RootLookup) {
    let lines = lookup.lines
    describe(lines)
    let top = bottom
    text(Self.margin, top, lines.first ?? "", lookup.hit == nil ? .plain : .good)
    let boxes = lookup.candidates.map(\.boxLines)
    let height = 8 + Self.line * (boxes.map(\.count).max() ?? 1)
    let first = top + Self.line + 8
    for (index, candidate) in lookup.candidates.enumerated() {
      let frame: Frame =
        candidate.verdict == .hit ? .chosen : candidate.verdict == .invalid ? .vacant : .plain
      box(Self.place(index), first, Self.slot.width, height, frame, boxes[index])
    }
    let second = first + height + Self.slot.drop
    text(Self.margin, second - Self.line - 2, "after", .muted)
    for (index, root) in lookup.after.enumerated() {
      let place = Self.place(index)
      let frame: Frame = root.hpa == nil ? .vacant : .plain
      box(place, second, Self.slot.width, 8 + 2 * Self.line, frame, root.boxLines(index))
      guard let hpa = root.hpa, let from = lookup.before.firstIndex(where: { $0.hpa == hpa }) else {
        continue
      }
      let half = Self.slot.width / 2
      arrow([(Self.place(from) + half, first + height), (place + half, second)])
    }
    let left = lookup.before.filter { root in
      root.hpa != nil && !lookup.after.contains { $0.hpa == root.hpa }
    }
    if !left.isEmpty {
      let names = left.compactMap(\.hpa).map { hex($0.rawValue) }.joined(separator: " ")
      text(Self.margin, bottom + 4, "let go: \(names)", .bad)
      describe(["let go: \(names)"])
    }
  }

  private static func place(_ index: Int) -> Int { margin + index * (slot.width + slot.gap) }
}

extension RootLookup.Candidate {
  /// The slot, what it holds, the verdict, and the role's fields that differ.
  fileprivate var boxLines: [(text: String, ink: Drawing.Ink)] {
    let sign = verdict == .hit ? "\u{2713}" : verdict == .invalid ? "\u{2205}" : "\u{2260}"
    return [
      (slot.title, .strong), ("pgd \(pgdText(pgd))", .plain),
      (role.map { "role \(hex($0.rawValue))" } ?? "no role", .muted),
      ("\(sign) \(verdict.rawValue)", verdict == .hit ? .good : .plain),
    ]
  }
}

extension RootSlot {
  /// The slot as it is called in a drawing.
  var title: String {
    switch self {
    case .current: "current"
    case .previous(let index): "prev_roots[\(index)]"
    }
  }
}

extension Root {
  /// The slot, and what it holds.
  func boxLines(_ index: Int) -> [(text: String, ink: Drawing.Ink)] {
    let slot: RootSlot = index == 0 ? .current : .previous(index - 1)
    return [
      (slot.title, .strong),
      (hpa == nil ? "empty, pgd \(pgdText(pgd))" : "pgd \(pgdText(pgd))", hpa == nil ? .muted : .plain),
    ]
  }
}
