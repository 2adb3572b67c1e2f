import HTTPCore
import Testing

@testable import RolecallAPI

@Suite struct MetricsEndpointTests {
  private func value(_ sample: String, _ client: TestClient) throws -> Int? {
    let line = try client.get("/metrics").text.split(separator: "\n").first { $0.hasPrefix(sample + " ") }
    return line.flatMap { Int($0.dropFirst(sample.utf8.count + 1)) }
  }

  @Test func theFormatIsChosenByAccept() throws {
    let client = TestClient()
    for (accept, type) in [
      (nil, "text/plain; version=0.0.4; charset=utf-8"), ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
      ("image/png", "text/plain; version=0.0.4; charset=utf-8"),
      (
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
      ),
    ] {
      let answer = try client.get("/metrics", fields: accept.map { [("Accept", $0)] } ?? [])
      #expect(answer.status == 200 && answer.field("Content-Type") == type, "\(accept ?? "")")
      #expect(answer.text.hasSuffix("# EOF\n") == type.hasPrefix("application"), "\(accept ?? "")")
      #expect(answer.field("Cache-Control") == "no-store")
    }
  }

  @Test func whatOperationsDoIsCounted() throws {
    let client = TestClient()
    let session = try client.session(#"{"preset": "intel-shadow", "operations": [{"op": "enter-guest"}]}"#)
    let cr3 = { (value: String) in
      _ = try client.post("\(session)/vcpus/0/set-cr", #"{"register": "cr3", "value": "\#(value)"}"#)
    }
    try cr3("0x2000")
    try cr3("0x1000")
    _ = try client.post("\(session)/batch", #"{"operations": [{"op": "zap-all"}, {"op": "enter-guest"}]}"#)
    #expect(try value(#"rolecall_operations_total{kind="set-cr"}"#, client) == 2)
    #expect(try value(#"rolecall_operations_total{kind="enter-guest"}"#, client) == 2)
    #expect(try value(#"rolecall_operations_total{kind="zap-all"}"#, client) == 1)
    #expect(try value("rolecall_sessions", client) == 1)
    let statistics = try client.get(session).json["stats"]
    let same = [
      (#"rolecall_root_lookups_total{result="hit"}"#, statistics["root_lookups"]["hit"]),
      (
        #"rolecall_root_lookups_total{result="pgd-differs"}"#,
        statistics["root_lookups"]["missed"]["pgd-differs"]
      ),
      ("rolecall_roots_freed_total", statistics["roots_freed"]),
      ("rolecall_shadow_pages_created_total", statistics["shadow_pages_created"]),
      ("rolecall_shadow_pages_zapped_total", statistics["shadow_pages_zapped"]),
    ]
    for (name, number) in same { #expect(try value(name, client) == number.integer, "\(name)") }
    #expect(try value(#"rolecall_root_lookups_total{result="hit"}"#, client) ?? 0 > 0)
    #expect(try value("rolecall_shadow_pages_created_total", client) ?? 0 > 1)
  }

  @Test func pageFaultsAreCounted() throws {
    let client = TestClient()
    let session = try client.session()
    _ = try client.post("\(session)/vcpus/0/page-fault", #"{"address": "0x5000", "error_code": "0x6"}"#)
    let faults = try client.get(session).json["stats"]["page_faults"]
    #expect(faults.keys.reduce(0) { $0 + (faults[$1].integer ?? 0) } > 0)
    for result in faults.keys {
      #expect(
        try value("rolecall_page_faults_total{result=\"\(result)\"}", client) == faults[result].integer,
        "\(result)")
    }
  }

  @Test func whatIsCountedStaysWhenTheSessionIsGone() throws {
    let client = TestClient()
    let session = try client.session()
    _ = try client.post("\(session)/zap-all")
    #expect(try client.send(.delete, session).status == 204)
    #expect(try value("rolecall_sessions", client) == 0)
    #expect(try value(#"rolecall_operations_total{kind="zap-all"}"#, client) == 1)
  }

  @Test func problemsAreCountedByType() throws {
    let client = TestClient { $0.sessions = 1 }
    _ = try client.session()
    _ = try client.post("/v1/sessions")
    _ = try client.get("/nowhere")
    _ = try client.post("/v1/sessions", fields: [("Origin", "https://evil.example")])
    for type in ["too-many-sessions", "not-found", "cross-site"] {
      #expect(try value("rolecall_problems_total{type=\"\(type)\"}", client) == 1, "\(type)")
    }
    #expect(try value(#"rolecall_problems_total{type="conflict"}"#, client) == 0)
  }

  @Test func everyOperationHasItsKind() throws {
    let text = try TestClient().get("/metrics").text
    let names = OperationDecoder.vcpuOperations.map(\.name) + OperationDecoder.machineOperations.map(\.name)
    for name in names { #expect(text.contains("rolecall_operations_total{kind=\"\(name)\"} 0\n"), "\(name)") }
  }

  @Test func noClientCanAddASample() throws {
    let client = TestClient()
    let before = try client.get("/metrics").text.count { $0 == "\n" }
    for number in 0..<50 {
      _ = try client.get("/path\(number)")
      _ = try client.send(method: "METHOD\(number)", "/v1/sessions/\(number)")
    }
    #expect(try client.get("/metrics").text.count { $0 == "\n" } == before)
  }
}
