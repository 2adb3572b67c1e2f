import HTTPCore
import Testing

@Test func hostsHaveTheirForm() {
  let good = ["a", "A.b-c_d~e", "127.0.0.1:80", "[::1]", "[::1]:65535", "a:", "%6c", "a,b"]
  let bad = [
    "", "u@a", "a/x", "a b", "a, b", "a:x", "a:-1", "a:65536", "[::1", "[]", "[::1]x", "[g]", "a\\b", "a?b",
    "a#b",
    "a\tb", "http://a", "a:1:2", ":80",
  ]
  for host in good { #expect(Exchange(request(for: host)).actions == ["GET / "], "\(host)") }
  for host in bad { #expect(Exchange(request(for: host)).actions == ["refuse hostMalformed"], "\(host)") }
}

private func request(for host: String) -> String { "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n" }
