/// A drawing in the making: boxes, lines and text on a plane that grows with them. Its text is set in one fixed-width
/// size, so that widths can be told without a font.
///
/// What it looks like is said by presentation attributes, for whoever opens it alone, and by classes, for a page that
/// shows it in its own colours (SVG 1.1, section 6.4: a style sheet wins over presentation attributes).
struct Drawing {
  /// How text is set.
  enum Ink: String {
    case plain, muted, good, bad, strong

    fileprivate var attributes: String {
      switch self {
      case .plain: ""
      case .muted: " class=\"muted\" fill=\"#55616a\""
      case .good: " class=\"good\" fill=\"#17653a\" font-weight=\"bold\""
      case .bad: " class=\"bad\" fill=\"#9d1f2a\""
      case .strong: " class=\"strong\" fill=\"#0a5f73\" font-weight=\"bold\""
      }
    }
  }

  /// How a box is drawn.
  enum Frame {
    case plain, soft, chosen, vacant

    fileprivate var attributes: String {
      switch self {
      case .plain: " class=\"box\" fill=\"#ffffff\" stroke=\"#7d8a90\""
      case .soft: " class=\"box soft\" fill=\"#dcf0f4\" stroke=\"#7d8a90\""
      case .chosen: " class=\"box chosen\" fill=\"#e2f4e8\" stroke=\"#17653a\" stroke-width=\"2\""
      case .vacant: " class=\"box vacant\" fill=\"#f6f8f7\" stroke=\"#7d8a90\" stroke-dasharray=\"4 3\""
      }
    }
  }

  /// A line of text.
  typealias Line = (text: String, ink: Ink)
  /// A box and the text in it.
  typealias Cell = (frame: Frame, lines: [Line])

  /// The height of a line of text.
  static let line = 17
  /// Empty space around everything.
  static let margin = 12

  private var shapes = ""
  private var description: [String] = []
  private var width = 0
  /// Where the next part may begin: below everything so far.
  private(set) var bottom = margin

  /// The width of text.
  static func width(_ text: String) -> Int { (text.count * 73 + 9) / 10 }

  /// The size that boxes need, so that each of them holds its text.
  static func size(of cells: [Cell], width least: Int = 0) -> (width: Int, height: Int) {
    let widths = cells.flatMap { $0.lines.map { width($0.text) + 14 } }
    return (max(least, widths.max() ?? 0), 8 + line * (cells.map(\.lines.count).max() ?? 0))
  }

  /// Text whose baseline is as far below `y` as a line needs.
  mutating func text(_ x: Int, _ y: Int, _ text: String, _ ink: Ink = .plain) {
    shapes += "<text x=\"\(x)\" y=\"\(y + 13)\"\(ink.attributes)>\(HTMLText.escaped(text))</text>"
    grow(x + Self.width(text), y + Self.line)
  }

  /// A box with lines of text in it.
  mutating func box(_ x: Int, _ y: Int, _ size: (width: Int, height: Int), _ cell: Cell) {
    shapes +=
      "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(size.width)\" height=\"\(size.height)\" rx=\"3\"\(cell.frame.attributes)/>"
    grow(x + size.width, y + size.height)
    for (index, line) in cell.lines.enumerated() {
      text(x + 7, y + 3 + index * Self.line, line.text, line.ink)
    }
  }

  /// A line along points, with an arrow's head at its end.
  mutating func arrow(_ points: [(x: Int, y: Int)]) {
    let path = points.map { "\($0.x),\($0.y)" }.joined(separator: " ")
    shapes +=
      "<polyline points=\"\(path)\" class=\"line\" fill=\"none\" stroke=\"#7d8a90\" marker-end=\"url(#head)\"/>"
    for point in points { grow(point.x, point.y) }
  }

  /// What `draw` draws, as one group with a number and a title.
  mutating func group(step: Int, title: String, _ draw: (inout Drawing) -> Void) {
    shapes += "<g data-step=\"\(step)\"><title>\(HTMLText.escaped(title))</title>"
    draw(&self)
    shapes += "</g>"
  }

  /// Adds to what is told to those who don't see the drawing.
  mutating func describe(_ lines: [String]) { description += lines }

  /// Leaves empty space below everything so far.
  mutating func skip(_ height: Int) { bottom += height }

  private mutating func grow(_ x: Int, _ y: Int) {
    width = max(width, x)
    bottom = max(bottom, y)
  }

  /// The whole document.
  ///
  /// - Parameter label: what it shows, in a sentence.
  func svg(_ label: String) -> String {
    let size = (width: width + Self.margin, height: bottom + Self.margin)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(size.width)" height="\(size.height)" \
      viewBox="0 0 \(size.width) \(size.height)" role="img" aria-label="\(HTMLText.escaped(label).replacing("\"", with: "&quot;"))" \
      font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="12" fill="#182024">\
      <desc>\(HTMLText.escaped(description.joined(separator: "\n")))</desc>\
      <defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
      <path d="M0,0L8,4L0,8z" class="head" fill="#7d8a90"/></marker></defs>\
      <rect class="paper" width="100%" height="100%" fill="#ffffff"/>\(shapes)</svg>

      """
  }
}
