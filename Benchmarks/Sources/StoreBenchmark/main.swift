import Foundation
import Logging
import SessionStore
import Synchronization

/// Measures SessionStore: StoreBenchmark FOLDER [SECONDS]. The databases are made in the folder and removed.

func id(_ number: Int) -> StoredSessionID { StoredSessionID(high: UInt64(number), low: UInt64(number)) }

/// As large as an operation and the summary of its outcome usually are.
let entry = NewEntry(
  bytes: Array(#"{"vcpu":0,"op":"set-cr","register":"cr3","value":"0x0000000000001000"}"#.utf8),
  outcome: Array(#"{"outcome":"ok","cached":true}"#.utf8))
let header = [UInt8](repeating: 0x20, count: 600)
let summary = Array(#"{"name":"a session","boot":"long-mode"}"#.utf8)

/// Seconds of processor time of this process.
func processorTime() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

/// Clients that each append to a session of their own, the next entry when the last is acknowledged.
final class Clients: Sendable {
  private let store: SessionStore
  private let deadline: ContinuousClock.Instant
  private let acknowledged = Atomic(0)
  private let done = DispatchGroup()
  private let queue = DispatchQueue(label: "clients")

  init(_ store: SessionStore, clients: Int, seconds: Double) {
    self.store = store
    deadline = .now + .seconds(seconds)
    for client in 0..<clients {
      done.enter()
      queue.async { self.step(client, 1) }
    }
    done.wait()
  }

  var units: Int { acknowledged.load(ordering: .relaxed) }

  private func step(_ client: Int, _ revision: Int) {
    guard ContinuousClock.now < deadline else {
      done.leave()
      return
    }
    store.submit([.append(id(client), after: revision, entries: [entry])]) { result in
      guard case .success = result else { exit(1) }
      self.acknowledged.add(1, ordering: .relaxed)
      self.queue.async { self.step(client, revision + 1) }
    }
  }
}

func withStore(_ durability: Durability, _ body: (SessionStore, String) throws -> Void) throws {
  let folder = URL(filePath: CommandLine.arguments[1]).appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  var options = StoreOptions()
  options.durability = durability
  let path = folder.appending(path: "sessions.sqlite").path(percentEncoded: false)
  let store = try SessionStore(path: path, options: options)
  try body(store, path)
  try store.close()
}

func write(_ store: SessionStore, _ writes: [Write]) {
  let done = DispatchSemaphore(value: 0)
  store.submit(writes) { result in
    if case .failure(let error) = result { print(error) }
    done.signal()
  }
  done.wait()
}

func create(_ number: Int) -> Write { .create(id(number), summary: summary, header: header, time: number) }

func time(_ name: String, _ body: () throws -> Void) rethrows {
  let start = ContinuousClock.now
  try body()
  print("\(name): \(ContinuousClock.now - start)")
}

func throughput(seconds: Double) throws {
  print("durability  clients  units/s  units/commit  CPU us/unit")
  let levels: [(String, Durability)] = [
    ("full", .full), ("normal", .normal), ("relaxed", .relaxed(milliseconds: 100)),
  ]
  for (name, durability) in levels {
    for count in [1, 16, 64] {
      try withStore(durability) { store, _ in
        write(store, (0..<count).map(create))
        let before = (store.writerCounts, processorTime())
        let clients = Clients(store, clients: count, seconds: seconds)
        let commits = max(1, store.writerCounts.commits - before.0.commits)
        let cost = (processorTime() - before.1) / Double(clients.units) * 1e6
        print(
          "\(name)  \(count)  \(Int(Double(clients.units) / seconds))  \(clients.units / commits)  "
            + "\((cost * 10).rounded() / 10)")
      }
    }
  }
}

/// How much the file grows by an entry, and what reading and copying a long history takes.
func histories() throws {
  try withStore(.normal) { store, path in
    write(store, [create(0)])
    try store.close()
    let empty = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    let again = try SessionStore(path: path)
    for number in 1...100 { write(again, [create(number)]) }
    for revision in 1...1000 {
      for number in 1...100 {
        again.submit([.append(id(number), after: revision, entries: [entry])]) { _ in }
      }
      write(again, [])
    }
    try again.close()
    let full = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    print("bytes of an entry and its outcome: \(entry.bytes.count + entry.outcome.count)")
    print(
      "bytes on disk for each of 100,000 entries in 100 sessions, interleaved: \((full - empty) / 100_000)")
  }
  try withStore(.full) { store, _ in
    write(store, [create(1), .append(id(1), after: 1, entries: Array(repeating: entry, count: 10_000))])
    let reader = store.reader
    try time("read a session of 10,000 entries") { _ = try reader.session(id(1), snapshotFormat: "") }
    try time("read it again") { _ = try reader.session(id(1), snapshotFormat: "") }
    try time("read 100 of its entries") { _ = try reader.history(of: id(1), after: 5000, limit: 100) }
    for fork in 2...4 {
      time("fork it, synced") {
        write(
          store, [.fork(id(1), revision: 10_001, into: id(fork), summary: summary, header: header, time: 0)])
      }
    }
    time("delete it, synced") { write(store, [.delete(id(1))]) }
  }
}

func manySessions() throws {
  try withStore(.normal) { store, path in
    for block in 0..<100 {
      let numbers = block * 1000..<block * 1000 + 1000
      write(
        store, numbers.flatMap { [create($0), .append(id($0), after: 1, entries: [entry, entry, entry])] })
    }
    try store.close()
    var again: SessionStore?
    try time("open 100,000 sessions") { again = try SessionStore(path: path) }
    guard let again else { return }
    try time("read one") { _ = try again.reader.session(id(54_321), snapshotFormat: "") }
    try time("read another") { _ = try again.reader.session(id(12_345), snapshotFormat: "") }
    try time("list 100 by last use") { _ = try again.reader.sessions(.byLastUse(after: nil), limit: 100) }
    try time("expire 100") { _ = try again.expireSessions(lastUsedBefore: 1000, limit: 100) }
    let bytes = try again.reader.counts().bytes
    print("bytes on disk for a session with 3 entries: \(bytes / 100_000)")
    try again.close()
  }
}

guard CommandLine.arguments.count > 1 else {
  print("usage: StoreBenchmark FOLDER [SECONDS]")
  exit(64)
}
try throughput(seconds: CommandLine.arguments.count > 2 ? Double(CommandLine.arguments[2]) ?? 2 : 2)
try histories()
try manySessions()
