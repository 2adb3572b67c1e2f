/// Files aim at 400 lines and functions at 60; past these limits they have to be divided.
enum SizeLimit {
  static let fileLines = 450
  static let functionLines = 75
}

func longFile(_ file: SourceFile) -> [Finding] {
  let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
  guard count > SizeLimit.fileLines else { return [] }
  return [Finding(file.path, count, "\(count) lines; divide the file by ideas, into files under 400 lines")]
}

/// Finds long functions by matching braces in the code.
func longFunctions(_ file: SourceFile) -> [Finding] {
  var findings: [Finding] = []
  /// For each brace that is open: the line on which its function begins, or nil when it opens something else.
  var open: [Int?] = []
  /// What stands between the last brace and here, and the line on which that began.
  var head = ""
  var headLine = 1
  for (number, line) in zip(1..., file.code) {
    for character in line {
      switch character {
      case "{":
        open.append(functionStart(in: head, from: headLine))
      case "}":
        guard let start = open.popLast() ?? nil, number - start + 1 > SizeLimit.functionLines else { break }
        findings.append(
          Finding(
            file.path, start, "a function of \(number - start + 1) lines; divide it into steps under 60 lines"
          ))
      default:
        head.append(character)
        continue
      }
      head = ""
      headLine = number
    }
    head.append("\n")
  }
  return findings
}

/// The line of the last declaration of a function in the text before a brace.
private func functionStart(in head: String, from line: Int) -> Int? {
  let pattern = /(?:^|[^.\w`])(?:func\s|init[?!]?\s*[(<]|deinit\b|subscript\s*[(<])/
  guard let match = head.matches(of: pattern).last else { return nil }
  return line + head[..<match.range.upperBound].count { $0 == "\n" }
}
