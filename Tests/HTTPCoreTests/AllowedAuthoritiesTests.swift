import HTTPCore
import Testing

@Test func onlyAllowedHostsAreAnswered() {
  let allowed = AllowedAuthorities(["localhost:80", "[::1]:80"])
  for host in ["localhost:80", "LocalHost:80", "[::1]:80"] {
    #expect(Exchange(request(for: host), authorities: allowed).actions == ["GET / "], "\(host)")
  }
  for host in ["localhost", "localhost:81", "evil.example", "localhost:80.evil", "%6cocalhost:80"] {
    #expect(Exchange(request(for: host), authorities: allowed).actions != ["GET / "], "\(host)")
  }
  let absolute = "GET http://evil.example/ HTTP/1.1\r\nHost: localhost:80\r\n\r\n"
  #expect(Exchange(absolute, authorities: allowed).actions == ["refuse misdirected"])
  #expect(Exchange("GET / HTTP/1.0\r\n\r\n", authorities: allowed).actions == ["GET / "])
}

@Test func entriesWithoutAPortAllowEveryPort() {
  let allowed = AllowedAuthorities(["lab.example", "[::2]"])
  for host in ["lab.example", "LAB.example:8080", "lab.example:", "[::2]:9"] {
    #expect(Exchange(request(for: host), authorities: allowed).actions == ["GET / "], "\(host)")
  }
  for host in ["a.lab.example", "lab.example.", "[::1]:9", "127.0.0.1"] {
    #expect(
      Exchange(request(for: host), authorities: allowed).actions == ["refuse misdirected"], "\(host)")
  }
}

@Test func addressesAreTakenWhereNoNameCanHaveBeenRebound() {
  let allowed = AllowedAuthorities(["localhost"], takesAddresses: true)
  for host in ["127.0.0.1", "192.0.2.7:8080", "[fe80::1]:80", "[::1]", "localhost:1"] {
    #expect(Exchange(request(for: host), authorities: allowed).actions == ["GET / "], "\(host)")
  }
  for host in ["127.0.0.1.nip.example", "a1.2", "evil.example:80", "%31", "1a"] {
    #expect(
      Exchange(request(for: host), authorities: allowed).actions == ["refuse misdirected"], "\(host)")
  }
}

@Test func entriesHaveTheFormOfAHost() {
  for text in ["lab.example", "lab.example:80", "[::1]:80", "10.0.0.1"] {
    #expect(AllowedAuthorities.isValid(text), "\(text)")
  }
  for text in ["", "http://lab.example", "lab.example/", "a b", "a:b", "[::1", "*:x"] {
    #expect(!AllowedAuthorities.isValid(text), "\(text)")
  }
}

private func request(for host: String) -> String { "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n" }
