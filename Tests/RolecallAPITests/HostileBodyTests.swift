import HTTPCore
import RolecallAPI
import Testing

/// What a hostile body can try is refused by the API with its reason, whatever the JSON reader's own tests say.
@Suite struct HostileBodyTests {
  private let client = TestClient()

  private func nested(_ depth: Int) -> String {
    #"{"a":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
  }

  @Test func bodiesAreBounded() throws {
    let long = String(repeating: "9", count: 60_000)
    let malformed = [
      nested(65), nested(100_000), String(repeating: "[", count: 1_000_000), #"{"name":"a","name":"b"}"#,
      #"{"name":"a","n\u0061me":"b"}"#, #"{"machine":{"vcpus":9007199254740992}}"#,
      #"{"machine":{"vcpus":-9007199254740993}}"#, "{\"machine\":{\"vcpus\":\(long)}}",
      #"{"name":"\ud800"}"#, #"{"n":NaN}"#, #"{"n":01}"#, "{} {}", "{}x", " ", "\u{feff}{}",
    ]
    for body in malformed {
      let answer = try client.post("/v1/sessions", body)
      #expect(answer.status == 400, "\(body.prefix(60)) gave \(answer.text.prefix(300))")
      #expect(answer.json["type"].string == "/problems/malformed-json", "\(body.prefix(60))")
    }
    // Well-formed, so that it is the key that is wrong.
    client.expectProblem(try client.post("/v1/sessions", nested(64)), 400, "invalid-body", ["/a"])
  }

  @Test func textIsUTF8() throws {
    for bytes in [
      [0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80], [0x00],
    ]
      as [[UInt8]]
    {
      let body = Array(#"{"name":""#.utf8) + bytes + Array(#""}"#.utf8)
      let request = try Request(
        .post, "/v1/sessions", fields: [("Content-Type", "application/json")], body: body)
      client.expectProblem(
        .init(response: client.service.answer(to: request)), 400, "malformed-json", ["/name"])
    }
  }

  @Test func numbersAreNeverRounded() throws {
    let calculate = { (eptp: String) in
      try client.post("/v1/calculate/ept", "{\"eptp\": \(eptp)}")
    }
    client.expectProblem(try calculate("1.5"), 400, "invalid-body", ["/eptp"])
    client.expectProblem(try calculate("-1"), 400, "invalid-body", ["/eptp"])
    client.expectProblem(try calculate("9007199254740993"), 400, "malformed-json", ["/eptp"])
    client.expectProblem(try calculate(#""18446744073709551616""#), 400, "invalid-body", ["/eptp"])
    #expect(try calculate("9007199254740991").status == 200)
    #expect(try calculate(#""18446744073709551615""#).status == 200)
  }

  @Test func impossibleNumbersOfVCPUsAreRefusedBesideOperations() throws {
    for vcpus in [Int.min >> 11, -2, 0, Int.max >> 11] {
      for operation in [#"{"op":"vmxon"}"#, #"{"op":"zap-all"}"#, #"{"op":"vmxon","vcpu":-1}"#] {
        let body = "{\"machine\":{\"vcpus\":\(vcpus)},\"operations\":[\(operation)]}"
        let answer = try client.post("/v1/sessions", body)
        #expect(answer.status == 422, "\(body) gave \(answer.text)")
        #expect(answer.pointers.contains("/machine/vcpus"), "\(body) gave \(answer.text)")
      }
    }
  }

  @Test func aKeyOfMebibytesIsNotToldWhole() throws {
    let answer = try client.post("/v1/sessions", "{\"\(String(repeating: "k", count: 3_600_000))\":1}")
    client.expectProblem(answer, 400, "invalid-body", [""])
    #expect(answer.text.utf8.count < 1000)
  }

  @Test func fiftyThousandKeysAreReadAndAHundredFaultsTold() throws {
    let keys = (0..<50_000).map { "\"k\($0)\":1" }.joined(separator: ",")
    let answer = try client.post("/v1/sessions", "{\(keys)}")
    #expect(answer.status == 400)
    #expect(answer.json["detail"].string == "100 things are wrong with the body")
    #expect(answer.json["errors"].elements.count == 100)
    let doubled = try client.post("/v1/sessions", "{\(keys),\"k7\":1}")
    client.expectProblem(doubled, 400, "malformed-json", ["/k7"])
  }
  /// A run of combining marks, which Unicode's equivalences take quadratic time to compare.
  private static let marks = "a" + String(repeating: "\u{301}\u{323}", count: 60_000)

  @Test(.timeLimit(.minutes(4))) func marksAreNotPutInOrder() throws {
    let marks = Self.marks
    let session = try client.session()
    let bodies = [
      ("/v1/sessions", "{\"\(marks)\":1}"), ("/v1/sessions", "{\"\(marks)b\":1,\"\(marks)c\":1}"),
      ("/v1/sessions", "{\"preset\":\"\(marks)\"}"), ("/v1/sessions", "{\"lab\":\"\(marks)\"}"),
      ("/v1/sessions", "{\"machine\":{\"kernel\":\"\(marks)\"}}"),
      ("/v1/sessions", "{\"operations\":[{\"op\":\"\(marks)\"}]}"),
      (session + "/vcpus/0/set-cr", "{\"register\":\"\(marks)\",\"set\":[\"\(marks)\"]}"),
      ("/v1/encode/mmu-role", "{\"fields\":{\"access\":\"\(marks)\"}}"),
      ("/v1/encode/mmu-role", "{\"fields\":{\"level\":\"\(marks)\"}}"),
      ("/v1/encode/mmu-role", "{\"fields\":{\"\(marks)\":1}}"),
      ("/v1/encode/vcpu-role", "{\"fields\":{\"\(marks)\":{}}}"),
      (session + "/vcpus/0/nested-exit", "{\"reason\":\"\(marks)\"}"),
      (session + "/map", "{\"format\":\"\(marks)\",\"flags\":[\"\(marks)\"]}"),
    ]
    for (path, body) in bodies {
      let answer = try client.post(path, body)
      let status = path.contains("encode") ? 422 : 400
      #expect(answer.status == status, "\(path) gave \(answer.text.prefix(300))")
      #expect(answer.text.utf8.count < 2 * body.utf8.count)
    }
    client.expectProblem(
      try client.post("/v1/sessions", "{\"name\":\"\(marks)\"}"), 422, "rule-violated", ["/name"])
  }

  @Test(.timeLimit(.minutes(4))) func marksInFieldsAreNotPutInOrder() throws {
    let session = try client.session()
    let marks = String(Self.marks.unicodeScalars.prefix(15_000))
    let expected = [
      "Accept": 406, "Content-Encoding": 415, "Idempotency-Key": 400, "If-Match": 412, "Origin": 403,
      "Prefer": 200,
    ]
    for (name, status) in expected {
      let value = name == "Origin" ? "http://" + marks : marks
      let answer = try client.post(session + "/vcpus/0/smm-enter", "{}", fields: [(name, value)])
      #expect(answer.status == status, "\(name) gave \(answer.text.prefix(300))")
    }
  }

  @Test(.timeLimit(.minutes(4))) func whatIsWrongManyTimesIsRefusedAtOnce() throws {
    let words = Array(repeating: "[1,0]", count: 60_000).joined(separator: ",")
    let answer = try client.post(
      "/v1/calculate/ept", "{\"eptp\":\"0x5e\",\"machine\":{\"memory\":{\"words\":[\(words)]}}}")
    #expect(answer.status == 422)
    #expect(answer.pointers.count == 100)
    #expect(answer.pointers.first == "/machine/memory/words/0/0")
    let flags = Array(repeating: "\"P\"", count: 32).joined(separator: ",")
    let map = #"{"op":"map","format":"ept","root":"1","address":"1","target":"1","flags":[\#(flags)]}"#
    let operations = Array(repeating: map, count: 4_000).joined(separator: ",")
    let batch = try client.post(try client.session() + "/batch", "{\"operations\":[\(operations)]}")
    #expect(batch.status == 422)
    #expect(batch.pointers.count == 100)
    #expect(batch.json["detail"].string == "more than 100 things are wrong with the body")
    #expect(batch.pointers.allSatisfy { ($0 ?? "").hasPrefix("/operations/") })
  }
}
