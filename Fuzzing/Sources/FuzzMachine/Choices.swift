import FuzzSupport

/// An object's member: its key, and what decides its value.
typealias Member = (String, @Sendable (inout Choices) -> String)

/// Writes JSON documents by decisions: almost all have the right form, and many are against a rule.
struct Choices {
  var source: ByteSource

  /// Values that mean something in some register or table.
  private static let telling: [UInt64] = [
    0, 1, 2, 3, 4, 7, 0x10, 0x11, 0x20, 0xa0, 0x30, 0x67, 0x83, 0xe7, 0x100, 0x500, 0xd01, 0x501, 0x1d01,
    0x1800, 0x1000,
    0x101e, 0x205e, 0x3020, 0x4002, 0x5026, 0x2000, 0x3000, 0x4007, 0x5087, 0x20_0000, 0x40_7000, 0xf_f000,
    0x4000_0000, 0xf000_0000, 0xffff_f000, 0x8005_0033, 0x8004_0033, 0xe005_0033, 0x4_06a0, 0x37_06e0,
    1 << 47,
    1 << 48, 1 << 52, 1 << 63 | 0x1000, 0xffff_8000_0000_0000, 0xffff_ffff_ffff_f000, .max,
  ]

  mutating func word(_ more: [UInt64] = []) -> String {
    let choices = source.flag(70) && !more.isEmpty ? more : Self.telling
    var word = source.pick(choices)
    switch source.byte() {
    case 200..<215: word ^= 1 << UInt64(source.number(below: 64))
    case 215..<230: word = word &+ UInt64(source.byte())
    case 230..<240: word = word &- UInt64(source.byte())
    case 240...: word = source.word()
    default: break
    }
    return "\"0x\(String(word, radix: 16))\""
  }

  /// Where tables and registers point, so that one often finds what another wrote.
  mutating func root() -> String { word([0x1000, 0x2000, 0x3000, 0x101e, 0x105e, 0x2006, 0x10_0000]) }

  /// Addresses that accesses and mappings share.
  mutating func address() -> String {
    word([0, 0x1000, 0x2008, 0x40_7000, 0x40_7ff9, 0x20_0000, 0x4000_0000, 0xfed0_0000])
  }

  mutating func bool() -> String { source.flag() ? "true" : "false" }

  /// An object of some of these members, by key and value.
  mutating func object(_ members: [Member], percent: Int = 50) -> String {
    var texts: [String] = []
    for (key, value) in members where source.flag(percent) { texts.append("\"\(key)\":\(value(&self))") }
    return "{\(texts.joined(separator: ","))}"
  }

  mutating func name(_ names: [String]) -> String { "\"\(source.pick(names))\"" }

  mutating func list(_ names: [String]) -> String {
    let chosen = (0..<source.number(below: 4)).map { _ in name(names) }
    return "[\(chosen.joined(separator: ","))]"
  }
}
