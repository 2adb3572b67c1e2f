import ArgumentParser
import Labs
import RolecallAPI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why a file cannot be used.
struct FileFailure: Error, CustomStringConvertible {
  let description: String
}

/// The bytes of a file, at most `limit`; of standard input for `-`.
func readFile(_ path: String, limit: Int) throws -> [UInt8] {
  let descriptor = path == "-" ? 0 : unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw FileFailure(description: "\(path): \(systemError())") }
  defer { if descriptor > 0 { close(descriptor) } }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 64 * 1024)
  while true {
    let count = unsafe read(descriptor, &buffer, buffer.count)
    guard count >= 0 else { throw FileFailure(description: "\(path): \(systemError())") }
    if count == 0 { return bytes }
    bytes += buffer[..<count]
    guard bytes.count <= limit else {
      throw FileFailure(description: "\(path): longer than \(limit) bytes")
    }
  }
}

/// A lab's file.
func readLab(_ path: String) throws -> LabFile {
  try LabFile(file: path, text: String(decoding: readFile(path, limit: LabFile.sizeLimit), as: UTF8.self))
}

/// The labs of a folder: its files that end in `.yaml`. Each is tried.
func readLabs(in folder: String) throws -> [LabFile] {
  guard let directory = unsafe opendir(folder) else {
    throw FileFailure(description: "\(folder): \(systemError())")
  }
  defer { unsafe closedir(directory) }
  var names: [String] = []
  while let entry = unsafe readdir(directory) {
    let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
      unsafe pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee))
      {
        unsafe String(cString: $0)
      }
    }
    if name.hasSuffix(".yaml") { names.append(name) }
  }
  guard !names.isEmpty else { throw FileFailure(description: "\(folder): there is no lab, NAME.yaml, in it") }
  return try names.sorted().map { name in
    let lab = try readLab(folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)")
    try lab.trial()
    return lab
  }
}

private func systemError() -> String { unsafe String(cString: strerror(errno)) }
