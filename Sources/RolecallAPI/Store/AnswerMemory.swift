import HTTPCore
import Synchronization

/// What remembers answers by the keys of their requests, for a day.
protocol AnswerMemory: Sendable {
  /// What is known of a key, when a request comes with it. If nothing is, the request has the key from now on, and ends
  /// with ``keep(_:for:at:)`` or ``release(_:)``.
  ///
  /// - Parameter request: all that tells the request from others.
  func claim(_ key: IdempotencyKey, for request: [UInt8], at time: Timestamp) -> AnswerClaim
  /// Remembers the answer to the request that has the key.
  func keep(_ answer: Response, for key: IdempotencyKey, at time: Timestamp)
  /// Forgets the key: its request has changed nothing.
  func release(_ key: IdempotencyKey)
}

/// What is known of a key.
enum AnswerClaim: Sendable {
  /// Nothing: the request is the first.
  case first
  /// The same request was answered.
  case answered(Response)
  /// The same request is being worked on.
  case unfinished
  /// Another request has the key.
  case otherRequest
}

/// Answers in memory, for as long as the process lives: the oldest give way when there are too many bytes.
final class RecentAnswers: AnswerMemory {
  /// Seconds that an answer is kept.
  static let lifetime = 24 * 3600
  /// Bytes that an answer counts besides its own and its request's.
  static let overhead = 512

  private struct Record {
    let request: [UInt8]
    /// Nil until it is there.
    var answer: Response?
    var time: Timestamp
    var bytes: Int { RecentAnswers.overhead + request.count + (answer?.body.count ?? 0) }
  }

  private struct State {
    var records: [IdempotencyKey: Record] = [:]
    /// The keys of the answers, the oldest first, from `oldest` on; one that has no answer any more is passed over.
    var order: [IdempotencyKey] = []
    var oldest = 0
    var bytes = 0

    /// Forgets the answers that are too old, and the oldest as long as there are more than `limit` bytes.
    mutating func forget(until now: Timestamp, _ limit: Int) {
      while oldest < order.count, let record = records[order[oldest]],
        bytes > limit || record.time.seconds <= now.seconds - RecentAnswers.lifetime
      {
        bytes -= record.bytes
        records[order[oldest]] = nil
        oldest += 1
      }
      if oldest > 1024, oldest > order.count / 2 {
        order.removeFirst(oldest)
        oldest = 0
      }
    }
  }

  private let limit: Int
  private let state = Mutex(State())

  /// A memory of at most `limit` bytes.
  init(limit: Int) { self.limit = limit }

  func claim(_ key: IdempotencyKey, for request: [UInt8], at time: Timestamp) -> AnswerClaim {
    state.withLock { state in
      state.forget(until: time, limit)
      guard let record = state.records[key] else {
        state.records[key] = Record(request: request, time: time)
        return .first
      }
      guard record.request == request else { return .otherRequest }
      return record.answer.map(AnswerClaim.answered) ?? .unfinished
    }
  }

  func keep(_ answer: Response, for key: IdempotencyKey, at time: Timestamp) {
    state.withLock { state in
      guard var record = state.records[key] else { return }
      (record.answer, record.time) = (answer, time)
      state.records[key] = record
      state.order.append(key)
      state.bytes += record.bytes
      state.forget(until: time, limit)
    }
  }

  func release(_ key: IdempotencyKey) {
    state.withLock { $0.records[key] = nil }
  }
}
