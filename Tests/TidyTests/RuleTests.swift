import Testing

@Suite("Each rule finds what it is for, and only that")
struct RuleTests {
  private func file(_ text: String, at path: String = "Sources/JSON/Sample.swift") -> SourceFile {
    SourceFile(path: path, text: text)
  }

  /// The lines that findings name.
  private func lines(_ findings: [Finding]) -> [Int] {
    findings.compactMap { $0.description.split(separator: ":").dropFirst().first.flatMap { Int($0) } }
  }

  @Test("code without comments, strings and regular expressions")
  func code() {
    let cases = [
      ("a // b", "a     "),
      ("a /* b /* c */ d */ e", "a                   e"),
      (#"a("b // c") // d"#, #"a("      ")     "#),
      (#"a("b\"c") d"#, #"a("    ") d"#),
      (#"a("b \(c("d")) e") f"#, #"a("   (c(" "))  ") f"#),
      (##"a(#"b"c\n"#) d"##, ##"a( "     " ) d"##),
      ("\"\"\"\n  a \"b\" {\n\"\"\" c", "\"\"\"\n         \n\"\"\" c"),
      (#"f(of: /["{]\//) + a / b / c"#, #"f(of:         ) + a / b / c"#),
    ]
    for (source, expected) in cases { #expect(SwiftCode(source).text == expected, "\(source)") }
  }

  @Test("imports")
  func imports() {
    let table = ["JSON": ImportRow(dependencies: ["Yams"], toolchain: ["Glibc"])]
    let source = """
      import Yams
      @preconcurrency public import Foundation
      import Glibc; import Dispatch
      // import Nothing
      let text = "import Nothing"
      import struct Foundation.Data
      """
    let findings = forbiddenImports(in: file(source), table: table)
    #expect(lines(findings) == [2, 3, 6])
    #expect(findings[0].description.contains("JSON may not import Foundation"))
    #expect(findings[1].description.contains("JSON may not import Dispatch"))
    #expect(lines(forbiddenImports(in: file("", at: "Sources/New/New.swift"), table: table)) == [1])
    #expect(forbiddenImports(in: file(source, at: "Tests/JSONTests/A.swift"), table: table).isEmpty)
  }

  private let sampleManifest = Manifest(
    """
    dependencies: [
      .package(url: "https://example.com/some/Yams.git", from: "1.0.0"),
    ],
    targets: [
      .target(name: "JSON", swiftSettings: strict),
      .executableTarget(
        name: "tool",
        dependencies: [
          "JSON", .product(name: "Parser", package: "some-parser"),
        ]),
      .testTarget(name: "JSONTests", dependencies: ["JSON"]),
    ]
    """)

  @Test("the manifest is read")
  func manifest() {
    #expect(sampleManifest.packages.map(\.name) == ["Yams"])
    #expect(sampleManifest.packages.map(\.line) == [2])
    #expect(sampleManifest.targets.map(\.name) == ["JSON", "tool", "JSONTests"])
    #expect(sampleManifest.targets.map(\.kind) == ["target", "executableTarget", "testTarget"])
    #expect(sampleManifest.targets.map(\.line) == [5, 6, 11])
    #expect(sampleManifest.targets.map(\.dependencies) == [[], ["JSON", "Parser"], ["JSON"]])
  }

  @Test("the manifest agrees with the table")
  func manifestAgainstTable() {
    let tool = ImportRow(dependencies: ["JSON", "Parser"], toolchain: ["Glibc"])
    #expect(manifestFindings(sampleManifest, table: ["JSON": ImportRow(), "tool": tool]).isEmpty)

    let more = ImportRow(dependencies: ["JSON", "Parser", "Logging"])
    let differing = manifestFindings(sampleManifest, table: ["JSON": ImportRow(), "tool": more])
    #expect(lines(differing) == [6])
    #expect(differing.first?.description.contains("differ in Logging") == true)

    #expect(lines(manifestFindings(sampleManifest, table: ["tool": tool])) == [5])
    let unknown = ["JSON": ImportRow(), "tool": tool, "Gone": ImportRow()]
    #expect(lines(manifestFindings(sampleManifest, table: unknown)) == [1])
  }

  @Test("file length")
  func fileLength() {
    let limit = SizeLimit.fileLines
    #expect(longFile(file(String(repeating: "a\n", count: limit))).isEmpty)
    #expect(lines(longFile(file(String(repeating: "a\n", count: limit + 1)))) == [limit + 1])
  }

  @Test("function length")
  func functionLength() {
    /// A function of that many lines, from `declaration` to the closing brace.
    func sample(_ declaration: String, lines: Int) -> SourceFile {
      let body = String(repeating: "  if a { b(\"}\") } // }\n", count: lines - 2)
      return file("struct A {\n  let a = 1\n  \(declaration) {\n\(body)}\n  func next() {}\n}\n")
    }
    let limit = SizeLimit.functionLines
    for declaration in [
      "func f(_ a: Int) -> Int", "private init?(a: B)", "deinit", "subscript(i: Int) -> Int",
    ] {
      #expect(longFunctions(sample(declaration, lines: limit)).isEmpty, "\(declaration)")
      #expect(lines(longFunctions(sample(declaration, lines: limit + 1))) == [3], "\(declaration)")
    }
    for declaration in ["enum Table", "let table = A.init(b: 1)"] {
      #expect(longFunctions(sample(declaration, lines: limit + 1)).isEmpty, "\(declaration)")
    }
  }

  @Test("constructs that trap or give up a check")
  func constructs() {
    let source = """
      let a = try! b()
      let c = d as! E
      fatalError("f")
      final class G: @unchecked Sendable {}
      let h = unsafe i()
      nonisolated(unsafe) var j = 0
      // try! as! fatalError( unsafe @unchecked Sendable
      let k = "try! unsafe"; let unsafeName = withUnsafeBytes(l) + (try? m)
      """
    #expect(lines(forbiddenConstructs(in: file(source))) == [1, 2, 3, 4, 5, 6])
    let poller = forbiddenConstructs(in: file(source, at: "Sources/HTTPServer/Pollers/Poller.swift"))
    #expect(lines(poller) == [1, 2, 3])
  }

  @Test("whitespace")
  func whitespaceRule() {
    #expect(whitespace(file("a\n\n  b\n")).isEmpty)
    #expect(whitespace(file("")).isEmpty)
    #expect(lines(whitespace(file("a\n\tb\nc \n"))) == [2, 3])
    #expect(lines(whitespace(file("a\r\nb\n"))) == [1])
    #expect(lines(whitespace(file("a\nb"))) == [2])
    #expect(lines(whitespace(file("a\n\n"))) == [3])
  }

  @Test("unfinished work")
  func leftoversRule() {
    let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    for word in words { #expect(lines(leftovers(file("a\n// \(word): b\n"))) == [2]) }
    #expect(leftovers(file("// todo-lists and FIXMEUP\n")).isEmpty)
  }

  @Test("paths of one machine")
  func machinePathsRule() {
    let paths = [
      "/home/ann/rolecall", "/Users/ann", "/root/.cache", "/workspace/main", "/tmp/out.json", "/builds/1",
    ]
    for path in paths {
      for line in [path, "see \(path)", "\"\(path)\"", "`\(path)`", "--path=\(path)"] {
        #expect(lines(machinePaths(file("a\n\(line)\n", at: "docs/a.md"))) == [2], "\(line)")
      }
    }
    for line in [
      "/usr/bin/env", "/v1/sessions", "docs/home/a.md", "https://example.com/home/a", "frame/root/b", "/home",
    ] {
      #expect(machinePaths(file(line)).isEmpty, "\(line)")
    }
  }

  @Test("relative paths that lead nowhere")
  func strayPathsRule() {
    let exists: (String) -> Bool = { ["Sources/JSON/A.swift", "README.md", "docs/guide.md"].contains($0) }
    for line in ["(../../README.md)", "\"../../docs/guide.md\"", "see ../JSON/A.swift.", "cd ../..", "a...b"]
    {
      #expect(strayPaths(file(line), exists: exists).isEmpty, "\(line)")
    }
    #expect(lines(strayPaths(file("a\nsee ../gone/b\n", at: "docs/a.md"), exists: exists)) == [2])
    #expect(lines(strayPaths(file("../README.md", at: "Package.swift"), exists: exists)) == [1])
    #expect(lines(strayPaths(file("../../README.md", at: "docs/a.md"), exists: exists)) == [1])
  }

  @Test("tests without sources")
  func unmatchedTestsRule() {
    let sources = ["JSON"]
    #expect(
      unmatchedTests(sampleManifest, testFolders: ["CCurl", "JSONTests"], sourceFolders: sources).isEmpty)
    let findings = unmatchedTests(sampleManifest, testFolders: ["OtherTests"], sourceFolders: sources)
    #expect(findings.map(\.description).count { $0.contains("mirrors no folder") } == 1)
    #expect(findings.map(\.description).count { $0.contains("never runs") } == 1)
  }

  @Test("dependencies without a reason")
  func unexplainedDependenciesRule() {
    #expect(unexplainedDependencies(sampleManifest, architecture: "`Yams` reads YAML").isEmpty)
    #expect(lines(unexplainedDependencies(sampleManifest, architecture: "Yams and `Yam`")) == [2])
  }

  @Test("files of the dashboard that are not served, not there, or too heavy")
  func dashboard() {
    let table = file(
      """
      #embed "dashboard/a.js"
      #embed "dashboard/b.js"
      FILE("a.js", a_js),
      FILE("c.js", c_js),
      """, at: "Sources/CAssets/CAssets.c")
    let findings = dashboardFindings([("a.js", 60), ("b.js", 50), ("d.js", 1)], table: table, limit: 100)
    let told = findings.map(\.description)
    #expect(told.count == 4)
    #expect(told[0].hasPrefix("Sources/CAssets/dashboard/b.js:1: is not served"))
    #expect(told[1].hasPrefix("Sources/CAssets/dashboard/d.js:1: is not served"))
    #expect(told[2].contains("names c.js") && told[3].contains("111 bytes"))
    #expect(
      dashboardFindings(
        [("a.js", 99)], table: file("#embed \"dashboard/a.js\"\nFILE(\"a.js\", a)"), limit: 100
      ).isEmpty)
  }

  @Test("labs that are not embedded")
  func labs() {
    let table = """
      #embed "../../labs/01-a.yaml"
      #embed "../../labs/02-b.yaml"
      #embed "../../labs/template.yaml"
          {"01-a.yaml", lab_01, sizeof lab_01},
      """
    let findings = unembeddedLabs(
      ["labs/01-a.yaml", "labs/02-b.yaml", "labs/03-c.yaml", "labs/template.yaml", "docs/x.yaml"],
      table: table)
    #expect(findings.map { $0.description.prefix(14) } == ["labs/02-b.yaml", "labs/03-c.yaml"])
  }
}
