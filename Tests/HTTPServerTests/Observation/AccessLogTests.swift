import Dispatch
import HTTPCore
import Logging
import Synchronization
import Testing

@testable import HTTPServer

/// Keeps the metadata of all messages; holds each back until `gate` is open.
private final class Recorder: Sendable {
  let messages = Mutex<[Logger.Metadata]>([])
  let gate = DispatchSemaphore(value: 0)

  func logger(isOpen: Bool = true) -> Logger {
    if isOpen { gate.signal() }
    return Logger(label: "test") { _ in Handler(recorder: self) }
  }

  struct Handler: LogHandler {
    let recorder: Recorder
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) {
      recorder.gate.wait()
      recorder.gate.signal()
      recorder.messages.withLock { $0.append(event.metadata ?? [:]) }
    }
  }
}

@Suite struct AccessLogTests {
  private func entry(_ request: Request?, route: Int = 0, refusal: HTTPError? = nil) -> AccessEntry {
    AccessEntry(
      time: 1_795_375_903_001_002_999, peer: ClientAddress(high: 0, low: 0xffff_c000_0201),
      request: request.map(AccessEntry.Line.init), route: route, status: 200, bytes: 321, nanoseconds: 45_678,
      refusal: refusal)
  }

  private let routes = [RouteLabel.none, RouteLabel(method: "GET", template: "/things/{id}", group: "read")]

  @Test func aLineSaysWhatWasAnswered() throws {
    let traceID = "0af7651916cd43dd8448eb211c80319c"
    let request = try Request(
      .get, "/things/7?secret=1", fields: [("traceparent", "00-\(traceID)-b7ad6b7169203331-01")])
    let recorder = Recorder()
    let log = AccessLog(recorder.logger()) { $0.replacing("7", with: "…") }
    #expect(log.add(entry(request, route: 1), routes))
    log.flush()
    let line = try #require(recorder.messages.withLock { $0.first }).mapValues { "\($0)" }
    #expect(
      line == [
        "time": "2026-11-22T19:31:43.001002Z", "peer": "192.0.2.1", "method": "GET", "route": "/things/{id}",
        "path": "/things/…", "status": "200", "bytes": "321", "microseconds": "45", "trace_id": traceID,
        "parent_id": "b7ad6b7169203331",
      ])
  }

  @Test func aRequestThatCouldNotBeReadHasNoPath() throws {
    let line = entry(nil, refusal: .bareLineFeed).metadata(routes) { $0 }
    #expect(line["refused"] == "bare-line-feed")
    #expect(line["path"] == nil && line["method"] == nil && line["route"] == nil && line["trace_id"] == nil)
  }

  @Test func longMethodsAndPathsAreCutBetweenSegments() throws {
    let method = String(repeating: "M", count: 100)
    let path = "/a/" + String(repeating: "b", count: 300) + "/" + String(repeating: "c", count: 300)
    let line = entry(try Request(method: method, path)).metadata(routes) { $0 }
    #expect(line["method"] == "\(method.prefix(32))")
    #expect(line["path"] == "/a/\(String(repeating: "b", count: 300))/…")
  }

  @Test func whatDoesNotFitIsDropped() throws {
    let recorder = Recorder()
    let log = AccessLog(recorder.logger(isOpen: false), capacity: 3) { $0 }
    let request = try Request(.get, "/")
    let kept = (0..<100).count { _ in log.add(entry(request), routes) }
    // Three wait, and the writer may hold as many that it took before.
    #expect((3...6).contains(kept))
    recorder.gate.signal()
    log.flush()
    #expect(recorder.messages.withLock { $0.count } == kept)
    #expect(log.add(entry(request), routes))
    log.flush()
    #expect(recorder.messages.withLock { $0.count } == kept + 1)
  }

  @Test func addressesAreText() {
    #expect(ClientAddress(high: 0, low: 0xffff_7f00_0001).description == "127.0.0.1")
    #expect(ClientAddress(high: 0, low: 1).description == "::1")
    #expect(ClientAddress(high: 0x2001_0db8 << 32, low: 0xa).description == "2001:db8::a")
  }
}
