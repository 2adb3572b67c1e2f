/// Swift source with every comment and the text of every string and regex literal turned to spaces.
///
/// Line breaks stay, so that a line of the code is a line of the file. What an interpolation holds is code.
struct SwiftCode {
  let text: String
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  init(_ source: String) {
    var blanker = Blanker(source: Array(source.utf8))
    blanker.code(inInterpolation: false)
    text = String(decoding: blanker.output, as: UTF8.self)
  }
}

private struct Blanker {
  let source: [UInt8]
  var output: [UInt8] = []
  var position = 0

  /// What can begin a comment or a literal, or count for an interpolation.
  private static let special = Array("/#\"()".utf8)

  private func follows(_ text: String) -> Bool { source[position...].starts(with: text.utf8) }

  private mutating func keep(_ count: Int = 1) {
    for _ in 0..<count where position < source.count {
      output.append(source[position])
      position += 1
    }
  }

  private mutating func blank(_ count: Int = 1) {
    for _ in 0..<count where position < source.count {
      output.append(source[position] == UInt8(ascii: "\n") ? source[position] : UInt8(ascii: " "))
      position += 1
    }
  }

  /// Reads code to the end, or through the parenthesis that closes an interpolation.
  mutating func code(inInterpolation: Bool) {
    var depth = 0
    while position < source.count {
      guard Self.special.contains(source[position]) else {
        keep()
        continue
      }
      if follows("//") {
        while position < source.count, !follows("\n") { blank() }
      } else if follows("/*") {
        blockComment()
      } else if let pounds = poundsBeforeQuote() {
        string(pounds: pounds)
      } else if let length = regexLength() {
        blank(length)
      } else if inInterpolation, depth == 0, follows(")") {
        return keep()
      } else {
        if follows("(") { depth += 1 }
        if follows(")") { depth -= 1 }
        keep()
      }
    }
  }

  private mutating func blockComment() {
    var depth = 0
    repeat {
      if follows("/*") {
        depth += 1
        blank(2)
      } else if follows("*/") {
        depth -= 1
        blank(2)
      } else {
        blank()
      }
    } while depth > 0 && position < source.count
  }

  /// A regex literal stands where an operand is due, and closes on its line.
  private func regexLength() -> Int? {
    guard follows("/"), !follows("/ "), !follows("/)") else { return nil }
    guard output.last(where: { $0 != UInt8(ascii: " ") }).map("\n(,=:[{".utf8.contains) ?? true else {
      return nil
    }
    var end = position + 1
    while end < source.count, source[end] != UInt8(ascii: "\n") {
      if source[end] == UInt8(ascii: "/") { return end + 1 - position }
      end += source[end] == UInt8(ascii: "\\") ? 2 : 1
    }
    return nil
  }

  private func poundsBeforeQuote() -> Int? {
    let pounds = source[position...].prefix { $0 == UInt8(ascii: "#") }.count
    let quote = position + pounds
    return quote < source.count && source[quote] == UInt8(ascii: "\"") ? pounds : nil
  }

  private mutating func string(pounds: Int) {
    let pound = String(repeating: "#", count: pounds)
    blank(pounds)
    let quotes = follows("\"\"\"") ? "\"\"\"" : "\""
    keep(quotes.utf8.count)
    while position < source.count {
      if follows(quotes + pound) {
        keep(quotes.utf8.count)
        return blank(pounds)
      } else if follows("\\" + pound + "(") {
        blank(1 + pounds)
        keep()
        code(inInterpolation: true)
      } else if follows("\\" + pound) {
        blank(2 + pounds)
      } else {
        blank()
      }
    }
  }
}
