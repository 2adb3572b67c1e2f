import Testing

@Suite("How much the service takes")
struct LimitTests {
  private func batch(_ count: Int) -> String {
    let operations = (0..<count).map {
      #"{"op":"set-cr","vcpu":0,"register":"cr3","value":\#(($0 % 5 + 1) * 4096)}"#
    }
    return #"{"operations":[\#(operations.joined(separator: ","))]}"#
  }

  @Test("a batch of 200 and one of 20,000 are applied, and one more is refused by its limit")
  func batches() throws {
    let service = try Service()
    let session = try service.session(#"{"preset":"intel-shadow"}"#)
    let short = try service.send("POST", session + "/batch", batch(200))
    #expect(short.status == 200)
    #expect(short.header("ETag") == "\"201\"")
    let results = try JSONDocument(short.body)["results"]?.array ?? []
    #expect(results.map { $0["revision"]?.number } == (2...201).map { Double($0) })
    #expect(results.allSatisfy { $0["outcome"]?["status"] == .string("ok") && $0["narration"]?.array != [] })

    let long = try service.send("POST", session + "/batch", batch(20_000))
    #expect(long.status == 200)
    #expect(long.header("ETag") == "\"20201\"")
    #expect(long.header("Preference-Applied") == "return=minimal")
    #expect(long.text.ranges(of: #""outcome":{"status":"ok"}"#).count == 20_000)

    let beyond = try service.send("POST", session + "/batch", batch(20_001))
    #expect(beyond.status == 422)
    #expect(beyond.text.contains("/problems/limit-exceeded") && beyond.text.contains("20000"))
    #expect(try service.send("GET", session).header("ETag") == "\"20201\"")
    try service.server.stop()
  }

  @Test("64 vCPUs, each of which works, and 16 memory slots; 65 and 17 are refused by their limits")
  func machines() throws {
    let service = try Service()
    let slots = { (count: Int) in
      (0..<count).map { #"{"gpa":\#($0 * 1_048_576),"bytes":"0x100000"}"# }.joined(separator: ",")
    }
    let session = try service.session(#"{"machine":{"vcpus":64,"memory":{"slots":[\#(slots(16))]}}}"#)
    for number in [0, 63] {
      let response = try service.send(
        "POST", "\(session)/vcpus/\(number)/set-cr", #"{"register":"cr4","set":["PGE"]}"#)
      #expect(response.text.contains(#""outcome":{"status":"ok"}"#), "vCPU \(number): \(response.text)")
    }
    #expect(try service.send("GET", session + "/vcpus/64").status == 404)
    for (body, words) in [
      (#"{"machine":{"vcpus":65}}"#, "from 1 to 64"),
      (#"{"machine":{"memory":{"slots":[\#(slots(17))]}}}"#, "at most 16 memory slots"),
    ] {
      let response = try service.send("POST", "/v1/sessions", body)
      #expect(response.status == 422 && response.text.contains(words), "\(response.text)")
    }
    try service.server.stop()
  }

  @Test("a body of 4 MiB is read, and one byte more is refused by its limit, announced or in chunks")
  func bodies() throws {
    let service = try Service()
    let limit = 4 * 1024 * 1024
    let full = "{" + String(repeating: " ", count: limit - 2) + "}"
    #expect(try service.send("POST", "/v1/sessions", full).status == 201)
    for headers in [[], ["Transfer-Encoding: chunked"], ["Expect: 100-continue"]] {
      let response = try service.send("POST", "/v1/sessions", full + " ", headers: headers)
      #expect(response.status == 413, "\(headers)")
      #expect(response.text.contains("/problems/content-too-large") && response.text.contains("4194304"))
    }
    #expect(try service.send("GET", "/livez").status == 200)
    try service.server.stop()
  }
}
