import Foundation
import Testing

@Suite("The options of rolecall serve, and the environment")
struct ServeOptionTests {
  private func run(_ arguments: [String], environment: [String: String] = [:]) throws -> (
    status: Int32, output: String
  ) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = try LiveServer.executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  @Test("every option that the help lists can be set by its variable, and stands in docs/reliability.md")
  func everyVariable() throws {
    let help = try run(["serve", "--help"]).output
    let options = help.matches(of: /(?m)^  --([a-z-]+) </).map { String($0.1) }
    #expect(options.count > 20)
    let page = try String(contentsOf: repository.appending(path: "docs/reliability.md"), encoding: .utf8)
    for option in options {
      let variable = "ROLECALL_" + option.uppercased().replacing("-", with: "_")
      let (status, output) = try run(["serve"], environment: [variable: "?"])
      #expect(status != 0, "\(variable)")
      #expect(output.contains("--\(option)") || output.contains("?"), "\(variable) gave \(output)")
      #expect(page.contains("`--\(option)`") && page.contains("`\(variable)`"), "\(option)")
    }
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
    for path in ["/", "/nowhere"] + Array(repeating: "/livez", count: 30) {
      let answer = try client.request("GET", server.url + path)
      statuses.append(answer.status)
      #expect(answer.header("X-Content-Type-Options") == "nosniff")
      #expect(answer.header("Content-Security-Policy")?.contains("frame-ancestors 'none'") == true)
      #expect(answer.header("RateLimit-Policy") == "\"requests\";q=3;w=3")
      #expect(answer.header("Retry-After") == (answer.status == 429 ? "1" : nil))
    }
    #expect(statuses.prefix(2) == [200, 404] && statuses.contains(429))
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
    ] {
      let (status, output) = try run(["serve", "--port", "0"] + arguments)
      #expect(status != 0 && output.contains(words), "\(output)")
    }
  }
}
