import JSON

/// SplitMix64, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}

extension SeededGenerator {
  private static let texts = [
    "", "cr4", "0x1000a0", "a/b~c", "\"\\/", "\u{0}\u{1f}\u{7f}", "\n\r\t\u{8}\u{c}", "é", "e\u{301}", "日本",
    "😀👩‍👩‍👧",
    "\u{2028}\u{ffff}\u{10ffff}", "a text of more than fifteen bytes",
  ]

  mutating func text() -> String {
    (0..<Int.random(in: 1...3, using: &self)).map { _ in Self.texts.randomElement(using: &self) ?? "" }
      .joined()
  }

  mutating func integer() -> Int {
    let magnitude = Int(next() >> UInt64.random(in: 11...63, using: &self))
    return Bool.random(using: &self) ? magnitude : -magnitude
  }

  /// Writes a random value with containers up to `depth` deep.
  mutating func write(to writer: inout JSONWriter, depth: Int) {
    switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &self) {
    case 0: writer.null()
    case 1: writer.bool(Bool.random(using: &self))
    case 2: writer.integer(integer())
    case 3: writer.double(Double(integer()) * 1.1e-7)
    case 4: writer.hex(next() >> UInt64.random(in: 0...63, using: &self))
    case 5: writer.string(text())
    case 6:
      writer.beginArray()
      for _ in 0..<Int.random(in: 0...4, using: &self) { write(to: &writer, depth: depth - 1) }
      writer.endArray()
    default:
      writer.beginObject()
      for index in 0..<Int.random(in: 0...4, using: &self) {
        writer.key(named: text() + String(index))
        write(to: &writer, depth: depth - 1)
      }
      writer.endObject()
    }
  }

  /// A random document.
  mutating func document(depth: Int) -> [UInt8] {
    var writer = JSONWriter()
    write(to: &writer, depth: depth)
    return writer.finish()
  }
}
