/// A sentence of the narration. A literal is kept as such until it is written down.
enum Sentence: Sendable, ExpressibleByStringInterpolation {
  case literal(StaticString)
  case composed(TextBuilder)

  init(stringLiteral value: StaticString) { self = .literal(value) }

  init(stringInterpolation: StringInterpolation) { self = .composed(stringInterpolation.text) }

  /// Appends the sentence to a buffer.
  borrowing func write(to utf8: inout [UInt8]) {
    switch self {
    case .literal(let literal): utf8.append(literal)
    case .composed(let text): text.write(to: &utf8)
    }
  }

  static func + (left: consuming Sentence, right: Sentence) -> Sentence {
    switch consume left {
    case .literal(let literal):
      var text = TextBuilder()
      text.append(literal)
      text.append(right)
      return .composed(text)
    case .composed(var text):
      text.append(right)
      return .composed(text)
    }
  }

  /// Takes the parts of a sentence in turn.
  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = TextBuilder()

    /// A text makes room as it goes.
    init(literalCapacity: Int, interpolationCount: Int) {}

    /// Text between holes.
    mutating func appendLiteral(_ literal: StaticString) { text.append(literal) }

    /// A hole with text.
    mutating func appendInterpolation(_ string: String) { text.append(string) }

    /// A hole with a sentence.
    mutating func appendInterpolation(_ sentence: Sentence) { text.append(sentence) }

    /// A hole with something that writes itself.
    mutating func appendInterpolation(_ part: some TextPart) { part.write(to: &text) }

    /// A hole with a number.
    mutating func appendInterpolation(_ value: some BinaryInteger) { text.append(decimal: value) }

    /// A hole with a number as ``hex(_:)`` writes it.
    mutating func appendInterpolation(hex value: some FixedWidthInteger & UnsignedInteger) {
      text.append(hex: UInt64(value))
    }
  }
}

/// Something that a sentence names and that writes itself, without a string between.
protocol TextPart {
  /// Appends the words to a text.
  func write(to text: inout TextBuilder)
}

extension TextBuilder {
  /// Appends a sentence.
  mutating func append(_ sentence: Sentence) {
    switch sentence {
    case .literal(let literal): append(literal)
    case .composed(let text): append(text)
    }
  }
}
