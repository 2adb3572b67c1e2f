import Foundation

/// The folder that holds the whole repository.
let repository = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// A live server and a client that asks it: what most tests need.
struct Service {
  let server: LiveServer
  let client: CurlClient

  init() throws {
    server = try LiveServer()
    client = try CurlClient()
  }

  /// What a Host field has to say.
  var host: Substring { server.url.dropFirst("http://".count) }

  /// Sends a request, with a body of JSON if there is one.
  func send(
    _ method: String, _ path: String, _ body: String? = nil, headers: [String] = []
  ) throws -> CurlClient.Response {
    let type =
      body == nil || headers.contains { $0.hasPrefix("Content-Type") }
      ? [] : ["Content-Type: application/json"]
    return try client.request(
      method, server.url + path, headers: type + headers, body: (body?.utf8).map(Array.init), timeout: 60_000)
  }

  /// Makes a session.
  ///
  /// - Returns: its path.
  func session(_ body: String = "{}") throws -> String {
    let response = try send("POST", "/v1/sessions", body)
    guard response.status == 201, let path = response.header("Location") else {
      throw UnexpectedAnswer(response)
    }
    return path
  }
}

struct UnexpectedAnswer: Error, CustomStringConvertible {
  let description: String

  init(_ response: CurlClient.Response) { description = "\(response.status) \(response.text)" }
}
