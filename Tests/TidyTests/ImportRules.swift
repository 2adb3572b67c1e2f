/// What a target under `Sources` may import.
struct ImportRow {
  /// Targets and products: exactly these stand in `Package.swift`.
  var dependencies: Set<String> = []
  /// Modules that come with the toolchain, beside the standard library itself.
  var toolchain: Set<String> = []
}

/// Every target and all that it may import; a new target is a new row.
let importTable: [String: ImportRow] = [
  "KVMModel": ImportRow(),
  "HTTPCore": ImportRow(),
  "Metrics": ImportRow(),
  "JSON": ImportRow(),
  "Labs": ImportRow(dependencies: ["JSON", "Yams"]),
  "CSystem": ImportRow(),
  "CAssets": ImportRow(),
  "HTTPServer": ImportRow(
    dependencies: ["HTTPCore", "Metrics", "CSystem", "Logging"],
    toolchain: ["Dispatch", "Glibc", "Darwin", "Synchronization"]),
  "RolecallAPI": ImportRow(
    dependencies: ["KVMModel", "HTTPCore", "Metrics", "JSON", "Labs", "CAssets", "Yams"],
    toolchain: ["Synchronization"]),
  "rolecall": ImportRow(
    dependencies: [
      "RolecallAPI", "HTTPServer", "HTTPCore", "Metrics", "JSON", "KVMModel", "Labs",
      "ArgumentParser", "Logging",
    ],
    toolchain: ["Dispatch", "Glibc", "Darwin"]),
]

/// Finds imports that the target's row does not name.
func forbiddenImports(in file: SourceFile, table: [String: ImportRow] = importTable) -> [Finding] {
  guard let target = file.target else { return [] }
  guard let row = table[target] else {
    return [Finding(file.path, 1, "the target \(target) has no row in importTable; add one")]
  }
  let allowed = row.dependencies.union(row.toolchain)
  let pattern = /\bimport\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)/
  return zip(1..., file.code).flatMap { number, line in
    line.matches(of: pattern).map { String($0.1) }.filter { !allowed.contains($0) }.map {
      Finding(
        file.path, number,
        "\(target) may not import \($0); move the code to a target that may, or change importTable and say why"
      )
    }
  }
}

/// Holds the dependencies in `Package.swift` to the table, both ways.
func manifestFindings(_ manifest: Manifest, table: [String: ImportRow] = importTable) -> [Finding] {
  let targets = manifest.targets.filter { $0.kind != "testTarget" }
  let unknown = Set(table.keys).subtracting(targets.map(\.name)).sorted().map {
    Finding("Package.swift", 1, "importTable has a row for \($0), which is no target; remove the row")
  }
  return unknown
    + targets.compactMap { target in
      guard let row = table[target.name] else {
        return Finding("Package.swift", target.line, "\(target.name) has no row in importTable; add one")
      }
      let differing = target.dependencies.symmetricDifference(row.dependencies).sorted()
      guard !differing.isEmpty else { return nil }
      return Finding(
        "Package.swift", target.line,
        "\(target.name) and its row in importTable differ in \(differing.joined(separator: ", ")); make them agree"
      )
    }
}
