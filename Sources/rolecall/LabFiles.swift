import ArgumentParser
import Labs
import RolecallAPI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A lab's file.
func readLab(_ path: String) throws -> LabFile {
  try LabFile(file: path, text: String(decoding: InputFile(path).bytes, as: UTF8.self))
}

/// The labs of the folder that `--labs` names: its files that end in `.yaml`. Each is tried.
func readLabs(in folder: String) throws -> [LabFile] {
  guard let directory = unsafe opendir(folder) else {
    throw CommandFailure("--labs \(folder): \(reason); name a folder with labs, NAME.yaml")
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
  guard !names.isEmpty else { throw CommandFailure("--labs \(folder): there is no lab, NAME.yaml, in it") }
  return try names.sorted().map { name in
    let lab = try readLab(folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)")
    try lab.trial()
    return lab
  }
}

private var reason: String { unsafe String(cString: strerror(errno)) }
