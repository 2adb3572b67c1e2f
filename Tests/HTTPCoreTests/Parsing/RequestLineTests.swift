import HTTPCore
import Testing

@Test func targetsHaveFourForms() {
  let cases: [(method: String, target: String, action: String)] = [
    ("GET", "/", "GET / "), ("GET", "/a/b?c=d", "GET /a/b "), ("GET", "/%41?%42", "GET /%41 "),
    ("GET", "/??x=/?:@!$&'()*+,;=%41-._~", "GET / "), ("OPTIONS", "*", "OPTIONS * "),
    ("GET", "http://a", "GET / "), ("GET", "HTTP://a:80/x", "GET /x "), ("GET", "http://a?q", "GET / "),
    ("GET", "http://[::1]:8080/x", "GET /x "), ("M!#9", "/", "M!#9 / "), ("get", "/", "get / "),
    ("GET", "*", "refuse targetFormUnsuited"), ("GET", "foo", "refuse targetMalformed"),
    ("GET", "?q", "refuse targetMalformed"), ("GET", "a:80", "refuse targetMalformed"),
    ("GET", "http:///x", "refuse hostMalformed"), ("GET", "http://u@a/", "refuse userinfoInTarget"),
    ("GET", "http://a:b/", "refuse hostMalformed"), ("GET", "https://a/", "refuse misdirected"),
    ("GET", "ftp://a/", "refuse misdirected"), ("CONNECT", "a:1", "refuse tunnelUnsupported"),
    ("GET", "/%", "refuse percentEncodingMalformed"), ("GET", "/%1", "refuse percentEncodingMalformed"),
    ("GET", "/%zz", "refuse percentEncodingMalformed"), ("GET", "/?%1", "refuse percentEncodingMalformed"),
    ("GET", "/%00", "refuse encodedNUL"), ("GET", "/#f", "refuse targetMalformed"),
  ]
  for (method, target, action) in cases {
    let exchange = Exchange("\(method) \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(exchange.actions == [action], "\(method) \(target)")
  }
  for character in "<>\"{}|^`\\[]" {
    #expect(Exchange(get(target: "/x\(character)y")).actions == ["refuse targetMalformed"], "\(character)")
  }
}

@Test func zerosAfterTheMethodAreNoPartOfIt() {
  for method in Method.allCases {
    for count in 1...7 {
      let line = method.name + String(repeating: "\0", count: count) + " /livez HTTP/1.1\r\n"
      #expect(Exchange(line + "Host: a\r\n\r\n").actions == ["refuse forbiddenByte"], "\(method), \(count)")
    }
  }
}

@Test func higherMinorVersionsAreSpokenAs1_1() {
  let exchange = Exchange(get(version: "HTTP/1.9"))
  #expect(exchange.actions == ["GET / "])
  #expect(exchange.requests.first?.version == .http1_1)
  #expect(!exchange.connection.isClosing)
}

@Test func authorityComesFromTheTargetThenFromHost() {
  func authority(_ input: String) -> String? {
    Exchange(input).requests.first?.authority.map { String(decoding: $0, as: UTF8.self) }
  }
  #expect(authority(get()) == "a")
  #expect(authority(get(target: "http://b:1/x")) == "b:1")
  #expect(authority("GET / HTTP/1.0\r\n\r\n") == nil)
}
