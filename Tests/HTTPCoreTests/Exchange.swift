import HTTPCore

/// What a connection makes of an input: one line per action, with the bytes it answered.
struct Exchange {
  var actions: [String] = []
  var requests: [Request] = []
  var output: [UInt8] = []
  var connection: HTTPConnection

  static let standing = StandingFields(unixSeconds: 0)

  init(limits: Limits = Limits(), authorities: AllowedAuthorities = .any) {
    connection = HTTPConnection(limits: limits, authorities: authorities)
  }

  /// Everything that happens to `pieces`, received one after the other.
  init(_ pieces: [[UInt8]], limits: Limits = Limits(), authorities: AllowedAuthorities = .any) {
    self.init(limits: limits, authorities: authorities)
    for piece in pieces { receive(piece) }
  }

  init(_ text: String, limits: Limits = Limits(), authorities: AllowedAuthorities = .any) {
    self.init([Array(text.utf8)], limits: limits, authorities: authorities)
  }

  mutating func receive(_ piece: [UInt8]) {
    // The buffer is larger than what arrived and is overwritten later, as a loop's shared buffer is.
    var buffer = piece + [UInt8](repeating: UInt8(ascii: "#"), count: 16)
    connection.receive(buffer, count: piece.count)
    while true {
      let action = connection.next()
      if case .needsInput = action { break }
      perform(action)
    }
    for index in buffer.indices { buffer[index] = UInt8(ascii: "!") }
  }

  mutating func perform(_ action: HTTPConnection.Action) {
    switch action {
    case .needsInput: break
    case .sendContinue: actions.append("continue")
    case .request(let request):
      actions.append(
        "\(request.methodName) \(request.path) \(String(decoding: request.body, as: UTF8.self))")
      requests.append(request)
      connection.answer(Response(200, body: Array(request.body)), Self.standing, into: &output)
    case .refuse(let error):
      actions.append("refuse \(error)")
      connection.answer(Response(error.status), Self.standing, into: &output)
    }
  }
}

/// A GET with these further lines, each with its CRLF.
func get(_ lines: String = "", target: String = "/", version: String = "HTTP/1.1") -> String {
  "GET \(target) \(version)\r\nHost: a\r\n\(lines)\r\n"
}

/// A POST of a chunked body as given.
func chunked(_ body: String) -> String {
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)"
}
