import ArgumentParser

/// The `rolecall` command.
@main
struct Rolecall: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rolecall",
    abstract: "The x86 MMU as KVM sees it: a service over HTTP, and its tools for the terminal.",
    subcommands: [
      Serve.self, Decode.self, Replay.self, Check.self, LabCommand.self, Backup.self, Doctor.self,
    ])

  static func main() {
    let given = Array(CommandLine.arguments.dropFirst())
    let arguments = Setting.added(to: given)
    var command: any ParsableCommand
    do { command = try parseAsRoot(arguments) } catch {
      // If it is for a variable, the parser would speak of an option that nobody wrote.
      if exitCode(for: error) != .success, (try? parseAsRoot(given)) != nil, let refusal = Setting.refusal() {
        refusal.tell()
        exit(withError: ExitCode.validationFailure)
      }
      exit(withError: error)
    }
    do { try command.run() } catch { exit(withError: error) }
  }
}
