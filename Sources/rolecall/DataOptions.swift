import ArgumentParser
import Logging
import RolecallAPI
import SessionStore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where sessions are kept, as options of `rolecall serve`.
struct DataOptions: ParsableArguments {
  /// When a change is acknowledged.
  enum DurabilityName: String, ExpressibleByArgument, CaseIterable {
    case full, normal, relaxed
  }

  @Option(
    help: .setting(
      "data",
      "The folder with the database of sessions. (default: rolecall in the user's data directory, made if need be)"
    ))
  var data: String?
  @Flag(help: .setting("memory", "Keep sessions in memory only: they end with the service. (default: off)"))
  var memory = false
  @Option(
    help: .setting(
      "durability",
      """
      What survives once it is acknowledged: full, also a power cut; normal, a kill of the process; relaxed, all but the \
      last 100 milliseconds before one.
      """))
  var durability = DurabilityName.full
  @Option(help: .setting("session-ttl", "Days after its last use that a session is deleted."))
  var sessionTTL = 30
  @Option(
    help: .setting("sessions-in-memory", "Sessions in memory at once; the others are brought back on use."))
  var sessionsInMemory = RolecallService.Limits().residents

  func validate() throws {
    try Setting(option: "session-ttl").check(sessionTTL)
    try Setting(option: "sessions-in-memory").check(sessionsInMemory)
    if memory, data != nil { throw ValidationError("--memory keeps no data, and excludes --data.") }
  }

  /// The opened database; nil for none.
  func open(_ logger: Logger) throws -> SessionStore? {
    if memory { return nil }
    var options = StoreOptions()
    options.durability =
      switch durability {
      case .full: .full
      case .normal: .normal
      case .relaxed: .relaxed(milliseconds: 100)
      }
    do {
      return try SessionStore(path: try DataFolder.database(in: data), options: options, logger: logger)
    } catch let error as OpeningError {
      throw CommandFailure(data == nil ? "\(error)" : "--data: \(error)")
    }
  }
}

/// The folder with the database.
enum DataFolder {
  /// The path of the database in a folder; without one, in that of the user, which is made.
  static func database(in folder: String?) throws -> String {
    try (folder ?? users()) + "/sessions.sqlite"
  }

  /// `rolecall` in the data directory of the XDG base directory specification.
  private static func users() throws -> String {
    var base = environment("XDG_DATA_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
    if base == nil, let home = environment("HOME"), home.hasPrefix("/") { base = home + "/.local/share" }
    guard let base else {
      throw CommandFailure(
        "there is no user's data directory, because HOME is not set; name a folder by --data, or use --memory"
      )
    }
    var path = ""
    for part in (base + "/rolecall").split(separator: "/") {
      path += "/" + part
      guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
        throw CommandFailure(
          "\(path) cannot be made: \(unsafe String(cString: strerror(errno))); name a folder by --data, or use --memory"
        )
      }
    }
    return path
  }

  private static func environment(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
