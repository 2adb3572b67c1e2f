#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file that is read, or why it is not.
struct InputFile {
  /// Its bytes.
  let bytes: [UInt8]
  /// Its permission bits.
  let mode: mode_t

  /// Reads a file whole; `-` is standard input.
  init(_ path: String) throws {
    let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw CommandFailure("\(path): \(Self.reason)") }
    defer { if path != "-" { close(descriptor) } }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw CommandFailure("\(path): \(Self.reason)") }
    mode = status.st_mode & 0o777
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = unsafe read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw CommandFailure("\(path): \(Self.reason)") }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    self.bytes = bytes
  }

  private static var reason: String { unsafe String(cString: strerror(errno)) }
}

/// Why a command ends without what it was to do.
struct CommandFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// Writes it to standard error, as the parser of arguments does.
  func tell() {
    let line = "Error: \(description)\n"
    _ = unsafe write(STDERR_FILENO, line, line.utf8.count)
  }
}
