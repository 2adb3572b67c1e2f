import ArgumentParser

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An option of `rolecall serve` that the environment can set too, for containers and units: `ROLECALL_MAX_BODY` stands
/// for `--max-body`. What stands on the command line wins.
struct Setting {
  /// The option without its hyphens.
  let option: String
  /// Whether it may be given several times; the variable then holds the values with commas between them.
  var isList = false

  /// The variable.
  var variable: String { "ROLECALL_" + option.uppercased().replacing("-", with: "_") }

  /// Every setting there is.
  static let all =
    [
      "host", "port", "loops", "poller", "log-level", "access-log", "max-request-line", "max-header",
      "max-fields", "max-body", "max-chunk-overhead", "header-timeout", "idle-timeout", "min-body-rate",
      "body-grace", "max-pending-output", "write-timeout", "min-read-rate", "linger-timeout", "max-buffered",
      "max-connections", "max-answer", "max-sessions", "max-history", "max-kept-answers", "rate-limit",
      "rate-burst", "operator-token-file", "labs",
    ].map { Setting(option: $0) } + ["allow-host", "allow-origin"].map { Setting(option: $0, isList: true) }

  /// `arguments` with those of the environment put before the options.
  static func added(to arguments: [String], from value: (String) -> String? = environment) -> [String] {
    guard arguments.first == "serve" else { return arguments }
    var added: [String] = []
    for setting in all {
      guard let text = value(setting.variable), !text.isEmpty else { continue }
      let values = setting.isList ? text.split(separator: ",").map(String.init) : [text]
      added += values.map { "--\(setting.option)=\($0)" }
    }
    return ["serve"] + added + arguments.dropFirst()
  }

  /// Refuses a value outside of a range.
  func check(_ value: Int, _ range: ClosedRange<Int>) throws {
    guard !range.contains(value) else { return }
    throw ValidationError(
      "--\(option) (\(variable)) must be from \(range.lowerBound) to \(range.upperBound), not \(value).")
  }

  private static func environment(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}

extension ArgumentHelp {
  /// The help of a setting, with its variable.
  static func setting(_ option: String, _ text: String) -> ArgumentHelp {
    ArgumentHelp("\(text) [\(Setting(option: option).variable)]")
  }
}
