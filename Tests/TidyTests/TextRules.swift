/// Tabs, spaces at line ends, carriage returns, and anything but one line break at the end.
func whitespace(_ file: SourceFile) -> [Finding] {
  var findings = file.findings(of: /\t/, in: file.lines) { _ in "a tab; indent with spaces" }
  findings += file.findings(of: /[ ]+$/, in: file.lines) { _ in "spaces at the end of the line; remove them"
  }
  if file.text.utf8.contains(UInt8(ascii: "\r")) {
    findings.append(Finding(file.path, 1, "carriage returns; end each line with a line feed alone"))
  }
  if !file.text.isEmpty, !file.text.hasSuffix("\n") || file.text.hasSuffix("\n\n") {
    findings.append(Finding(file.path, file.lines.count, "end the file with exactly one line break"))
  }
  return findings
}

/// Notes of work left to do.
func leftovers(_ file: SourceFile) -> [Finding] {
  // Written so that this line is not one.
  file.findings(of: /\b(?:TO[D]O|FIX[M]E|XX[X])\b/, in: file.lines) {
    "\($0) marks unfinished work; finish it, or open an issue and remove the mark"
  }
}

/// Absolute paths that name one machine: homes, checkouts, temporary folders.
func machinePaths(_ file: SourceFile) -> [Finding] {
  file.findings(
    of: /(?:^|[^\w.\/~)}*-])\/(?:home|Users|root|work|workspace|builds|tmp|private|mnt)\/[\w.-]+/,
    in: file.lines
  ) {
    "\($0.drop { $0 != "/" }) is a path of one machine; name the file from the repository's root"
  }
}

/// Relative paths upwards that lead to nothing in the repository.
func strayPaths(_ file: SourceFile, exists: (String) -> Bool = Repository.exists) -> [Finding] {
  let folder = file.path.split(separator: "/").dropLast()
  return zip(1..., file.lines).flatMap { number, line in
    line.matches(of: /(?:^|[^\w.\/])((?:\.\.\/)+)(\w(?:[\w.\/-]*\w)?)/).compactMap { match in
      let levels = match.1.utf8.count / "../".utf8.count
      let target = (folder.dropLast(levels) + [match.2]).joined(separator: "/")
      guard levels > folder.count || !exists(target) else { return nil }
      return Finding(
        file.path, number,
        "\(match.1)\(match.2) leads to nothing in the repository; bring it in or remove the path")
    }
  }
}
