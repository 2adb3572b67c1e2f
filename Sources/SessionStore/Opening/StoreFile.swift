import Foundation
import GRDB

/// A path, and what lies there. Looking does not change it.
struct StoreFile {
  /// What may be opened.
  enum Content: Equatable {
    /// There is nothing yet, or a database without anything in it.
    case nothing
    /// A store of sessions, of a known version.
    case store
  }

  let path: String

  /// Looks at the file.
  func content(schema: Schema = .current) throws(OpeningError) -> Content {
    let directory = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    guard let place = type(directory) else { throw .noDirectory(directory) }
    guard place == .typeDirectory else { throw .notDirectory(directory) }
    guard let type = type(path) else { return .nothing }
    guard type == .typeRegular else { throw .foreign(path, reason: "it is no ordinary file") }
    do {
      return try content(start: start(), schema: schema)
    } catch let error as OpeningError {
      throw error
    } catch {
      throw OpeningError(path, error)
    }
  }

  /// The bytes by which SQLite's files are known.
  private func start() throws -> Data {
    let file = try FileHandle(forReadingFrom: URL(filePath: path))
    defer { try? file.close() }
    return try file.read(upToCount: Self.magic.count) ?? Data()
  }

  private static let magic = Data("SQLite format 3\0".utf8)

  private func content(start: Data, schema: Schema) throws -> Content {
    if start.isEmpty { return .nothing }
    guard start == Self.magic else {
      throw OpeningError.foreign(path, reason: "it is not an SQLite database")
    }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    return try queue.read { database in
      func number(_ sql: String) throws -> Int { try Int.fetchOne(database, sql: sql) ?? 0 }
      let application = try number("PRAGMA application_id")
      let version = try number("PRAGMA user_version")
      let objects = try number("SELECT count(*) FROM sqlite_schema")
      if application == 0, version == 0, objects == 0 { return .nothing }
      guard application == Schema.applicationID else {
        throw OpeningError.foreign(path, reason: "it is another program's SQLite database")
      }
      guard version <= schema.version else {
        throw OpeningError.newer(path, version: version, known: schema.version)
      }
      let expected = try number("PRAGMA page_count") * number("PRAGMA page_size")
      let present = size(path) + size(path + "-wal")
      guard present >= expected else {
        throw OpeningError.corrupt(path, reason: "\(expected) bytes are expected, and there are \(present)")
      }
      return .store
    }
  }

  private func size(_ path: String) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
  }

  /// What kind of file there is, links followed; nil if there is none.
  private func type(_ path: String) -> FileAttributeType? {
    // A file's name with a slash behind it would name nothing.
    let path = URL(filePath: path, directoryHint: .notDirectory)
    let target = path.resolvingSymlinksInPath().path(percentEncoded: false)
    return try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
  }

  /// Makes an empty file that only its owner may read, since ids of sessions are keys to them; SQLite gives its other
  /// files the same permissions.
  func create() throws(OpeningError) {
    guard !FileManager.default.fileExists(atPath: path) else { return }
    guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
    else {
      throw .failed(path, reason: "the file cannot be made; the directory must be writable")
    }
  }

  /// The size of the database and of its log, in bytes.
  var size: Int { size(path) + size(path + "-wal") }
}

extension OpeningError {
  init(_ path: String, _ error: any Error) {
    switch error {
    case let error as OpeningError: self = error
    case is DatabaseError, is StoreError:
      switch StoreError(error) {
      case .corrupt(let reason): self = .corrupt(path, reason: reason)
      case let error: self = .failed(path, reason: error.description)
      }
    default: self = .failed(path, reason: error.localizedDescription)
    }
  }
}
