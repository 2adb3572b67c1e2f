import HTTPCore
import SessionStore
import Synchronization

/// Answers that are in the durable store, each written in one with what its request has changed.
final class ArchivedAnswers: AnswerMemory {
  private let archive: Archive
  /// The requests that are being worked on, by their keys.
  private let unfinished = Mutex<[IdempotencyKey: [UInt8]]>([:])

  init(_ archive: Archive) { self.archive = archive }

  func claim(
    _ key: IdempotencyKey, for request: [UInt8], at time: Timestamp
  ) throws(ProblemDetails) -> AnswerClaim {
    let other = unfinished.withLock { unfinished in
      let other = unfinished[key]
      if other == nil { unfinished[key] = request }
      return other
    }
    if let other { return other == request ? .unfinished : .otherRequest }
    do throws(StoreError) {
      guard let stored = try archive.store.reader.answer(key.stored, at: time.seconds) else { return .first }
      finish(key, with: nil, at: time)
      guard stored.digest == digest(request), let answer = Response(stored) else { return .otherRequest }
      return .answered(answer)
    } catch {
      finish(key, with: nil, at: time)
      throw ProblemDetails(error)
    }
  }

  func finish(_ key: IdempotencyKey, with answer: Response?, at time: Timestamp) {
    unfinished.withLock { $0[key] = nil }
  }
}

extension IdempotencyKey {
  /// The key as the store has it.
  var stored: AnswerKey { AnswerKey(scope: Array((session ?? "").utf8), key: Array(text.utf8)) }
}

extension StoredAnswer {
  /// An answer to a request whose identity is `request`.
  init(_ answer: Response, to request: [UInt8], at time: Timestamp) {
    let length = UInt32(truncatingIfNeeded: answer.fields.lines.count)
    let prefix = (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
    self.init(
      digest: RolecallAPI.digest(request), status: Int(answer.status.rawValue),
      bytes: prefix + answer.fields.lines + answer.body, time: time.seconds)
  }
}

extension Response {
  /// An answer of the store; nil if it is none that this program has written.
  init?(_ stored: StoredAnswer) {
    guard let code = UInt16(exactly: stored.status), let status = Status(rawValue: code),
      stored.bytes.count >= 4
    else { return nil }
    let length = stored.bytes[..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
    let rest = stored.bytes.dropFirst(4)
    guard length <= rest.count else { return nil }
    self.init(
      status, fields: ResponseFields(lines: Array(rest.prefix(length))), body: Array(rest.dropFirst(length)))
  }
}

/// 128 bits that tell requests of the same key apart (FNV-1a over two halves). Whoever makes two requests that have them in
/// common can only mistake the client's own.
private func digest(_ request: [UInt8]) -> [UInt8] {
  var (one, other): (UInt64, UInt64) = (0xcbf2_9ce4_8422_2325, 0x8422_2325_cbf2_9ce4)
  for byte in request {
    one = (one ^ UInt64(byte)) &* 0x100_0000_01b3
    other = (other ^ UInt64(byte) ^ one >> 32) &* 0x100_0000_01b3
  }
  return [one, other].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
}
