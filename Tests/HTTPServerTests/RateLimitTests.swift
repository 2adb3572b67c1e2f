import HTTPCore
import Testing

@testable import HTTPServer

private func client(_ number: Int) -> ClientAddress { ClientAddress(high: UInt64(number), low: 0) }

@Suite struct RateLimitTests {
  private let limit = RateLimit(perSecond: 10, burst: 20, sparesLoopback: false)

  @Test func aBurstIsAllowedAndThenTheRate() {
    var buckets = TokenBuckets(limit)
    #expect((0..<50).count { _ in buckets.take(client(1), now: 5).isAllowed } == 20)
    let refused = buckets.take(client(1), now: 5)
    #expect(refused == .init(isAllowed: false, remaining: 0, secondsToFull: 2, secondsToNext: 1))
    // 100 ms earn one request; being refused costs nothing.
    #expect(buckets.take(client(1), now: 105).isAllowed)
    #expect(!buckets.take(client(1), now: 150).isAllowed)
    #expect((1...1000).count { buckets.take(client(1), now: 1000 + $0 * 10).isAllowed } == 108)
    #expect((0..<50).count { _ in buckets.take(client(1), now: 1_000_000).isAllowed } == 20)
  }

  @Test func clientsDoNotShare() {
    var buckets = TokenBuckets(limit)
    for _ in 0..<30 { _ = buckets.take(client(1), now: 0) }
    let other = buckets.take(client(2), now: 0)
    #expect(other == .init(isAllowed: true, remaining: 19, secondsToFull: 1, secondsToNext: 0))
  }

  @Test func clocksThatJumpDoNoHarm() {
    var buckets = TokenBuckets(RateLimit(perSecond: 1 << 30, burst: 1 << 30, sparesLoopback: false))
    #expect(buckets.take(client(1), now: .max).isAllowed)
    #expect(buckets.take(client(1), now: 0).isAllowed)
    #expect(buckets.take(client(1), now: .max).isAllowed)
  }

  @Test func memoryIsBounded() {
    var buckets = TokenBuckets(limit, capacity: 100)
    for number in 0..<10_000 {
      _ = buckets.take(client(number), now: number)
      #expect(buckets.count <= 100)
    }
    var still = TokenBuckets(limit, capacity: 100)
    for number in 0..<10_000 { _ = still.take(client(number), now: 0) }
    #expect(still.count <= 100)
  }

  @Test func fieldsSayWhatIsLeft() {
    let allowed = limit.fields(.init(isAllowed: true, remaining: 7, secondsToFull: 2, secondsToNext: 0))
    #expect(allowed["RateLimit-Policy"] == "\"requests\";q=20;w=2")
    #expect(allowed["RateLimit"] == "\"requests\";r=7;t=2")
    #expect(allowed["Retry-After"] == nil)
    let refused = limit.fields(.init(isAllowed: false, remaining: 0, secondsToFull: 2, secondsToNext: 1))
    #expect(refused["Retry-After"] == "1")
  }
}
