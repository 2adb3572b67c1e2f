import Dispatch
import Foundation
import Synchronization
import Testing

@testable import SessionStore

/// Holds commits back until it is opened, and counts them.
private final class Gate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  private let units = Mutex<[Int]>([])

  var faults: StoreFaults {
    StoreFaults(commit: { count in
      self.units.withLock { $0.append(count) }
      self.semaphore.wait()
    })
  }

  /// The number of units of each commit that was begun.
  var begun: [Int] { units.withLock { $0 } }

  func open() { for _ in 0..<10_000 { semaphore.signal() } }

  /// Waits until so many commits have begun.
  func wait(for count: Int) { while begun.count < count { Thread.sleep(forTimeInterval: 0.0005) } }
}

@Suite("Writing: what waits is committed together, in order, each unit whole or not at all")
struct CommitterTests {
  @Test("one transaction, and so one sync, for all that wait")
  func groupCommit() throws {
    let gate = Gate()
    let groups = Mutex<[(Int, Int)]>([])
    let store = try TestStore().open(
      .full, faults: gate.faults,
      deliver: { group, finished in
        groups.withLock { $0.append((group, finished.count)) }
        for unit in finished { unit() }
      })
    let results = Results()
    store.submit([create(0)], completion: results.note(0))
    gate.wait(for: 1)
    for number in 1...64 {
      store.submit([create(number)], group: number % 4, completion: results.note(number))
    }
    #expect(store.waiting.units == 64 && store.waiting.bytes > 64 * 128)
    gate.open()
    let ended = results.wait(for: 65)
    #expect(ended.allSatisfy { $0.error == nil } && Set(ended.map(\.unit)) == Set(0...64))
    #expect(gate.begun == [1, 64])
    #expect(store.writerCounts == WriterCounts(units: 65, commits: 2))
    #expect(store.waiting.units == 0 && store.waiting.bytes == 0)
    // Each group is told once.
    let told = groups.withLock { $0 }.sorted { $0 < $1 }
    #expect(told.map(\.0) == [0, 0, 1, 2, 3] && told.map(\.1) == [1, 16, 16, 16, 16])
  }

  @Test("units of one commit are performed, and end, in the order of submission")
  func order() throws {
    let gate = Gate()
    let store = try TestStore().open(faults: gate.faults)
    let results = Results()
    store.submit([create(1)], completion: results.note(1))
    gate.wait(for: 1)
    for revision in 2...500 {
      store.submit([append(1, revision...revision)], completion: results.note(revision))
    }
    gate.open()
    let ended = results.wait(for: 500)
    #expect(ended.map(\.unit) == Array(1...500) && ended.allSatisfy { $0.error == nil })
    #expect(try store.session(id(1))?.entries == stored(2...500))
  }

  @Test("a bad unit fails alone, and leaves nothing")
  func badUnits() throws {
    let gate = Gate()
    let store = try TestStore().open(faults: gate.faults)
    let results = Results()
    store.submit([create(1)], completion: results.note(0))
    gate.wait(for: 1)
    let units: [([Write], StoreError?)] = [
      ([append(1, 2...3)], nil),
      ([create(2), append(1, 5...5)], .revisionConflict(id(1), current: 3)),
      ([append(1, 4...4), create(1)], .sessionExists(id(1))),
      ([append(1, 4...4), append(3, 2...2)], .noSession(id(3))),
      ([append(1, 3...3)], .revisionConflict(id(1), current: 3)),
      ([create(4), .delete(id(4)), .delete(id(4))], .noSession(id(4))),
      ([append(1, 4...4), append(1, 5...6)], nil),
      ([], nil),
    ]
    for (number, unit) in zip(1..., units) { store.submit(unit.0, completion: results.note(number)) }
    gate.open()
    let ended = results.wait(for: units.count + 1)
    #expect(ended.map(\.unit) == Array(0...units.count))
    #expect(ended.dropFirst().map(\.error) == units.map(\.1))
    #expect(gate.begun == [1, units.count])
    #expect(store.writerCounts == WriterCounts(units: 4, refusedUnits: 5, commits: 2))
    #expect(try store.session(id(1))?.entries == stored(2...6))
    #expect(store.sessionCount == 1)
    #expect(try store.reader.counts().sessions == 1)
  }

  @Test("a commit that fails fails all in it, and the next one is tried anew")
  func failingCommit() throws {
    let failures: [StoreError] = [.diskFull, .readOnly, .locked, .corrupt("c"), .io("i")]
    let next = Mutex<[StoreError]>([])
    let store = try TestStore().open(
      faults: StoreFaults(commit: { _ in
        if let error = next.withLock({ $0.popLast() }) { throw error }
      }))
    #expect(store.write([create(0)]) == nil)
    for (number, failure) in zip(1..., failures) {
      next.withLock { $0 = [failure] }
      #expect(store.write([create(number), append(0, number + 1...number + 1)]) == failure)
      #expect(store.failure == failure)
      #expect(try store.session(id(number)) == nil && store.sessionCount == number)
      #expect(store.write([create(number), append(0, number + 1...number + 1)]) == nil)
      #expect(store.failure == nil)
    }
    #expect(store.writerCounts.failedCommits == 5)
    #expect(try store.session(id(0))?.entries == stored(2...6))
  }

  @Test("a full database refuses writes and is read, and goes on when there is room")
  func fullDisk() throws {
    let store = try TestStore().open(change: { $0.maximumSize = 300 * 4096 })
    let large = [UInt8](repeating: 7, count: 50_000)
    var made = 0
    while true {
      let error = store.write([.create(id(made), summary: [], header: large, time: 0), append(made, 2...2)])
      if let error {
        #expect(error == .diskFull)
        break
      }
      made += 1
    }
    #expect(made > 10 && store.failure == .diskFull)
    for number in 0..<made { #expect(try store.session(id(number))?.header == large) }
    #expect(try store.session(id(made)) == nil && store.sessionCount == made)
    #expect(store.write([.delete(id(0))]) == nil)
    #expect(store.failure == nil)
    #expect(store.write([.create(id(made), summary: [], header: large, time: 0)]) == nil)
    #expect(try store.reader.examine().problems == [])
  }

  @Test("beyond its bounds nothing is taken in, and one unit always is")
  func overload() throws {
    for (units, bytes, taken) in [(3, 1 << 20, 3), (100, 2000, 4), (1, 1, 1)] {
      let gate = Gate()
      let store = try TestStore().open(
        faults: gate.faults,
        change: {
          $0.maximumWaitingUnits = units
          $0.maximumWaitingBytes = bytes
        })
      let results = Results()
      store.submit([create(0)], completion: results.note(0))
      gate.wait(for: 1)
      let header = [UInt8](repeating: 0, count: 200)
      for number in 1...6 {
        store.submit(
          [.create(id(number), summary: [], header: header, time: 0)], completion: results.note(number))
      }
      let refused = results.wait(for: 6 - taken)
      #expect(refused.map(\.unit) == Array(taken + 1...6), "\(units) units, \(bytes) bytes")
      #expect(refused.allSatisfy { $0.error == .overloaded })
      gate.open()
      #expect(results.wait(for: taken + 1).count { $0.error == nil } == taken + 1)
      #expect(store.write([create(7)]) == nil)
    }
  }

  @Test("a closed store has written what waited, and refuses the rest")
  func close() throws {
    let test = try TestStore()
    let store = try test.open(.relaxed(milliseconds: 3_600_000))
    for number in 1...5 { #expect(store.write([create(number)]) == nil) }
    #expect(store.waiting.units == 5)
    try store.close()
    #expect(store.write([create(6)]) == .closed)
    #expect(throws: StoreError.self) { try store.session(id(1)) }
    #expect(try test.open().reader.counts().sessions == 5)
  }
}

@Suite("Relaxed durability acknowledges first, keeps the order, and is read as if it were written")
struct RelaxedDurabilityTests {
  private let hour = Durability.relaxed(milliseconds: 3_600_000)

  @Test("reads see what was acknowledged, in one commit")
  func reads() throws {
    let store = try TestStore().open(hour)
    #expect(store.write([create(1)]) == nil)
    for revision in 2...100 { #expect(store.write([append(1, revision...revision)]) == nil) }
    #expect(store.writerCounts.commits == 0 && store.waiting.units == 100)
    #expect(try store.session(id(1))?.entries == stored(2...100))
    #expect(store.writerCounts == WriterCounts(units: 100, commits: 1))
    _ = try store.session(id(1))
    #expect(store.writerCounts.commits == 1)
  }

  @Test("it is written after its time, and earlier when half of the room is taken")
  func time() throws {
    let results = Results()
    let begun = StoreFaults(commit: { _ in results.note(0)(.success(())) })
    let soon = try TestStore().open(.relaxed(milliseconds: 1), faults: begun)
    #expect(soon.write([create(1)]) == nil)
    results.wait(for: 1)

    let filling = try TestStore().open(hour, faults: begun, change: { $0.maximumWaitingUnits = 10 })
    for number in 1...6 { #expect(filling.write([create(number)]) == nil) }
    // The next one is acknowledged when it is committed.
    #expect(filling.write([create(7)]) == nil)
    results.wait(for: 1)
  }

  @Test("while commits fail, writes are acknowledged late; what was acknowledged before is kept and written")
  func failure() throws {
    let isFull = Mutex(true)
    let test = try TestStore()
    let store = try test.open(
      hour,
      faults: StoreFaults(commit: { _ in if isFull.withLock({ $0 }) { throw StoreError.diskFull } }))
    #expect(store.write([create(1), append(1, 2...3)]) == nil)
    // Reads go on, without what cannot be written.
    #expect(try store.session(id(1)) == nil)
    #expect(store.failure == .diskFull && store.waiting.units == 1)

    let results = Results()
    store.submit([append(1, 4...4)], completion: results.note(4))
    #expect(results.all.isEmpty)
    _ = try store.session(id(1))
    #expect(results.wait(for: 1)[0].error == .diskFull)
    #expect(store.waiting.units == 1)

    isFull.withLock { $0 = false }
    store.submit([append(1, 4...4)], completion: results.note(4))
    #expect(try store.session(id(1))?.entries == stored(2...4))
    #expect(results.wait(for: 1)[1].error == nil)
    #expect(store.failure == nil)
    #expect(store.write([append(1, 5...5)]) == nil && store.waiting.units == 1)

    isFull.withLock { $0 = true }
    #expect(throws: StoreError.diskFull) { try store.close() }
  }
}
