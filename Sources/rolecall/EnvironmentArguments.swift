#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Options of `rolecall serve` from the environment, for containers and units: `ROLECALL_MAX_BODY` stands for
/// `--max-body`. What stands on the command line wins.
enum EnvironmentArguments {
  /// The options that may be set so.
  static let options = [
    "host", "port", "loops", "poller", "log-level", "max-request-line", "max-header", "max-fields",
    "max-body",
    "max-chunk-overhead", "header-timeout", "idle-timeout", "min-body-rate", "body-grace",
    "max-pending-output", "write-timeout", "min-read-rate", "linger-timeout", "max-buffered",
    "max-connections",
    "max-answer", "max-sessions", "rate-limit", "rate-burst",
  ]
  /// Those that may be given several times; the variable holds their values with commas between them.
  static let lists = ["allow-host", "allow-origin"]

  /// The variable of an option.
  static func variable(of option: String) -> String {
    "ROLECALL_" + option.uppercased().replacing("-", with: "_")
  }

  /// `arguments` with those of the environment put before the options.
  static func added(to arguments: [String], from value: (String) -> String? = environment) -> [String] {
    guard arguments.first == "serve" else { return arguments }
    var added: [String] = []
    for option in options {
      if let value = value(variable(of: option)), !value.isEmpty { added.append("--\(option)=\(value)") }
    }
    for option in lists {
      let values = value(variable(of: option))?.split(separator: ",") ?? []
      added += values.map { "--\(option)=\($0)" }
    }
    return ["serve"] + added + arguments.dropFirst()
  }

  private static func environment(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
