import ArgumentParser
import RolecallAPI

/// `rolecall replay`
struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a script without a service: how each operation ended, and the machine after the last.",
    discussion: """
      A script is what a session's export gives, or the body that makes a session. If something in it is wrong, \
      each fault is told with its place and nothing else is, and the exit status is 1.
      """)

  /// How the result is written.
  enum Form: EnumerableFlag {
    case text, json
  }

  @Argument(help: "The script's file; - reads standard input.")
  var file: String
  @Flag(help: "A table for the terminal, or a JSON document.")
  var form = Form.text

  func run() throws {
    let script = try InputFile(file).bytes
    do throws(ScriptReplay.Failure) {
      let replay = try ScriptReplay(script)
      switch form {
      case .text: print(replay.text, terminator: "")
      case .json: print(String(decoding: replay.json, as: UTF8.self))
      }
    } catch {
      throw CommandFailure("\(file == "-" ? "standard input" : file) is no script that can be run:\n\(error)")
    }
  }
}
