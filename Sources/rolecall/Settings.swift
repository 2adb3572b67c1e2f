import ArgumentParser
import HTTPCore

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
  /// Whether it takes no value; the variable then holds `true` or `false`.
  var isFlag = false

  /// The variable.
  var variable: String { "ROLECALL_" + option.uppercased().replacing("-", with: "_") }

  /// The numbers that it may be; nil if it is no number.
  var range: ClosedRange<Int>? {
    switch option {
    case "port": 0...65_535
    case "loops": 1...256
    case "rate-limit": 0...Limits.largest
    case "session-ttl": 1...36_500
    case "sessions-in-memory": 16...10_000_000
    default: Self.limits.contains(option) ? 1...Limits.largest : nil
    }
  }

  private static let limits = [
    "max-request-line", "max-header", "max-fields", "max-body", "max-chunk-overhead", "header-timeout",
    "idle-timeout", "min-body-rate", "body-grace", "max-pending-output", "write-timeout", "min-read-rate",
    "linger-timeout", "max-buffered", "max-connections", "max-answer", "max-sessions", "max-history",
    "max-kept-answers", "rate-burst",
  ]

  /// Every setting there is.
  static let all =
    ([
      "host", "port", "loops", "poller", "log-level", "access-log", "rate-limit", "operator-token-file",
      "labs", "data", "durability", "session-ttl", "sessions-in-memory",
    ] + limits).map { Setting(option: $0) }
    + ["allow-host", "allow-origin"].map { Setting(option: $0, isList: true) }
    + [Setting(option: "memory", isFlag: true)]

  /// `arguments` with those of the environment put before the options.
  static func added(to arguments: [String], from value: (String) -> String? = environment) -> [String] {
    guard arguments.first == "serve" else { return arguments }
    let added = all.flatMap { setting in value(setting.variable).map(setting.arguments(for:)) ?? [] }
    return ["serve"] + added + arguments.dropFirst()
  }

  /// Why `serve` refuses the value of a variable by itself; nil if it refuses none.
  static func refusal(from value: (String) -> String? = environment) -> CommandFailure? {
    for setting in all {
      guard let text = value(setting.variable) else { continue }
      do { _ = try Serve.parse(setting.arguments(for: text)) } catch {
        let variable = setting.variable
        if setting.isFlag { return CommandFailure("\(variable) must be true or false, not \(text).") }
        guard let range = setting.range else {
          return CommandFailure("\(variable): \(Serve.message(for: error))")
        }
        return CommandFailure(
          "\(variable) must be from \(range.lowerBound) to \(range.upperBound), not \(text).")
      }
    }
    return nil
  }

  /// What the variable's value is on the command line.
  private func arguments(for text: String) -> [String] {
    if text.isEmpty || isFlag && text == "false" { return [] }
    // What is neither goes on to be refused.
    if isFlag, text == "true" { return ["--\(option)"] }
    let values = isList ? text.split(separator: ",").map(String.init) : [text]
    return values.map { "--\(option)=\($0)" }
  }

  /// Refuses a number outside of the range.
  func check(_ value: Int) throws {
    guard let range, !range.contains(value) else { return }
    throw ValidationError(
      "--\(option) (\(variable)) must be from \(range.lowerBound) to \(range.upperBound), not \(value).")
  }

  private static func environment(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}

extension ArgumentHelp {
  /// The help of a setting, with its range and its variable.
  static func setting(_ option: String, _ text: String) -> ArgumentHelp {
    let setting = Setting(option: option)
    let range = setting.range.map { " (\($0.lowerBound) to \($0.upperBound))" } ?? ""
    return ArgumentHelp("\(text)\(range) [\(setting.variable)]")
  }
}
