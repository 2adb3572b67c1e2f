import KVMModel

extension Drawing {
  /// The space between entries.
  private static let gap = 30

  /// A walk, entry by entry. In one dimension the entries stand in a row. In two, each table of the guest's has a row of its
  /// own, which begins with the nested tables that were read to reach it; the last row leads to the page itself.
  mutating func add(walk steps: [WalkStep], end: String) {
    describe(steps.map(\.line) + [end])
    let top = bottom
    let size = Self.size(of: steps.map(\.cell))
    let columns = Self.columns(of: steps)
    var row = 0
    var before: (column: Int, row: Int)?
    for (index, step) in steps.enumerated() {
      let column = columns[index]
      if let before, column <= before.column { row += 1 }
      let x = Self.margin + column * (size.width + Self.gap)
      let y = top + row * (size.height + Self.gap)
      group(step: index + 1, title: step.conclusion) { drawing in
        if let before { drawing.arrow(Self.path(from: before, to: (column, row), top, size)) }
        drawing.box(x, y, size, step.cell)
      }
      before = (column, row)
    }
    text(Self.margin, bottom + 8, end, .strong)
  }

  /// The column of each step: nested tables by their level, and the guest's after them; without nested tables in order.
  private static func columns(of steps: [WalkStep]) -> [Int] {
    guard let top = steps.filter({ $0.nesting > 0 }).map(\.level).max() else { return Array(steps.indices) }
    return steps.map { $0.nesting == 0 ? top : top - $0.level }
  }

  /// A line from one place to the next: across within a row, else down and back to the left.
  private static func path(
    from start: (column: Int, row: Int), to end: (column: Int, row: Int), _ top: Int,
    _ size: (width: Int, height: Int)
  ) -> [(x: Int, y: Int)] {
    func left(_ column: Int) -> Int { margin + column * (size.width + gap) }
    func above(_ row: Int) -> Int { top + row * (size.height + gap) }
    let half = (x: size.width / 2, y: size.height / 2)
    if start.row == end.row {
      let y = above(start.row) + half.y
      return [(left(start.column) + size.width, y), (left(end.column), y)]
    }
    let turn = above(end.row) - gap / 2
    return [
      (left(start.column) + half.x, above(start.row) + size.height), (left(start.column) + half.x, turn),
      (left(end.column) + half.x, turn), (left(end.column) + half.x, above(end.row)),
    ]
  }
}

extension WalkStep {
  /// Whose table, its level, the number of the reference, the entry and its flags.
  fileprivate var cell: Drawing.Cell {
    let lines: [Drawing.Line] = [
      ("\(stage.rawValue) L\(level)  #\(references)", .strong),
      (table.map { "table \(hex($0))" } ?? "loaded before", .muted),
      ("[\(index)] \(entry.map { hex($0) } ?? "unreadable")", entry == nil ? .bad : .plain),
      (flags.joined(separator: " "), .plain),
    ]
    return (nesting == 0 ? .plain : .soft, lines)
  }
}
