import JSON

/// Words that have names, such as the bits of a register.
final class NamedWords: Sendable {
  private let names: [StaticString]
  private let words: [UInt64]
  /// The name of each word that is a bit of its own, by bit.
  private let namesOfBits: [StaticString?]

  init(_ rows: [(name: StaticString, word: UInt64)]) {
    names = rows.map(\.name)
    words = rows.map(\.word)
    namesOfBits = (0..<64).map { bit in rows.first { $0.word == 1 << UInt64(bit) }?.name }
  }

  /// Whether there are none.
  var isEmpty: Bool { names.isEmpty }

  /// The name of a word, if it has one.
  func name(of word: UInt64) -> StaticString? {
    words.firstIndex(of: word).map { names[$0] }
  }

  /// Writes the names of a word's bits, the lowest first.
  func write(bits: UInt64, to json: inout JSONWriter) {
    json.beginArray()
    var rest = bits
    while rest != 0 {
      if let name = namesOfBits[rest.trailingZeroBitCount] { json.string(literal: name) }
      rest &= rest - 1
    }
    json.endArray()
  }

  fileprivate func word(named element: inout ElementDecoder) -> UInt64? {
    element.choice(of: names).map { words[$0] }
  }
}

extension ElementDecoder {
  /// The word of which the value is the name.
  mutating func word(of names: NamedWords) -> UInt64? { names.word(named: &self) }
}
