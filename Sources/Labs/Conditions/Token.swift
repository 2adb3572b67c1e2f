/// A word, number, text or sign of a condition.
struct Token: Equatable {
  enum Kind: Equatable {
    /// A name or keyword.
    case name(String)
    /// A number as it was written.
    case number(String)
    /// A text without its quotation marks.
    case text(String)
    /// An operator or bracket.
    case sign(String)
    case end
  }

  let kind: Kind
  /// The character at which it begins, from 0.
  let offset: Int

  /// The token as messages name it.
  var phrase: String {
    switch kind {
    case .name(let text), .number(let text), .sign(let text): "\"\(text)\""
    case .text(let text): "the text \"\(text)\""
    case .end: "the end"
    }
  }
}

/// Why a condition is none, and where.
struct ConditionError: Error, Equatable {
  /// The character at which it was found, from 0.
  let offset: Int
  let detail: String
}

extension Token {
  private static let signs = ["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ".", ",", ":"]

  /// The tokens of a condition; the last is the end.
  static func all(of text: String) throws(ConditionError) -> [Token] {
    let characters = Array(text)
    var tokens: [Token] = []
    var index = 0
    while index < characters.count {
      let start = index
      let character = characters[index]
      if character.isWhitespace {
        index += 1
      } else if character == "\"" || character == "'" {
        guard let end = characters[(start + 1)...].firstIndex(of: character) else {
          throw ConditionError(offset: start, detail: "the text is not ended by \(character)")
        }
        tokens.append(Token(kind: .text(String(characters[(start + 1)..<end])), offset: start))
        index = end + 1
      } else if character.isWord {
        index = characters[start...].firstIndex { !$0.isWord } ?? characters.count
        let word = String(characters[start..<index])
        let kind = character.isASCIIDigit ? Kind.number(word) : .name(word)
        if case .number = kind, Self.number(word) == nil {
          throw ConditionError(
            offset: start,
            detail: "\"\(word)\" is no number: write decimal digits, or 0x and hexadecimal digits")
        }
        tokens.append(Token(kind: kind, offset: start))
      } else if let sign = signs.first(where: { characters[start...].starts(with: $0) }) {
        index += sign.count
        tokens.append(Token(kind: .sign(sign), offset: start))
      } else {
        throw ConditionError(offset: start, detail: "\"\(character)\" means nothing in a condition")
      }
    }
    return tokens + [Token(kind: .end, offset: characters.count)]
  }

  /// The value of a number of up to 64 bits: decimal digits, or `0x` and hexadecimal digits.
  static func number(_ text: String) -> UInt64? {
    let isHexadecimal = text.hasPrefix("0x") || text.hasPrefix("0X")
    let digits = isHexadecimal ? text.dropFirst(2) : text[...]
    guard let first = digits.utf8.first, first != UInt8(ascii: "+") else { return nil }
    return UInt64(digits, radix: isHexadecimal ? 16 : 10)
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
  /// Belongs to a name or a number.
  fileprivate var isWord: Bool {
    isASCIIDigit || ("a"..."z").contains(self) || ("A"..."Z").contains(self) || self == "_"
  }
}
