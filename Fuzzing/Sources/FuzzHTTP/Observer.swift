import FuzzSupport
import HTTPCore

/// What a connection makes of its input, in a form that can be compared.
struct Observer {
  private(set) var actions: [String] = []
  private(set) var output: [UInt8] = []
  private var connection: HTTPConnection
  private let keepsRest: Bool
  private static let standing = StandingFields(unixSeconds: 0)

  /// With `keepsRest`, the receive buffer is overwritten between two requests of the same piece.
  init(limits: Limits, authorities: AllowedAuthorities, keepsRest: Bool = false) {
    connection = HTTPConnection(limits: limits, authorities: authorities)
    self.keepsRest = keepsRest
  }

  mutating func receive(_ piece: ArraySlice<UInt8>) {
    // Larger than what arrived, as a loop's shared buffer is.
    var buffer = Array(piece) + [UInt8](repeating: UInt8(ascii: "#"), count: 8)
    connection.receive(buffer, count: piece.count)
    while true {
      let action = connection.next()
      if case .needsInput = action { break }
      perform(action)
      if keepsRest {
        connection.keepRest()
        for index in buffer.indices { buffer[index] = UInt8(ascii: "!") }
      }
    }
    for index in buffer.indices { buffer[index] = UInt8(ascii: "?") }
  }

  /// The end of the input, or of the client's time.
  mutating func finish(late: Bool) {
    let phase = connection.phase
    let action = late ? connection.timedOut() : connection.inputEnded()
    require(phase != .idle || action == nil, "an idle connection is owed nothing")
    if let action { perform(action) }
    require(connection.isClosing, "a connection that ended must close")
    receive([UInt8(ascii: "G")])
  }

  private mutating func perform(_ action: HTTPConnection.Action) {
    switch action {
    case .needsInput, .sendContinue: break  // whether 100 is sent depends on how much has arrived
    case .request(let request):
      actions.append(text(of: request))
      let response = Response(200, fields: [("X-Count", "\(request.fieldCount)")], body: Array(request.body))
      connection.answer(response, Self.standing, into: &output)
    case .refuse(let error):
      actions.append("refuse \(error)")
      connection.answer(Response(error.status), Self.standing, closing: true, into: &output)
      require(connection.isClosing, "a refused connection must close")
    }
  }

  private func text(of request: Request) -> String {
    var parts = [request.methodName, "\(request.version)", request.path, "\(request.isForServer)"]
    parts += request.pathSegments.map { String(decoding: $0, as: UTF8.self) }
    parts += request.queryItems.map { "\($0)" }
    parts.append(request.authority.map { "\(Array($0))" } ?? "-")
    for index in 0..<request.fieldCount {
      let field = request.field(at: index)
      let name = String(decoding: field.name, as: UTF8.self)
      parts.append("\(name)=\(Array(field.value))")
      require(!request.fieldValues(named: name).isEmpty, "the field \(name) is not found by its name")
      require(request[field: name] != nil, "the field \(name) has no text")
    }
    parts.append("\(Array(request.body))")
    return parts.joined(separator: "|")
  }
}
