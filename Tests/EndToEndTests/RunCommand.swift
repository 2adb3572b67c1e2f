import Foundation

/// Runs a command, `rolecall` unless another is given, until it ends by itself.
func runCommand(
  _ arguments: [String], of executable: URL? = nil, environment: [String: String] = [:]
) throws -> (status: Int32, output: String) {
  let process = Process()
  let pipe = Pipe()
  process.executableURL = try executable ?? LiveServer.executable
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}
