import Foundation
import RolecallAPI
import Testing

@Suite("What operators see")
struct MetricsTests {
  @Test("metrics are well formed in both formats, and count what was asked")
  func formats() throws {
    let service = try Service()
    let session = try service.session()
    for _ in 0..<3 { _ = try service.send("GET", "\(session)/vcpus/0") }
    _ = try service.send("GET", "/nowhere")
    for (accept, isOpenMetrics) in [
      ("text/plain;version=0.0.4", false), ("application/openmetrics-text;version=1.0.0", true),
    ] {
      let answer = try service.send("GET", "/metrics", headers: ["Accept: \(accept)"])
      let metrics = try Exposition(answer.text, isOpenMetrics: isOpenMetrics)
      let route = ["method": "GET", "route": "/v1/sessions/{id}/vcpus/{n}", "status": "200"]
      #expect(metrics.value("rolecall_http_requests_total", route) == 3)
      #expect(
        metrics.value("rolecall_http_requests_total", ["method": "", "route": "", "status": "404"]) == 1)
      #expect(metrics.value("rolecall_http_request_duration_seconds_count", ["class": "read"]) == 3)
      #expect(metrics.value("rolecall_problems_total", ["type": "not-found"]) == 1)
      #expect(metrics.value("rolecall_sessions") == 1)
      #expect(metrics.value("rolecall_http_open_connections") == 1)
      #expect((metrics.value("process_resident_memory_bytes") ?? 0) > 0)
      #expect(!answer.text.contains(session.dropFirst("/v1/sessions/".count)))
      let routes = Set(RolecallService.routes.map(\.template) + [""])
      for sample in metrics.families.flatMap(\.samples) {
        if let route = sample.labels["route"] { #expect(routes.contains(route)) }
      }
    }
    try service.server.stop()
  }

  @Test("every family stands in docs/deployment.md, and no other")
  func documented() throws {
    let service = try Service()
    let metrics = try Exposition(try service.send("GET", "/metrics").text, isOpenMetrics: false)
    let page = try String(contentsOf: repository.appending(path: "docs/deployment.md"), encoding: .utf8)
    let documented = page.matches(of: /(?m)^\| `((?:rolecall|process)_[a-z_]+)/).map { String($0.1) }
    #expect(documented.sorted() == metrics.families.map(\.name).sorted())
    try service.server.stop()
  }

  @Test(
    "the access log has a line for each answer, as JSON or text, and no session in full",
    arguments: ["json", "text"])
  func accessLog(format: String) throws {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = try LiveServer.executable
    process.arguments = ["serve", "--memory", "--port", "0", "--access-log", format]
    process.standardOutput = pipe
    try process.run()
    var output = Data()
    while !output.contains(UInt8(ascii: "\n")) { output += pipe.fileHandleForReading.availableData }
    let url = try #require(String(decoding: output, as: UTF8.self).firstMatch(of: /http:\/\/[^\s\/]+/)).output
    let client = try CurlClient()
    let created = try client.request(
      "POST", url + "/v1/sessions", headers: ["Content-Type: application/json"], body: Array("{}".utf8))
    let session = try #require(created.header("Location"))
    let id = String(session.dropFirst("/v1/sessions/".count))
    let trace = "0af7651916cd43dd8448eb211c80319c"
    for field in ["00-\(trace)-b7ad6b7169203331-01", "00-bad-bad-01"] {
      _ = try client.request("GET", url + session + "/vcpus/0", headers: ["traceparent: \(field)"])
    }
    _ = try client.request("GET", url + "/x/" + id)
    kill(process.processIdentifier, SIGTERM)
    output += try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)

    let text = String(decoding: output, as: UTF8.self)
    let lines = text.split(separator: "\n").dropFirst()
    #expect(lines.count == 4, "\(text)")
    #expect(!text.contains(id) && text.contains("/v1/sessions/\(id.prefix(6))…/vcpus/0"))
    #expect(text.matches(of: try Regex(trace)).count == 1)
    if format == "json" {
      let documents = try lines.map { try JSONDocument(Array($0.utf8)) }
      let first = try #require(documents.first?.object)
      #expect(
        Set(first.keys) == ["time", "peer", "method", "route", "path", "status", "bytes", "microseconds"])
      #expect(first["method"]?.string == "POST" && first["status"]?.number == 201)
    }
  }
}
