/// The steps of an operation. Their sentences stand in one buffer, so that none needs memory of its own.
public struct Narration: RandomAccessCollection, Sendable, Hashable {
  private struct Row: Sendable, Hashable {
    let function: String
    let depth: Int
    let effect: Effect?
    let text: Range<Int>
  }

  private var utf8: [UInt8] = []
  private var rows: [Row] = []

  init() {}

  /// The first place.
  public var startIndex: Int { 0 }
  /// The place behind the last.
  public var endIndex: Int { rows.count }

  /// The step at a place.
  public subscript(index: Int) -> NarrationStep {
    let row = rows[index]
    return NarrationStep(function: row.function, depth: row.depth, utf8: utf8[row.text], effect: row.effect)
  }

  /// Gives `body` each step in order: its function, how deep it was called, its sentence as UTF-8, and its effect.
  public func forEachStep(
    _ body: (_ function: String, _ depth: Int, _ sentence: Span<UInt8>, _ effect: Effect?) -> Void
  ) {
    let (rows, utf8) = (rows.span, utf8.span)
    for index in rows.indices {
      body(rows[index].function, rows[index].depth, utf8.extracting(rows[index].text), rows[index].effect)
    }
  }

  /// Makes room for what a write to a control register comes to.
  mutating func reserveCapacity() {
    rows.reserveCapacity(32)
    utf8.reserveCapacity(4096)
  }

  /// Adds a step.
  mutating func append(
    _ function: String, depth: Int, _ sentence: inout Text, _ effect: Effect?
  ) {
    let start = utf8.count
    sentence.write(to: &utf8)
    rows.append(Row(function: function, depth: depth, effect: effect, text: start..<utf8.count))
  }
}

/// One kernel function that an operation passed through, or a further remark on it.
public struct NarrationStep: Sendable, Hashable {
  /// The kernel function.
  public let function: String
  /// How deep it was called, from 0.
  public let depth: Int
  /// ``text`` as UTF-8.
  public let utf8: ArraySlice<UInt8>
  /// What it changed, if anything.
  public let effect: Effect?

  /// What it did and why, in a plain sentence.
  public var text: String { String(decoding: utf8, as: UTF8.self) }
}
