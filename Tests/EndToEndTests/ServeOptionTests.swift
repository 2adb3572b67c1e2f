import Foundation
import Testing

@testable import rolecall

@Suite("The options of rolecall serve, and the environment")
struct ServeOptionTests {

  @Test("the help, the settings' table and docs/reliability.md have the same options, variables and defaults")
  func everySetting() throws {
    let help = try runCommand(["serve", "--help"]).output
    let starts = help.matches(of: /(?m)^  --([a-z-]+) (?:<|  )/)
    let ends = starts.dropFirst().map(\.range.lowerBound) + [help.endIndex]
    let described = Dictionary(
      uniqueKeysWithValues: zip(starts, ends).map { start, end in
        let words = help[start.range.lowerBound..<end].split { $0 == " " || $0 == "\n" }
        return (String(start.1), words.joined(separator: " "))
      })
    let page = try String(contentsOf: repository.appending(path: "docs/reliability.md"), encoding: .utf8)
    let rows = page.matches(of: /(?m)^\| [^|]+ \| ([^|]+) \| `--([a-z-]+)` \| `(ROLECALL_[A-Z_]+)` \|/)
    let documented = Dictionary(uniqueKeysWithValues: rows.map { (String($0.2), ($0.1, $0.3)) })
    let names = Setting.all.map(\.option).sorted()
    #expect(names.count > 20 && described.keys.sorted() == names && documented.keys.sorted() == names)
    for setting in Setting.all {
      let text = try #require(described[setting.option])
      let (value, variable) = try #require(documented[setting.option])
      #expect(text.contains("[\(setting.variable)]") && variable == setting.variable, "\(setting.option)")
      let shown = try #require(text.firstMatch(of: /default: ([^\s)]+)/), "\(setting.option)").1
      #expect(plain(value) == shown, "\(setting.option)")
      let isNumber = shown.allSatisfy(\.isNumber) || setting.option == "loops"
      #expect(isNumber == text.contains(/\([0-9]+ to [0-9]+\)/), "\(setting.option)")
    }
  }

  /// The first word of a default in the docs, with the unit worked in: 8 KiB as 8192.
  private func plain(_ text: Substring) -> String {
    let words = text.split(separator: " ")
    let first = words[0].replacing(",", with: "")
    let units = ["KiB": 10, "MiB": 20, "GiB": 30]
    guard let number = Int(first), words.count > 1, let shift = units[String(words[1])] else {
      return String(first)
    }
    return String(number << shift)
  }

  @Test("every setting is read from its variable, and a bad one ends the start with a reason")
  func everyVariable() throws {
    let folder = try TemporaryFolder()
    for setting in Setting.all {
      let (status, output) = try runCommand(
        ["serve"], environment: [setting.variable: "?", "XDG_DATA_HOME": folder.path])
      #expect(status != 0, "\(setting.variable)")
      let isTriedLater = ["host", "labs", "data"].contains(setting.option)
      #expect(
        output.contains(isTriedLater ? "?" : setting.variable), "\(setting.variable) gave \(output)")
    }
    for (variable, text, words) in [
      ("ROLECALL_PORT", "x", "Error: ROLECALL_PORT must be from 0 to 65535, not x.\n"),
      ("ROLECALL_MEMORY", "maybe", "Error: ROLECALL_MEMORY must be true or false, not maybe.\n"),
      ("ROLECALL_ACCESS_LOG", "xml", "Error: ROLECALL_ACCESS_LOG: The value 'xml' is invalid"),
    ] {
      let (status, output) = try runCommand(["serve"], environment: [variable: text])
      #expect(status == 64 && output.hasPrefix(words), "\(output)")
      let other = try runCommand(["decode", "x"], environment: [variable: text])
      #expect(!other.output.contains(variable))
    }
    let loops = ["ROLECALL_LOOPS": "0"]
    let both = try runCommand(["serve", "--loops", "1", "--port", "x"], environment: loops)
    #expect(both.output.contains("--port") && !both.output.contains("ROLECALL_LOOPS"), "\(both.output)")
    #expect(try runCommand(["serve", "--help"], environment: loops).status == 0)
    let refused = try runCommand(["serve", "--loops", "1", "--host", "300.0.0.1"], environment: loops)
    #expect(refused.status == 1 && !refused.output.contains("ROLECALL_LOOPS"), "\(refused.output)")
  }

  @Test("a limit that is set holds and is named, and the command line wins over the environment")
  func limits() throws {
    for (arguments, environment, limit) in [
      (["--max-body", "100"], [:], 100), ([], ["ROLECALL_MAX_BODY": "200"], 200),
      (["--max-body", "300"], ["ROLECALL_MAX_BODY": "200"], 300),
    ] {
      let server = try LiveServer(arguments, environment: environment)
      let client = try CurlClient()
      let post = { (count: Int) in
        try client.request(
          "POST", server.url + "/v1/sessions", headers: ["Content-Type: application/json"],
          body: Array("{\(String(repeating: " ", count: count - 2))}".utf8))
      }
      #expect(try post(limit).status == 201)
      let refused = try post(limit + 1)
      #expect(refused.status == 413 && refused.text.contains("The limit is \(limit) bytes."))
      try server.stop()
    }
  }

  @Test("hosts and origins that are named are answered, from the command line and the environment together")
  func hostsAndOrigins() throws {
    let server = try LiveServer(
      ["--allow-host", "one.example"],
      environment: [
        "ROLECALL_ALLOW_HOST": "two.example,three.example:99", "ROLECALL_ALLOW_ORIGIN": "https://lab.example",
      ])
    let client = try CurlClient()
    for (host, status) in [
      ("one.example:1", 200), ("two.example", 200), ("three.example:99", 200), ("three.example", 421),
      ("evil.example", 421),
    ] {
      let answer = try client.request("GET", server.url + "/livez", headers: ["Host: \(host)"])
      #expect(answer.status == status, "\(host)")
    }
    for (origin, status) in [("https://lab.example", 201), ("https://evil.example", 403)] {
      let answer = try client.request(
        "POST", server.url + "/v1/sessions",
        headers: ["Origin: \(origin)", "Content-Type: application/json"],
        body: Array("{}".utf8))
      #expect(answer.status == status, "\(origin)")
    }
    try server.stop()
  }

  @Test("every answer protects itself, also a refusal; requests are limited where that is asked for")
  func protection() throws {
    let server = try LiveServer(["--rate-limit", "1", "--rate-burst", "3"])
    let client = try CurlClient()
    var statuses: [Int] = []
    for path in ["/", "/nowhere"] + Array(repeating: "/docs", count: 30) {
      let answer = try client.request("GET", server.url + path)
      statuses.append(answer.status)
      #expect(answer.header("X-Content-Type-Options") == "nosniff")
      #expect(answer.header("Content-Security-Policy")?.contains("frame-ancestors 'none'") == true)
      #expect(answer.header("RateLimit-Policy") == "\"requests\";q=3;w=3")
      #expect(answer.header("Retry-After") == (answer.status == 429 ? "1" : nil))
    }
    #expect(statuses.prefix(2) == [200, 404] && statuses.contains(429))
    for path in ["/livez", "/readyz", "/metrics"] {
      let answer = try client.request("GET", server.url + path)
      #expect(answer.status == 200 && answer.header("RateLimit") == nil, "\(path)")
    }
    try server.stop()
    let raw = try LiveServer()
    let connection = try RawConnection(raw.url)
    connection.send("GET / HTTP/2.0\r\n\r\n")
    #expect(connection.receive(until: "no such text").contains("\r\nX-Content-Type-Options: nosniff\r\n"))
    try raw.stop()
  }

  @Test("a bad host, origin or limit is refused with a reason")
  func badValues() throws {
    for (arguments, words) in [
      (["--allow-host", "http://lab.example"], "--allow-host http://lab.example"),
      (["--allow-origin", "*"], "--allow-origin *"), (["--max-body", "0"], "body"),
      (["--rate-limit=-1"], "--rate-limit"), (["--max-answer", "0"], "--max-answer"),
      (["--loops", "0"], "--loops (ROLECALL_LOOPS) must be from 1 to 256, not 0"),
      (
        ["--idle-timeout", "1073741825"],
        "--idle-timeout (ROLECALL_IDLE_TIMEOUT) must be from 1 to 1073741824"
      ),
      (["--port", "99999"], "(0 to 65535)"),
      (["--access-log", "xml"], "--access-log"), (["--rate-burst", "0"], "--rate-burst"),
    ] {
      let (status, output) = try runCommand(["serve", "--port", "0"] + arguments)
      #expect(status == 64 && output.contains(words), "\(output)")
    }
    let (status, output) = try runCommand(["serve", "--memory", "--port", "0", "--labs", "/nope"])
    #expect(
      status == 1 && output.hasPrefix("Error: --labs /nope: No such file or directory; name"), "\(output)")
  }
}
