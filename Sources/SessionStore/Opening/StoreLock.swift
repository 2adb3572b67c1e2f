import Foundation
#if canImport(Glibc)
  import Glibc
#endif

/// Keeps a second server from opening the same database, until it is released: an advisory lock (flock(2)) on a file
/// beside the database, which the system lets go when the process ends, however it ends. Reading needs no lock.
final class StoreLock: Sendable {
  private let file: FileHandle

  /// Takes the lock of a database.
  init(database path: String) throws(OpeningError) {
    let lock = StoreFile(path: path + ".lock")
    try lock.create()
    do {
      file = try FileHandle(forUpdating: URL(filePath: lock.path))
    } catch {
      throw OpeningError(lock.path, error)
    }
    guard flock(file.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = (try? file.readToEnd()).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
      throw .inUse(path, process: holder)
    }
    // The number only helps whoever meets the lock: a full disk does not matter.
    try? file.truncate(atOffset: 0)
    try? file.write(contentsOf: Data("\(ProcessInfo.processInfo.processIdentifier)".utf8))
  }

  func release() { try? file.close() }

  deinit { release() }
}
