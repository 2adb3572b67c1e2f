import Foundation
import Testing

@Suite("The folder with the database")
struct DataFolderTests {
  /// Expects that no server starts on a folder, with a reason, and that a file there stays as it is.
  private func expectRefusal(_ folder: String, _ reason: String, keeping file: String? = nil) throws {
    let before = try file.map { try Data(contentsOf: URL(filePath: $0)) }
    let (status, output) = try runCommand(["serve", "--port", "0", "--data", folder])
    #expect(status == 1 && output.contains("Error: ") && output.contains(reason), "\(output)")
    if let file { #expect(try Data(contentsOf: URL(filePath: file)) == before, "\(reason)") }
  }

  /// A folder in which a server has kept some sessions, and their paths.
  private func filledFolder(_ count: Int) throws -> (folder: TemporaryFolder, sessions: [String]) {
    let folder = try TemporaryFolder()
    let server = try LiveServer(data: folder.path)
    let client = try CurlClient()
    let sessions = try (0..<count).map { _ in
      try #require(try client.request("POST", server.url + "/v1/sessions").header("Location"))
    }
    try server.stop()
    return (folder, sessions)
  }

  @Test("a second server is refused, and told of the first")
  func twoServers() throws {
    let folder = try TemporaryFolder()
    let server = try LiveServer(data: folder.path)
    let holder = try String(contentsOfFile: folder.database + ".lock", encoding: .utf8)
    try expectRefusal(folder.path, "is in use by process \(holder); stop that, or name another database")
    #expect(try CurlClient().request("POST", server.url + "/v1/sessions").status == 201)
    server.kill()
    try LiveServer(data: folder.path).stop()
  }

  @Test("a folder that is not there, or cannot be written, is refused")
  func badFolders() throws {
    try expectRefusal(
      "/nowhere/at/all", "/nowhere/at/all/: there is no such directory; make it, or name another")
    try expectRefusal("/etc/passwd", "--data: /etc/passwd/ is no directory; name another")
    try expectRefusal("/proc", "cannot be opened: the file cannot be made; the directory must be writable")
    guard geteuid() != 0 else { return }
    let (folder, _) = try filledFolder(1)
    let setMode = {
      try FileManager.default.setAttributes([.posixPermissions: $0], ofItemAtPath: folder.path)
    }
    try setMode(0o555)
    defer { try? setMode(0o755) }
    try expectRefusal(folder.path, folder.database, keeping: folder.database)
  }

  @Test("a file of a newer program, of another one, or of none is refused and stays as it is")
  func otherFiles() throws {
    let (folder, _) = try filledFolder(3)
    let database = URL(filePath: folder.database)
    let good = try Data(contentsOf: database)
    // Of SQLite's header: user_version at 60, application_id at 68, each four bytes.
    for (offset, bytes, reason) in [
      (60, [0, 0, 0, 99], "has schema version 99, and this program knows versions up to 1"),
      (68, [1, 2, 3, 4], "it is another program's SQLite database"),
      (0, Array("Dear diary,     ".utf8), "it is not an SQLite database"),
    ] {
      var bad = good
      bad.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      try bad.write(to: database)
      try expectRefusal(folder.path, reason, keeping: folder.database)
    }
    try good.prefix(good.count / 2).write(to: database)
    try expectRefusal(folder.path, "is damaged", keeping: folder.database)
    try good.write(to: database)
    try LiveServer(data: folder.path).stop()
  }

  @Test("a backup of a running server is its sessions at that moment")
  func backup() throws {
    let (folder, copy) = try (TemporaryFolder(), TemporaryFolder())
    let server = try LiveServer(data: folder.path)
    let client = try CurlClient()
    let make = { try #require(try client.request("POST", server.url + "/v1/sessions").header("Location")) }
    let sessions = try (0..<20).map { _ in try make() }
    let documents = try sessions.map { try client.request("GET", server.url + $0).text }
    let command = ["backup", copy.database, "--data", folder.path]
    let (status, output) = try runCommand(command)
    #expect(status == 0 && output.hasPrefix("The backup is in \(copy.database)."), "\(output)")
    let later = try make()
    let bytes = try Data(contentsOf: URL(filePath: copy.database))
    let again = try runCommand(command)
    #expect(again.status == 1 && again.output.contains(copy.database), "\(again.output)")
    #expect(try Data(contentsOf: URL(filePath: copy.database)) == bytes)
    #expect(try runCommand(["doctor", "--data", folder.path]).output.hasSuffix("\nsound\n"))
    try server.stop()
    let restored = try LiveServer(data: copy.path)
    for (session, document) in zip(sessions, documents) {
      #expect(try client.request("GET", restored.url + session).text == document)
    }
    #expect(try client.request("GET", restored.url + later).status == 404)
    try restored.stop()
  }

  @Test("the doctor finds a sound database sound, and a damaged one damaged")
  func doctor() throws {
    let (folder, _) = try filledFolder(50)
    let (status, output) = try runCommand(["doctor", "--data", folder.path])
    #expect(status == 0 && output.contains("50 sessions replayed") && output.hasSuffix("\nsound\n"))
    let database = URL(filePath: folder.database)
    var bytes = try Data(contentsOf: database)
    bytes.replaceSubrange(
      bytes.count / 2..<bytes.count, with: Data(repeating: 0xa5, count: bytes.count - bytes.count / 2))
    try bytes.write(to: database)
    let damaged = try runCommand(["doctor", "--data", folder.path])
    #expect(damaged.status == 1 && !damaged.output.contains("\nsound\n"), "\(damaged.output)")
    let missing = try runCommand(["doctor", "--data", "/nowhere/at/all"])
    #expect(missing.status == 1 && missing.output.contains("/nowhere/at/all"), "\(missing.output)")
  }
}
