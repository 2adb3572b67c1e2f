import HTTPCore
import Logging
import Synchronization

/// What all loops of a server share.
final class Service: Sendable {
  let rules: ConnectionRules
  let commonFields: ResponseFields
  let rateLimiter: RateLimiter?
  let unlimitedPaths: [[UInt8]]
  let metrics: ServerMetrics
  let accessLog: AccessLog?
  let logger: Logger
  let renderError: Server.ErrorRenderer
  let handler: Server.Handler
  /// Open connections of all loops.
  let connections = Atomic(0)
  /// Bytes that all connections hold of unfinished bodies and unsent answers.
  let buffered = Atomic(0)

  init(
    _ configuration: ServerConfiguration, authorities: AllowedAuthorities, logger: Logger,
    renderError: @escaping Server.ErrorRenderer, handler: @escaping Server.Handler
  ) {
    rules = ConnectionRules(limits: configuration.limits, authorities: authorities)
    commonFields = configuration.commonFields
    rateLimiter = configuration.rateLimit.map(RateLimiter.init)
    unlimitedPaths = configuration.unlimitedPaths.map { Array($0.utf8) }
    metrics = configuration.metrics
    accessLog = configuration.accessLog
    self.logger = logger
    self.renderError = renderError
    self.handler = handler
  }

  var limits: Limits { rules.limits }

  /// The answer to a request that no handler sees.
  func refusal(_ error: HTTPError) -> Response { renderError(error, rules.limits, rules.authorities) }

  /// Whether a request is counted against the rate limit.
  func isLimited(_ request: Request) -> Bool {
    let path = request.rawPath
    for free in unlimitedPaths where free.count == path.count && path.elementsEqual(free) { return false }
    return true
  }
}

/// ``TokenBuckets`` for all loops.
final class RateLimiter: Sendable {
  private let limit: RateLimit
  private let buckets: Mutex<TokenBuckets>

  init(_ limit: RateLimit) {
    self.limit = limit
    buckets = Mutex(TokenBuckets(limit))
  }

  /// Whether a client is free of the limit.
  func spares(_ client: ClientAddress) -> Bool { limit.sparesLoopback && client.isLoopback }

  /// Counts a request of `client`; nil if it is free of the limit.
  func take(_ client: ClientAddress, now: Int) -> (isAllowed: Bool, fields: ResponseFields)? {
    if spares(client) { return nil }
    let verdict = buckets.withLock { $0.take(client.network, now: now) }
    return (verdict.isAllowed, limit.fields(verdict))
  }
}
