import Foundation
import RolecallAPI
import Synchronization
import Testing

@Suite("What survives the end of the server")
struct DurabilityTests {
  private static let kills = 20

  @Test("the server is killed 20 times under load: whatever it acknowledged is there, once, and nothing else")
  func kills() throws {
    let folder = try TemporaryFolder()
    var generator = SplitMix(seed: 2026)
    var server = try start(folder, round: 0)
    let made = try CurlClient().request("POST", server.url + "/v1/sessions")
    let shared = try #require(made.header("Location"))
    var clients = (0..<4).map { LoadClient($0, shared: shared) }
    var replayed: [String: Int] = [:]
    for round in 1...Self.kills {
      clients = load(clients, on: server, microseconds: UInt32(generator.next() % 300_000))
      server = try start(folder, round: round)
      for index in clients.indices { try clients[index].sendAgain(server.url) }
      try check(clients, shared, server, &replayed)
    }
    try checkReplay(shared, server)
    #expect(clients.reduce(0) { $0 + $1.sharedSteps.count } > Self.kills)
    #expect(clients.contains { !$0.deleted.isEmpty })
    try server.stop()
    let (status, output) = try runCommand(["doctor", "--data", folder.path, "--sessions", "1000000"])
    #expect(status == 0 && output.hasSuffix("\nsound\n"), "\(output)")
  }

  private func start(_ folder: TemporaryFolder, round: Int) throws -> LiveServer {
    let variants = [
      [], ["--durability", "normal"], ["--sessions-in-memory", "16"], ["--poller", "poll"],
    ]
    return try LiveServer(["--log-level", "error"] + variants[round % variants.count], data: folder.path)
  }

  /// Lets each client work on a thread of its own until the server is killed, so long after their start.
  private func load(_ clients: [LoadClient], on server: LiveServer, microseconds: UInt32) -> [LoadClient] {
    let results = Mutex(clients)
    let url = server.url
    let group = DispatchGroup()
    for (index, client) in clients.enumerated() {
      group.enter()
      Thread.detachNewThread {
        var client = client
        client.run(url)
        results.withLock { [client] in $0[index] = client }
        group.leave()
      }
    }
    usleep(microseconds)
    server.kill()
    group.wait()
    return results.withLock { $0 }
  }

  /// Compares all sessions with what their clients know, and those that have changed with their replay.
  private func check(
    _ clients: [LoadClient], _ shared: String, _ server: LiveServer, _ replayed: inout [String: Int]
  ) throws {
    let curl = try CurlClient()
    for client in clients {
      #expect(client.surprises.isEmpty, "\(client.name): \(client.surprises)")
      for (session, known) in client.sessions {
        #expect(try steps(session, server, curl) == known.steps, "\(session) of \(client.name)")
        if replayed.updateValue(known.revision, forKey: session) != known.revision {
          try checkReplay(session, server)
        }
      }
      for session in client.deleted.suffix(8) {
        #expect(try curl.request("GET", server.url + session).status == 404)
      }
    }
    let all = clients.reduce(into: [Int: String]()) { all, client in
      all.merge(client.sharedSteps) { "\($0) and \($1) have the same revision" }
    }
    #expect(try steps(shared, server, curl) == all)
  }

  /// What the history says of each revision after the first: the value of CR3, or undo.
  private func steps(_ session: String, _ server: LiveServer, _ client: CurlClient) throws -> [Int: String] {
    var steps: [Int: String] = [:]
    while true {
      let path = "\(session)/history?limit=1000&after=\(steps.count + 1)"
      let history = try JSONDocument(client.request("GET", server.url + path).body)
      let entries = try #require(history["entries"]?.array)
      for (revision, entry) in zip((steps.count + 2)..., entries) {
        #expect(entry["revision"]?.number == Double(revision))
        steps[revision] = entry["operation"]?["value"]?.string ?? entry["action"]?.string
      }
      if history["revision"]?.number == Double(steps.count + 1) { return steps }
      try #require(!entries.isEmpty, "\(path)")
    }
  }

  private func checkReplay(_ session: String, _ server: LiveServer) throws {
    let client = try CurlClient()
    let replay = try ScriptReplay(client.request("GET", server.url + session + "/export").body)
    let (again, document) = try (
      JSONDocument(replay.json), JSONDocument(client.request("GET", server.url + session).body)
    )
    for key in ["boot", "machine", "vcpus", "stats"] {
      #expect(again[key] == document[key], "\(key) of \(session)")
    }
  }
}
