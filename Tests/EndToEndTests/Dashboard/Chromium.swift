import Foundation

/// A headless Chromium, driven over its DevTools protocol through two pipes: JSON messages, each with a NUL after it.
final class Chromium: Sendable {
  enum Failure: Error {
    /// There is no Chromium to be run. `scripts/test` installs it.
    case missing
    /// No answer came in time, or Chromium has ended.
    case noAnswer(to: String)
    /// Chromium refused a command.
    case refused(String, JSONDocument)
    /// Something did not come true in time.
    case never(String)
    /// A script of the test threw.
    case script(String, JSONDocument)
  }

  /// How long anything may take at most: only what is broken takes so long.
  static let patience: TimeInterval = 30

  private static let paths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]

  /// Chromium reads commands from descriptor 3 and writes to 4, which Process cannot set. It ends when nobody holds the other
  /// end of 3 any more, however the tests have ended; then its profile goes.
  private static let launcher = """
    profile=$(mktemp -d)
    "$@" --user-data-dir="$profile" about:blank 3<&0 4>&1 </dev/null >/dev/null 2>&1
    rm -rf "$profile"
    """
  private static let options = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--remote-debugging-pipe",
  ]

  private let commands: FileHandle
  private let inbox = Inbox()

  init() throws {
    guard let path = Self.paths.first(where: FileManager.default.isExecutableFile) else {
      throw Failure.missing
    }
    let (input, output) = (Pipe(), Pipe())
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", Self.launcher, "sh", path] + Self.options
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    commands = input.fileHandleForWriting
    output.fileHandleForReading.readabilityHandler = { [inbox] handle in
      let bytes = handle.availableData
      if bytes.isEmpty { handle.readabilityHandler = nil }
      inbox.take(bytes)
    }
  }

  /// Sends a command and waits for its result.
  @discardableResult
  func send(_ method: String, _ parameters: [String: JSONDocument] = [:], session: String? = nil) throws
    -> JSONDocument
  {
    let number = inbox.nextNumber()
    var message: [String: JSONDocument] = [
      "id": .number(Double(number)), "method": .string(method), "params": .object(parameters),
    ]
    if let session { message["sessionId"] = .string(session) }
    try commands.write(contentsOf: Data((JSONDocument.object(message).text + "\0").utf8))
    guard let answer = inbox.answer(number, patience: Self.patience) else {
      throw Failure.noAnswer(to: method)
    }
    if let error = answer["error"] { throw Failure.refused(method, error) }
    return answer["result"] ?? .null
  }

  /// What a page has told so far, by the name of the event.
  func events(of session: String, _ method: String) -> [JSONDocument] { inbox.events(of: session, method) }
}

/// What Chromium has sent and nobody has asked for yet.
private final class Inbox: @unchecked Sendable {
  // A condition variable guards everything below.
  private let condition = NSCondition()
  private var number = 0
  private var rest = Data()
  private var answers: [Int: JSONDocument] = [:]
  private var events: [JSONDocument] = []

  func nextNumber() -> Int {
    condition.withLock {
      number += 1
      return number
    }
  }

  func take(_ bytes: Data) {
    condition.withLock {
      rest += bytes
      while let end = rest.firstIndex(of: 0) {
        let message = try? JSONDocument(rest[rest.startIndex..<end])
        rest = rest[rest.index(after: end)...]
        guard let message else { continue }
        if let number = message["id"]?.number {
          answers[Int(number)] = message
        } else {
          events.append(message)
        }
      }
      condition.broadcast()
    }
  }

  func answer(_ number: Int, patience: TimeInterval) -> JSONDocument? {
    condition.withLock {
      let deadline = Date(timeIntervalSinceNow: patience)
      while answers[number] == nil, condition.wait(until: deadline) {}
      return answers.removeValue(forKey: number)
    }
  }

  func events(of session: String, _ method: String) -> [JSONDocument] {
    condition.withLock {
      events.filter { $0["sessionId"]?.string == session && $0["method"]?.string == method }
        .compactMap { $0["params"] }
    }
  }
}
