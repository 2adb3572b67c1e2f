import Foundation

/// One text file of the repository.
struct SourceFile {
  /// From the root of the repository: `Sources/JSON/Writer.swift`.
  let path: String
  let text: String
  let lines: [Substring]
  /// The lines of a Swift file without comments and literals.
  let code: [Substring]

  init(path: String, text: String) {
    self.path = path
    self.text = text
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    code = path.hasSuffix(".swift") ? SwiftCode(text).lines : []
  }

  /// The target under `Sources` that the file belongs to.
  var target: String? {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
  }

  /// A finding in each line that the pattern matches.
  func findings(
    of pattern: Regex<some Any>, in lines: [Substring], _ message: (String) -> String
  ) -> [Finding] {
    zip(1..., lines).compactMap { number, line in
      line.firstMatch(of: pattern).map { Finding(path, number, message(String(line[$0.range]))) }
    }
  }
}

/// A broken rule: where, and what to do.
struct Finding: CustomStringConvertible {
  let description: String

  init(_ path: String, _ line: Int, _ message: String) { description = "\(path):\(line): \(message)" }
}

/// The working tree that this test was built from.
enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  /// Every text file but build products; fixtures and fuzzing corpora are data, and follow no rule.
  static let files: [SourceFile] = {
    var files: [SourceFile] = []
    let skipped: Set = [
      ".build", ".git", ".swiftpm", "Fixtures", "Corpus", "Package.resolved", "__pycache__",
    ]
    let paths = FileManager.default.enumerator(atPath: root.path())
    while let path = paths?.nextObject() as? String {
      let name = path.split(separator: "/").last.map(String.init) ?? path
      guard !skipped.contains(name) else {
        paths?.skipDescendants()
        continue
      }
      guard let data = FileManager.default.contents(atPath: root.appending(path: path).path()),
        !data.contains(0), let text = String(data: data, encoding: .utf8)
      else { continue }
      files.append(SourceFile(path: path, text: text))
    }
    return files.sorted { $0.path < $1.path }
  }()

  static let swiftFiles = files.filter { $0.path.hasSuffix(".swift") }
  static let sources = swiftFiles.filter { $0.target != nil }

  static func file(_ path: String) throws -> SourceFile {
    guard let file = files.first(where: { $0.path == path }) else { throw CocoaError(.fileNoSuchFile) }
    return file
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path())
  }

  /// The files of a folder with their sizes.
  static func fileSizes(in path: String) throws -> [(name: String, bytes: Int)] {
    try FileManager.default.contentsOfDirectory(
      at: root.appending(path: path), includingPropertiesForKeys: [.fileSizeKey]
    ).map { ($0.lastPathComponent, try $0.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0) }
  }

  static func folders(in path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(
      at: root.appending(path: path), includingPropertiesForKeys: [.isDirectoryKey]
    )
    .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
    .map(\.lastPathComponent).sorted()
  }
}
