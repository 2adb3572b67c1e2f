import JSON

/// Words that have names, such as the bits of a register.
final class NamedWords: Sendable {
  private let names: [StaticString]
  private let words: [UInt64]

  init(_ rows: [(name: StaticString, word: UInt64)]) {
    names = rows.map(\.name)
    words = rows.map(\.word)
  }

  /// Whether there are none.
  var isEmpty: Bool { names.isEmpty }

  /// The name of a word, if it has one.
  func name(of word: UInt64) -> StaticString? {
    words.firstIndex(of: word).map { names[$0] }
  }

  /// Writes the names of a word's bits, in order.
  func write(bits: UInt64, to json: inout JSONWriter) {
    json.beginArray()
    if bits != 0 {
      for index in words.indices where bits & words[index] != 0 { json.string(literal: names[index]) }
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
