import Foundation

/// A file that goes away with this value.
final class TemporaryFile {
  let path: String

  init(_ text: String, mode: Int = 0o600) throws {
    path = FileManager.default.temporaryDirectory.appending(path: "rolecall-\(UUID().uuidString)").path()
    try Data(text.utf8).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A folder that goes away with this value, with all that is in it.
final class TemporaryFolder {
  let path = FileManager.default.temporaryDirectory.appending(path: "rolecall-\(UUID().uuidString)").path()

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The database that a server keeps in it.
  var database: String { path + "/sessions.sqlite" }
}

/// A file with an operator's token.
struct TokenFile {
  private let token = UUID().uuidString
  private let file: TemporaryFile

  init() throws { file = try TemporaryFile(token + "\n") }

  var path: String { file.path }
  /// The field that shows the token.
  var field: String { "Authorization: Bearer \(token)" }
}
