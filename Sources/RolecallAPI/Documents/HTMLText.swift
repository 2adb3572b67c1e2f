/// HTML that is built from text nobody may inject markup by.
enum HTMLText {
  /// `text` as the content of an element.
  static func escaped(_ text: some StringProtocol) -> String {
    String(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }

  /// A whole page. `title` is text, `body` markup.
  static func page(_ title: String, _ body: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>\(escaped(title)) - Rolecall</title>
    \(body)
    <p><a href="/">Rolecall</a></p>
    </html>

    """
  }

  /// The part of CommonMark that `openapi.yaml` uses: headings by `##`, fenced code, paragraphs, and code by backticks.
  static func markup(commonMark text: String) -> String {
    var blocks: [String] = []
    var paragraph: [Substring] = []
    var code: [Substring]?
    func flush() {
      if !paragraph.isEmpty { blocks.append("<p>\(inline(paragraph.joined(separator: "\n")))</p>") }
      paragraph = []
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        flush()
        if let lines = code {
          blocks.append("<pre><code>\(escaped(lines.joined(separator: "\n")))</code></pre>")
        }
        code = code == nil ? [] : nil
      } else if code != nil {
        code?.append(line)
      } else if line.hasPrefix("## ") {
        flush()
        blocks.append("<h3>\(inline(String(line.dropFirst(3))))</h3>")
      } else if line.isEmpty {
        flush()
      } else {
        paragraph.append(line)
      }
    }
    flush()
    return blocks.joined(separator: "\n")
  }

  /// Text with code by backticks.
  private static func inline(_ text: String) -> String {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, part in
      index % 2 == 0 ? escaped(part) : "<code>\(escaped(part))</code>"
    }.joined()
  }
}
