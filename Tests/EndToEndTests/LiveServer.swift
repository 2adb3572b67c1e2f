import Dispatch
import Foundation

/// The built `rolecall` executable, serving on a free port until ``stop()`` or ``kill()``.
final class LiveServer {
  enum Failure: Error, Equatable {
    /// The process ended, or 30 seconds passed, before a first line was there.
    case noFirstLine
    case noURL(firstLine: String)
    /// SIGTERM was sent 10 seconds ago.
    case stillRunning
    case exit(status: Int32, bySignal: Bool)
  }

  /// SwiftPM puts executables beside the test bundle.
  static var executable: URL {
    get throws {
      guard let bundle = Bundle.main.executableURL else { throw CocoaError(.fileNoSuchFile) }
      return bundle.deletingLastPathComponent().appending(path: "rolecall")
    }
  }

  /// Without a slash at its end.
  let url: String

  private let process: Process
  private let output: FileHandle
  private let ended: DispatchSemaphore

  /// Starts the server, without a database unless `data` names its folder, and waits until its first line names the URL.
  convenience init(_ arguments: [String] = [], data: String? = nil, environment: [String: String] = [:])
    throws
  {
    let place = data.map { ["--data", $0] } ?? ["--memory"]
    try self.init(
      executable: Self.executable, arguments: ["serve", "--port", "0"] + place + arguments,
      environment: environment)
  }

  /// - Parameter environment: what is added to this process's own.
  init(executable: URL, arguments: [String], environment: [String: String] = [:]) throws {
    let pipe = Pipe()
    let process = Process()
    let ended = DispatchSemaphore(value: 0)
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = pipe
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    self.process = process
    self.ended = ended
    output = pipe.fileHandleForReading
    do {
      let line = try Self.firstLine(of: output, from: process.processIdentifier)
      guard let match = line.firstMatch(of: /http:\/\/[^\s\/]+/) else { throw Failure.noURL(firstLine: line) }
      url = String(match.output)
    } catch {
      Foundation.kill(process.processIdentifier, SIGKILL)
      throw error
    }
    // What the server prints later must not fill the pipe.
    output.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
  }

  deinit {
    output.readabilityHandler = nil
    if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
  }

  /// Sends SIGTERM, and expects that the server ends by itself with status 0.
  func stop() throws {
    Foundation.kill(process.processIdentifier, SIGTERM)
    guard ended.wait(timeout: .now() + 10) == .success else { throw Failure.stillRunning }
    ended.signal()
    let bySignal = process.terminationReason == .uncaughtSignal
    guard !bySignal, process.terminationStatus == 0 else {
      throw Failure.exit(status: process.terminationStatus, bySignal: bySignal)
    }
  }

  /// Sends SIGKILL, and waits until the process is gone.
  func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    ended.wait()
    ended.signal()
  }

  private static func firstLine(of output: FileHandle, from process: pid_t) throws -> String {
    // Ending the process ends the read.
    let deadline = DispatchWorkItem { Foundation.kill(process, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 30, execute: deadline)
    defer { deadline.cancel() }
    var bytes = Data()
    while true {
      let more = output.availableData
      guard !more.isEmpty else { throw Failure.noFirstLine }
      bytes += more
      if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
        return String(decoding: bytes[..<end], as: UTF8.self)
      }
    }
  }
}
