// The words of messages about names.

/// ` (did you mean "…"?)` if one of the names is close to `text`, else nothing.
func suggestion(for text: String, among names: [String]) -> String {
  guard text.utf8.count <= 64 else { return "" }
  let limit = max(2, text.utf8.count * 2 / 3)
  let closest =
    names
    .map { (name: $0, distance: editDistance(text.lowercased(), $0.lowercased())) }
    .min { $0.distance < $1.distance }
  guard let closest, closest.distance <= limit else { return "" }
  return " (did you mean \"\(closest.name)\"?)"
}

/// The names in quotation marks, with commas.
func quoted(_ names: [String]) -> String {
  names.map { "\"\($0)\"" }.joined(separator: ", ")
}

/// The text if it is short, else its beginning, so that an answer stays in proportion.
func excerpt(_ text: String) -> String {
  text.utf8.count <= 40 ? text : String(text.unicodeScalars.prefix(40)) + "…"
}

/// How much must be done to make one text the other: 2 for each byte put in, taken out or changed, and 1 for each
/// swapped with its neighbour, the likeliest slip (optimal string alignment).
private func editDistance(_ first: String, _ second: String) -> Int {
  let (first, second) = (Array(first.utf8), Array(second.utf8))
  var beforeLast: [Int] = []
  var last = (0...second.count).map { 2 * $0 }
  for (row, byte) in first.enumerated() {
    var current = [2 * (row + 1)]
    for (column, other) in second.enumerated() {
      var cost = min(last[column + 1] + 2, current[column] + 2, last[column] + (byte == other ? 0 : 2))
      if row > 0, column > 0, byte == second[column - 1], first[row - 1] == other {
        cost = min(cost, beforeLast[column - 1] + 1)
      }
      current.append(cost)
    }
    (beforeLast, last) = (last, current)
  }
  return last[second.count]
}
