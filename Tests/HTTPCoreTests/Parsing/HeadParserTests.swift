import HTTPCore
import Testing

@Test func malformedHeadsAreRefusedWithTheirReason() {
  let cases: [(String, HTTPError)] = [
    ("\r\n\r\n\r\n\r\n\r\n" + get(), .tooManyEmptyLines),
    (" " + get(), .requestLineMalformed), ("GET  / HTTP/1.1\r\n", .requestLineMalformed),
    ("GET /\r\n", .requestLineMalformed), ("G(T / HTTP/1.1\r\n", .requestLineMalformed),
    ("GET / HTTP/1.1 \r\n", .versionMalformed), ("GET / http/1.1\r\n", .versionMalformed),
    ("GET / HTTP/1.10\r\n", .versionMalformed), ("GET /a b HTTP/1.1\r\n", .versionMalformed),
    ("GET / HTTP/2.0\r\n", .versionUnsupported), ("GET / HTTP/0.9\r\n", .versionUnsupported),
    ("GET\t/", .forbiddenByte), ("GET /\u{1}", .forbiddenByte), ("GET /é", .forbiddenByte),
    ("GET / HTTP/1.1\rX", .bareCarriageReturn), ("GET / HTTP/1.1\n", .bareLineFeed),
    ("GET / HTTP/1.1\r\n Host: a\r\n", .whitespaceBeforeFields), (get("X: a\r\n b\r\n"), .lineFolding),
    (get("X : a\r\n"), .whitespaceBeforeColon), (get("X\t: a\r\n"), .whitespaceBeforeColon),
    (get("X Y: a\r\n"), .fieldNameMalformed), (get(": a\r\n"), .fieldNameMalformed),
    (get("X\r\n"), .fieldMalformed), (get("X: a\u{0}b\r\n"), .forbiddenByteInValue),
    (get("X: a\u{7f}b\r\n"), .forbiddenByteInValue), (get("X: a\nY: b\r\n"), .bareLineFeed),
    (get("X: a\rb\r\n"), .bareCarriageReturn),
    ("GET / HTTP/1.1\r\n\r\n", .hostMissing), (get("Host: a\r\n"), .hostRepeated),
    (get("hOST: b\r\n"), .hostRepeated), ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", .hostRepeated),
  ]
  for (input, error) in cases {
    #expect(Exchange(input).actions == ["refuse \(error)"], "\(input.debugDescription)")
  }
}

@Test func limitsHoldAtTheirByte() {
  var limits = Limits()
  limits.requestLine = 20
  limits.headerSection = 40
  limits.fields = 2
  let line = "GET /abcdef HTTP/1.1\r\n"
  #expect(line.utf8.count == 22)
  let cases: [(String, String)] = [
    (line + "Host: a\r\n\r\n", "GET /abcdef "), ("GET /abcdefg HTTP/1.1\r\n", "refuse requestLineTooLong"),
    (line + "Host: a\r\nX: y\r\nZ: y\r\n\r\n", "refuse tooManyFields"),
    (line + "Host: a\r\nX: " + String(repeating: "y", count: 24) + "\r\n\r\n", "GET /abcdef "),
    (line + "Host: a\r\nX: " + String(repeating: "y", count: 25) + "\r\n\r\n", "refuse headerTooLarge"),
  ]
  for (input, action) in cases {
    #expect(Exchange(input, limits: limits).actions == [action], "\(input.debugDescription)")
    #expect(
      Exchange(input.utf8.map { [$0] }, limits: limits).actions == [action], "\(input.debugDescription)")
  }
}

@Test func legalHeadsAreRead() throws {
  let request = try #require(
    Exchange(get("X-A: 1\r\nx-a:\t2 \r\nEmpty:\r\n!#$%&'*+-.^_`|~09aZ: caf\u{e9}\tx\r\n")).requests.first)
  #expect(request.fieldCount == 5)
  #expect(request[field: "X-a"] == "1, 2")
  #expect(request.fieldValues(named: "x-A").map { String(decoding: $0, as: UTF8.self) } == ["1", "2"])
  #expect(request[field: "empty"] == "")
  #expect(request[field: "absent"] == nil)
  #expect(request[field: "!#$%&'*+-.^_`|~09az"] == "caf\u{c3}\u{a9}\tx")
  #expect(String(decoding: request.field(at: 0).name, as: UTF8.self) == "Host")
}
