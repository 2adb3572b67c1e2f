import Dispatch
import GRDB
import Logging
import Synchronization

/// Writes what waits: all of it, in order, in one transaction, so that one sync serves everyone who waits.
final class Committer: Sendable {
  private let pool: DatabasePool
  private let durability: Durability
  private let faults: StoreFaults
  private let deliver: SessionStore.Deliver
  private let logger: Logger
  private let queue: Mutex<WriteQueue>
  private let counts = Mutex(WriterCounts())
  private let sessions: Atomic<Int>
  private let dispatch = DispatchQueue(label: "session-store.writer")

  init(
    _ pool: DatabasePool, options: StoreOptions, sessions: Int, faults: StoreFaults, logger: Logger,
    deliver: @escaping SessionStore.Deliver
  ) {
    self.pool = pool
    durability = options.durability
    self.faults = faults
    self.logger = logger
    self.deliver = deliver
    self.sessions = Atomic(sessions)
    queue = Mutex(
      WriteQueue(maximumUnits: options.maximumWaitingUnits, maximumBytes: options.maximumWaitingBytes))
  }

  var sessionCount: Int { sessions.load(ordering: .relaxed) }
  var writerCounts: WriterCounts { counts.withLock { $0 } }
  var failure: StoreError? { queue.withLock { $0.failure } }
  var waiting: (units: Int, bytes: Int) { queue.withLock { ($0.units.count, $0.bytes) } }

  /// Whether what was acknowledged may still wait.
  private var acknowledgesEarly: Bool {
    if case .relaxed = durability { true } else { false }
  }

  func submit(_ writes: [Write], group: Int, completion: @escaping SessionStore.Completion) {
    let cost = writes.reduce(128) { $0 + $1.cost }
    let result: Result<Void, StoreError>? = queue.withLock { queue in
      if let refusal = queue.refusal(of: cost) { return .failure(refusal) }
      let isAcknowledged = acknowledgesEarly && queue.failure == nil && !queue.isFilling
      queue.append(
        WriteQueue.Unit(
          writes: writes, cost: cost, group: group, completion: isAcknowledged ? nil : completion))
      schedule(&queue)
      return isAcknowledged ? .success(()) : nil
    }
    if let result { deliver(group, [Finished(result: result, completion: completion)]) }
  }

  /// Sees to it that what waits is committed: at once, or after the time that what is acknowledged may wait.
  private func schedule(_ queue: inout WriteQueue) {
    let delay: Int? =
      if case .relaxed(let milliseconds) = durability, !queue.isFilling { max(0, milliseconds) } else { nil }
    let wanted: WriteQueue.Wakeup = delay == nil ? .now : .later
    guard queue.wakeup < wanted else { return }
    queue.wakeup = wanted
    let commit = DispatchWorkItem { [self] in commitWaiting() }
    if let delay {
      dispatch.asyncAfter(deadline: .now() + .milliseconds(delay), execute: commit)
    } else {
      dispatch.async(execute: commit)
    }
  }
}

// MARK: Committing

extension Committer {
  /// Commits what waits now, and tells those who submitted it.
  func commitWaiting() {
    let finished = pool.writeWithoutTransaction { database in
      let units = queue.withLock { $0.takeAll() }
      return units.isEmpty ? [] : commit(units, to: database)
    }
    guard let first = finished.first?.group else { return }
    if finished.allSatisfy({ $0.group == first }) {
      deliver(first, finished.map(\.finished))
    } else {
      for (group, members) in Dictionary(grouping: finished, by: \.group) {
        deliver(group, members.map(\.finished))
      }
    }
  }

  /// Commits what was acknowledged already.
  func settle() throws {
    try faults.read()
    if acknowledgesEarly, queue.withLock({ !$0.isSettled }) { commitWaiting() }
  }

  private func commit(_ units: [WriteQueue.Unit], to database: Database) -> [(group: Int, finished: Finished)]
  {
    var results: [Result<Void, StoreError>] = []
    results.reserveCapacity(units.count)
    do {
      try transaction(in: database, units: units.count) { writer in
        for unit in units {
          do {
            try writer.perform(unit.writes)
            results.append(.success(()))
          } catch {
            let error = StoreError(error)
            guard error.concernsUnit else { throw error }
            results.append(.failure(error))
          }
        }
      }
      succeed(units, results)
    } catch {
      results = units.map { _ in .failure(error) }
      fail(units, error)
    }
    return zip(units, results).compactMap { unit, result in
      unit.completion.map { (unit.group, Finished(result: result, completion: $0)) }
    }
  }

  /// Does work in a transaction of its own.
  private func transaction<Value>(
    in database: Database, units: Int, _ work: (inout UnitWriter) throws -> Value
  ) throws(StoreError) -> Value {
    do {
      var writer = UnitWriter(database)
      var value: Value?
      if database.isInsideTransaction { try database.rollback() }
      try database.inTransaction(.immediate) {
        value = try work(&writer)
        try faults.commit(units)
        return .commit
      }
      sessions.add(writer.sessionsAdded, ordering: .relaxed)
      guard let value else { throw StoreError.io("the transaction did not run") }
      return value
    } catch {
      throw StoreError(error)
    }
  }

  private func succeed(_ units: [WriteQueue.Unit], _ results: [Result<Void, StoreError>]) {
    let refused = results.count { if case .failure = $0 { true } else { false } }
    counts.withLock {
      $0.commits += 1
      $0.units += results.count - refused
      $0.refusedUnits += refused
    }
    let before = queue.withLock { $0.end(with: nil) }
    if before != nil { logger.notice("the store can be written again") }
    guard acknowledgesEarly, refused > 0 else { return }
    for case (let unit, .failure(let error)) in zip(units, results) where unit.completion == nil {
      logger.error("a write that was acknowledged could not be made", metadata: ["reason": "\(error)"])
    }
  }

  private func fail(_ units: [WriteQueue.Unit], _ error: StoreError) {
    counts.withLock { $0.failedCommits += 1 }
    let before = queue.withLock { queue in
      let acknowledged = units.filter { $0.completion == nil }
      if !acknowledged.isEmpty {
        queue.putBack(acknowledged)
        if !queue.isClosed { schedule(&queue) }
      }
      return queue.end(with: error)
    }
    if before != error { logger.error("the store cannot be written", metadata: ["reason": "\(error)"]) }
  }
}

// MARK: Maintenance and the end

extension Committer {
  /// Does other writing, in a transaction of its own.
  func maintain<Value>(_ work: (inout UnitWriter) throws -> Value) throws(StoreError) -> Value {
    do {
      return try pool.writeWithoutTransaction { try transaction(in: $0, units: 0, work) }
    } catch {
      throw StoreError(error)
    }
  }

  /// Takes in nothing more, and writes what waits.
  func close() throws(StoreError) {
    queue.withLock { $0.isClosed = true }
    commitWaiting()
    let lost = waiting.units
    do {
      try pool.close()
    } catch {
      throw StoreError(error)
    }
    if lost > 0 { throw failure ?? .io("writes are left") }
  }
}
