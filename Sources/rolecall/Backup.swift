import ArgumentParser
import SessionStore

/// `rolecall backup`
struct Backup: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copy the database of sessions, as it is at one moment, also while a service runs.")

  @Argument(help: "The file to write, which must not exist.")
  var file: String
  @Option(help: "The folder with the database. (default: the user's)")
  var data: String?

  func run() throws {
    do {
      try StoreReader(path: try DataFolder.database(in: data)).backUp(to: file)
    } catch let error as OpeningError {
      throw CommandFailure("\(error)")
    }
    print(
      "The backup is in \(file). To use it, put it into a folder as sessions.sqlite and serve with --data.")
  }
}
