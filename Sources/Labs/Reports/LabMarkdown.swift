import JSON

extension Lab {
  /// The lab to read or print, in Markdown.
  ///
  /// - Parameter withAnswers: also hints, explanations and solutions, for teachers.
  public func markdown(withAnswers: Bool) -> String {
    var text = "# \(title)\n\n\(summary)\n\n"
    text += learn.map { "- \($0)\n" }.joined() + "\nAbout \(minutes) minutes, \(points) points.\n"
    if withAnswers, !parameters.isEmpty {
      let values = parameters.map { "`\($0.name)` = `\(Self.text($0.value))`" }.joined(separator: ", ")
      text += "\nVariant: \(values).\n"
    }
    text += "\nStart:\n\n```json\n\(Self.text(start))\n```\n"
    for (number, step) in zip(1..., steps) {
      text += "\n## \(number). \(step.title)\n\n\(step.task.trimmed)\n"
      guard withAnswers else { continue }
      for hint in step.hints { text += "\n**Hint after \(hint.after):** \(hint.text.trimmed)\n" }
      text += "\n**Solution:**\n\n```json\n" + step.solution.map { Self.text($0) + "\n" }.joined() + "```\n"
      text += "\n\(step.explanation.trimmed)\n"
    }
    return text
  }

  private static func text(_ value: JSONValue) -> String {
    var json = JSONWriter()
    json.value(value)
    return String(decoding: json.finish(), as: UTF8.self)
  }
}

extension String {
  /// Without line breaks at the end.
  var trimmed: Substring {
    var text = self[...]
    while text.last == "\n" { text.removeLast() }
    return text
  }
}
