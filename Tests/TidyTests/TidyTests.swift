import Testing

@Suite("The repository keeps its rules")
struct TidyTests {
  private func expectNone(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
    for finding in findings { Issue.record("\(finding)", sourceLocation: sourceLocation) }
  }

  private func manifest() throws -> Manifest { Manifest(try Repository.file("Package.swift").text) }

  @Test("the rules look at the whole repository")
  func coverage() throws {
    let folders = try Repository.folders(in: "Sources")
    #expect(folders.contains("KVMModel"))
    #expect(Set(Repository.sources.compactMap(\.target)).isSubset(of: folders))
    for path in [
      "Package.swift", "scripts/test", ".ci/run", "docs/architecture.md", "Sources/CSystem/CSystem.c",
    ] {
      #expect(Repository.files.contains { $0.path == path }, "\(path)")
    }
  }

  @Test("targets import what importTable allows")
  func imports() { expectNone(Repository.sources.flatMap { forbiddenImports(in: $0) }) }

  @Test("Package.swift and importTable agree")
  func manifestMatchesTable() throws { expectNone(manifestFindings(try manifest())) }

  @Test("files and functions are short")
  func sizes() {
    expectNone(Repository.swiftFiles.flatMap(longFile))
    expectNone(Repository.swiftFiles.flatMap(longFunctions))
  }

  @Test("the product traps nowhere and gives up the compiler's checks only where listed")
  func constructs() { expectNone(Repository.sources.flatMap(forbiddenConstructs)) }

  @Test("text is clean: whitespace, unfinished work, paths that lead nowhere")
  func text() {
    expectNone(Repository.files.filter { $0.path != "LICENSE" }.flatMap(whitespace))
    expectNone(Repository.files.flatMap(leftovers))
    // The rules' own samples have to name what they forbid.
    let checked = Repository.files.filter { !$0.path.hasSuffix("RuleTests.swift") }
    expectNone(checked.flatMap(machinePaths))
    expectNone(checked.flatMap { strayPaths($0) })
  }

  @Test("tests mirror sources")
  func mirror() throws {
    expectNone(
      unmatchedTests(
        try manifest(), testFolders: try Repository.folders(in: "Tests"),
        sourceFolders: try Repository.folders(in: "Sources")))
  }

  @Test("the dashboard's files are all served, and light")
  func dashboard() throws {
    let files = try Repository.fileSizes(in: "Sources/CAssets/dashboard")
    #expect(files.count > 10)
    expectNone(dashboardFindings(files, table: try Repository.file("Sources/CAssets/CAssets.c")))
  }

  @Test("each dependency has its reason in docs/architecture.md")
  func dependencies() throws {
    let architecture = try Repository.file("docs/architecture.md").text
    expectNone(unexplainedDependencies(try manifest(), architecture: architecture))
  }

  @Test("each lab is part of the program")
  func labs() throws {
    let paths = Repository.files.map(\.path)
    #expect(paths.count { $0.hasPrefix("labs/") } > 12)
    expectNone(unembeddedLabs(paths, table: try Repository.file("Sources/CAssets/labs.c").text))
  }
}
