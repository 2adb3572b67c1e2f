import HTTPCore
import Testing

@Test func requestsCanBeMadeWithoutAConnection() throws {
  let request = try Request(.post, "/a?b=c", fields: [("X", "y")], body: Array("hello".utf8))
  #expect(request.method == .post)
  #expect(request.path == "/a")
  #expect(request[field: "x"] == "y")
  #expect(String(decoding: request.body, as: UTF8.self) == "hello")
  #expect(throws: HTTPError.targetMalformed) { try Request(.get, "a") }
  #expect(throws: HTTPError.bareLineFeed) { try Request(.get, "/", fields: [("X", "a\nb")]) }
}

@Test func pathsHaveDecodedSegments() throws {
  let cases = [
    ("/", [""]), ("/a/b", ["a", "b"]), ("/a/", ["a", ""]), ("//a", ["", "a"]), ("/a%2Fb/%41", ["a/b", "A"]),
    ("/..", [".."]), ("/%2541", ["%41"]), ("http://a", [""]),
  ]
  for (target, segments) in cases {
    let found = try Request(.get, target).pathSegments.map { String(decoding: $0, as: UTF8.self) }
    #expect(found == segments, "\(target)")
  }
}

@Test func queriesHaveDecodedItems() throws {
  let items = try Request(.get, "/?a=1&b=x+y%26&&c&=d&a=2=3").queryItems
  #expect(items.map(\.name) == ["a", "b", "c", "", "a"])
  #expect(items.map(\.value) == ["1", "x y&", nil, "d", "2=3"])
  #expect(try Request(.get, "/").queryItems.isEmpty)
  #expect(try Request(.get, "/").rawQuery == nil)
  #expect(try Request(.get, "/?").rawQuery == [])
}

@Test func methodsAreCaseSensitive() throws {
  #expect(Method("GET") == .get)
  #expect(Method("get") == .other)
  for name in ["GET", "CONNECT"] { #expect(Method(name).name == name) }
  for name in ["GET", "FROB", "get", "PROPPATCH-LONGER"] {
    #expect(try Request(method: name, "/").methodName == name)
  }
}

@Test func bytesOfFieldsBeyondASCIIAreISO8859_1() throws {
  let request = try Request(.get, "/", fields: [("X", "e\u{301}"), ("Y", "plain"), ("Y", "é")])
  #expect(request[field: "X"] == "e\u{cc}\u{81}")
  #expect(request[field: "Y"] == "plain, \u{c3}\u{a9}")
}
