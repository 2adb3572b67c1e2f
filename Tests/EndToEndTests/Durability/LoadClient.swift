import Foundation

/// A client that changes sessions at random, and remembers what the server has acknowledged.
struct LoadClient {
  /// What was acknowledged of a session: what led to each revision after the first.
  struct Known {
    var steps: [Int: String] = [:]
    /// The session's own first revision, before which its steps are another one's.
    var revision = 1
  }

  /// A request whose answer is not there yet.
  private struct Sent {
    let method: String
    let path: String
    let body: String
    let key: String
    let step: String
  }

  let name: String
  /// A session that all clients work with.
  let shared: String
  /// The sessions of this client alone, by their paths.
  private(set) var sessions: [String: Known] = [:]
  private(set) var deleted: [String] = []
  /// What this client did to the shared session, by revision.
  private(set) var sharedSteps: [Int: String] = [:]
  /// Answers that should not be.
  private(set) var surprises: [String] = []
  private var sent: Sent?
  private var count = 0
  private var generator: SplitMix

  init(_ number: Int, shared: String) {
    name = "client-\(number)"
    self.shared = shared
    generator = SplitMix(seed: UInt64(number))
  }

  /// Sends requests until the server is gone.
  mutating func run(_ url: String) {
    guard let client = try? CurlClient() else { return surprises.append("no client") }
    repeat { sent = next() } while send(by: client, url)
  }

  /// Sends the request again that was not answered.
  mutating func sendAgain(_ url: String) throws {
    if sent != nil, !send(by: try CurlClient(), url) { surprises.append("no answer") }
  }

  private mutating func send(by client: CurlClient, _ url: String) -> Bool {
    guard let sent,
      let answer = try? client.request(
        sent.method, url + sent.path,
        headers: [
          "Content-Type: application/json", "Prefer: return=minimal", "Idempotency-Key: \"\(sent.key)\"",
        ],
        body: sent.method == "POST" ? Array(sent.body.utf8) : nil)
    else { return false }
    note(sent, answer)
    self.sent = nil
    return true
  }

  private mutating func next() -> Sent {
    count += 1
    let key = "\(name)-\(count)"
    let value = "0x\(String((count << 8 | Int(generator.next() % 200)) << 12, radix: 16))"
    func post(_ path: String, _ body: String, _ step: String) -> Sent {
      Sent(method: "POST", path: path, body: body, key: key, step: step)
    }
    let setCR3 = #"{"register": "cr3", "value": "\#(value)"}"#
    guard let session = sessions.keys.sorted().randomElement(using: &generator) else {
      return post("/v1/sessions", #"{"preset": "intel-shadow"}"#, "create")
    }
    switch generator.next() % 20 {
    case 0: return post("/v1/sessions", #"{"preset": "amd-shadow"}"#, "create")
    case 1: return post(session + "/fork", "{}", "fork")
    case 2...3 where sessions.count > 3:
      return Sent(method: "DELETE", path: session, body: "", key: key, step: "delete")
    case 4...6: return post(session + "/undo", "{}", "undo")
    case 7...10: return post(shared + "/vcpus/0/set-cr", setCR3, value)
    default: return post(session + "/vcpus/0/set-cr", setCR3, value)
    }
  }

  private mutating func note(_ sent: Sent, _ answer: CurlClient.Response) {
    let session = sent.path.split(separator: "/").prefix(3).reduce("") { $0 + "/" + $1 }
    let revision = (try? JSONDocument(answer.body))?["revision"]?.number.map { Int($0) } ?? 0
    switch (sent.step, answer.status) {
    case ("create", 201): sessions[answer.header("Location") ?? ""] = Known()
    case ("fork", 201):
      var fork = sessions[session]
      fork?.revision = revision
      sessions[answer.header("Location") ?? ""] = fork
    case ("delete", 204), ("delete", 404):
      sessions[session] = nil
      deleted.append(session)
    case ("undo", 409): break
    case (_, 200) where session == shared: sharedSteps[revision] = sent.step
    case (_, 200):
      sessions[session]?.steps[revision] = sent.step
      sessions[session]?.revision = revision
    default: surprises.append("\(sent.method) \(sent.path): \(answer.status) \(answer.text)")
    }
  }
}

/// A generator of numbers that gives the same ones for the same seed (SplitMix64).
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}
