/// Tests that belong to the product as a whole rather than to one target.
private let wholeProductTests: Set = ["EndToEndTests", "TidyTests"]

/// Each folder of tests has the name of the target it tests.
func unmatchedTests(_ manifest: Manifest, testFolders: [String], sourceFolders: [String]) -> [Finding] {
  let suffix = "Tests"
  var findings = testFolders.filter { folder in
    folder.hasSuffix(suffix) && !wholeProductTests.contains(folder)
      && !sourceFolders.contains(String(folder.dropLast(suffix.count)))
  }
  .map { Finding("Tests/\($0)", 1, "mirrors no folder of Sources; name it after the target that it tests") }

  let declared = Set(manifest.targets.filter { $0.kind == "testTarget" }.map(\.name))
  findings += testFolders.filter { $0.hasSuffix(suffix) && !declared.contains($0) }.map {
    Finding("Tests/\($0)", 1, "is no test target of Package.swift, so it never runs; declare it there")
  }
  return findings
}

/// Every file of the dashboard is embedded, what is embedded is there, and all of it together is light.
///
/// - Parameter files: the names of the files in the folder, with their bytes.
func dashboardFindings(_ files: [(name: String, bytes: Int)], table: SourceFile, limit: Int = 150_000)
  -> [Finding]
{
  let folder = "Sources/CAssets/dashboard"
  let embedded = table.text.matches(of: /#embed "dashboard\/([^"]+)"/).map { String($0.1) }
  let listed = table.text.matches(of: /FILE\("([^"]+)"/).map { String($0.1) }
  var findings = files.map(\.name).filter { !embedded.contains($0) || !listed.contains($0) }.map {
    Finding("\(folder)/\($0)", 1, "is not served; embed it and list it in \(table.path), or remove it")
  }
  findings += Set(embedded + listed).subtracting(files.map(\.name)).sorted().map {
    Finding(table.path, 1, "names \($0), which \(folder) does not have")
  }
  let weight = files.reduce(0) { $0 + $1.bytes }
  if weight >= limit {
    findings.append(Finding(folder, 1, "\(weight) bytes in all; make it less than \(limit)"))
  }
  return findings
}

/// Each package that the product depends on is named, with its reason, in the architecture's description.
func unexplainedDependencies(_ manifest: Manifest, architecture: String) -> [Finding] {
  manifest.packages.filter { !architecture.contains("`\($0.name)`") }.map {
    Finding(
      "Package.swift", $0.line, "docs/architecture.md does not name `\($0.name)`; say there why it is needed")
  }
}

/// Each lab's file is embedded, and has a row in the table that names it.
func unembeddedLabs(_ paths: [String], table: String) -> [Finding] {
  paths.filter { $0.hasPrefix("labs/") && $0.hasSuffix(".yaml") }.filter { path in
    let isListed = path == "labs/template.yaml" || table.contains("{\"\(path.dropFirst("labs/".count))\", ")
    return !table.contains("#embed \"../../\(path)\"") || !isListed
  }
  .map { Finding($0, 1, "is not part of the program; give it its lines in Sources/CAssets/labs.c") }
}
