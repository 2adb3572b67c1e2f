import HTTPCore

/// How many requests one client may make: a token bucket for each IPv4 address or IPv6 /64.
public struct RateLimit: Sendable, Equatable {
  /// Requests per second in the long run, 1 to ``HTTPCore/Limits/largest``.
  public var perSecond: Int
  /// Requests that may come at once after a rest, 1 to ``HTTPCore/Limits/largest``.
  public var burst: Int
  /// Whether clients on this machine (127.0.0.0/8, ::1) are free of it.
  public var sparesLoopback: Bool

  /// A limit as given.
  public init(perSecond: Int, burst: Int, sparesLoopback: Bool) {
    self.perSecond = perSecond
    self.burst = burst
    self.sparesLoopback = sparesLoopback
  }
}

/// The buckets of all clients, without a clock. A bucket holds thousandths of a token.
struct TokenBuckets {
  /// What a bucket said to a request.
  struct Verdict: Equatable {
    let isAllowed: Bool
    /// Whole requests left now.
    let remaining: Int
    /// Seconds, rounded up, until the bucket is full again.
    let secondsToFull: Int
    /// Seconds, rounded up, until the next request is allowed; 0 if it is.
    let secondsToNext: Int
  }

  private struct Bucket {
    var level: Int
    var time: Int
  }

  /// Clients remembered at most; over it those whose buckets are full again are forgotten, or all.
  private let capacity: Int
  private let limit: RateLimit
  private var buckets: [ClientAddress: Bucket] = [:]

  init(_ limit: RateLimit, capacity: Int = 65_536) {
    self.limit = limit
    self.capacity = capacity
  }

  var count: Int { buckets.count }

  /// Takes a token for a client, at a time in milliseconds.
  mutating func take(_ client: ClientAddress, now: Int) -> Verdict {
    let full = limit.burst * 1000
    var bucket = buckets[client] ?? Bucket(level: full, time: now)
    bucket.level = level(of: bucket, now: now)
    bucket.time = now
    let isAllowed = bucket.level >= 1000
    if isAllowed { bucket.level -= 1000 }
    if buckets.count >= capacity, buckets[client] == nil { forget(now: now) }
    buckets[client] = bucket
    let wait = bucket.level >= 1000 ? 0 : 1000 - bucket.level
    return Verdict(
      isAllowed: isAllowed, remaining: bucket.level / 1000,
      secondsToFull: seconds(toGain: full - bucket.level),
      secondsToNext: seconds(toGain: wait))
  }

  private func level(of bucket: Bucket, now: Int) -> Int {
    let (gained, overflow) = max(now - bucket.time, 0).multipliedReportingOverflow(by: limit.perSecond)
    return overflow ? limit.burst * 1000 : min(bucket.level + min(gained, 1 << 60), limit.burst * 1000)
  }

  private func seconds(toGain tokens: Int) -> Int {
    let perSecond = limit.perSecond * 1000
    return (tokens + perSecond - 1) / perSecond
  }

  private mutating func forget(now: Int) {
    buckets = buckets.filter { level(of: $0.value, now: now) < limit.burst * 1000 }
    if buckets.count > capacity / 2 { buckets = [:] }
  }
}

extension RateLimit {
  /// The fields RateLimit-Policy and RateLimit of draft-ietf-httpapi-ratelimit-headers (from its version 08 on), and
  /// Retry-After where the request was refused (RFC 6585, section 4).
  func fields(_ verdict: TokenBuckets.Verdict) -> ResponseFields {
    let window = max((burst + perSecond - 1) / perSecond, 1)
    var fields: ResponseFields = [
      ("RateLimit-Policy", "\"requests\";q=\(burst);w=\(window)"),
      ("RateLimit", "\"requests\";r=\(verdict.remaining);t=\(verdict.secondsToFull)"),
    ]
    if !verdict.isAllowed { fields.append("Retry-After", "\(max(verdict.secondsToNext, 1))") }
    return fields
  }
}
