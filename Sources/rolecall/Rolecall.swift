import ArgumentParser

/// The `rolecall` command.
@main
struct Rolecall: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rolecall",
    abstract: "The x86 MMU as KVM sees it: a service over HTTP, and its tools for the terminal.",
    subcommands: [Serve.self, Decode.self, Replay.self, Check.self, LabCommand.self])

  static func main() {
    main(Setting.added(to: Array(CommandLine.arguments.dropFirst())))
  }
}
