import ArgumentParser
import RolecallAPI
import SessionStore

/// `rolecall doctor`
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Examine the database of sessions, also while a service runs; the exit status says whether it is sound.",
    discussion: """
      Every page and every reference of the database is checked. Then sessions are replayed: each operation must end as it \
      did, and each snapshot must be what the replay leads to.
      """)

  @Option(help: "The folder with the database. (default: the user's)")
  var data: String?
  @Option(help: "Sessions to replay, the most recently used first.")
  var sessions = 100

  func run() throws {
    var problems: [String] = []
    do {
      let reader = try StoreReader(path: try DataFolder.database(in: data))
      let examination = try reader.examine()
      problems = examination.problems
      let counts = try reader.counts()
      print(
        "schema version \(examination.version), \(counts.sessions) sessions, \(counts.entries) entries, \(counts.bytes) bytes"
      )
      let replay = try ReplayCheck(reader, limit: sessions)
      print(
        "\(replay.sessions) sessions replayed, \(replay.operations) operations, \(replay.snapshots) snapshots compared"
      )
      problems += replay.problems
    } catch let error as OpeningError {
      throw CommandFailure("\(error)")
    } catch let error as StoreError {
      throw CommandFailure("\(error)")
    }
    for problem in problems { print(problem) }
    print(
      problems.isEmpty
        ? "sound" : "\(problems.count) problems; restore a backup, or delete the sessions named")
    if !problems.isEmpty { throw ExitCode(1) }
  }
}
