import Foundation

/// The commands of a page written in Markdown, each with the output that the page shows for it.
///
/// A command is a fenced block marked `sh` that calls curl; the fenced block right after it is its output.
struct WalkThrough {
  struct Step: Equatable {
    let command: String
    let output: String
  }

  enum Failure: Error, Equatable {
    case noOutput(command: String)
    /// The shell stopped before it came to the last step.
    case unfinished(steps: Int)
  }

  /// The service's URL as the page has it.
  static let documentedURL = "http://127.0.0.1:8080"

  let steps: [Step]

  init(page: String) throws {
    let fence = /(?m)^```(\w*)\n((?s:.*?)\n)```\n/
    let blocks = page.matches(of: fence)
    steps = try blocks.indices.filter { blocks[$0].1 == "sh" && blocks[$0].2.contains("curl ") }.map {
      index in
      let command = String(blocks[index].2)
      guard index + 1 < blocks.count, blocks[index + 1].1 != "sh",
        blocks[index].range.upperBound == blocks[index + 1].range.lowerBound
      else { throw Failure.noOutput(command: command) }
      return Step(command: command, output: String(blocks[index + 1].2))
    }
  }

  /// What the commands print, one after another in one shell, against the service at another URL.
  ///
  /// What goes to standard error counts too.
  func outputs(from url: String) throws -> [String] {
    let separator = "\u{1e}"
    let script = steps.map { step in
      step.command.replacing(Self.documentedURL, with: url) + "printf '\\036'\n"
    }
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "exec 2>&1\n" + script.joined()]
    process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "no_proxy": "*"]
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    // JSON documents end without a line break.
    let outputs = output.split(separator: separator, omittingEmptySubsequences: false).map {
      $0.hasSuffix("\n") ? String($0) : $0 + "\n"
    }
    guard outputs.count == steps.count + 1 else { throw Failure.unfinished(steps: outputs.count - 1) }
    return outputs.dropLast()
  }
}
