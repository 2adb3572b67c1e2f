import ArgumentParser
import HTTPCore
import HTTPServer
import RolecallAPI

/// The bounds that hold for every client, as options of `rolecall serve`.
struct LimitOptions: ParsableArguments {
  private static let http = Limits()
  private static let service = RolecallService.Limits()

  @Option(help: .setting("max-request-line", "Bytes of a request line."))
  var maxRequestLine = http.requestLine
  @Option(help: .setting("max-header", "Bytes of a header section."))
  var maxHeader = http.headerSection
  @Option(help: .setting("max-fields", "Fields of a header section."))
  var maxFields = http.fields
  @Option(help: .setting("max-body", "Bytes of a body."))
  var maxBody = http.body
  @Option(
    help: .setting("max-chunk-overhead", "Bytes of the chunk extensions of a request, and of its trailers."))
  var maxChunkOverhead = http.chunkOverhead
  @Option(
    help: .setting(
      "header-timeout", "Seconds from the first byte of a request to the end of its header section."))
  var headerTimeout = http.headerSeconds
  @Option(help: .setting("idle-timeout", "Seconds of silence between requests or within a body."))
  var idleTimeout = http.idleSeconds
  @Option(help: .setting("min-body-rate", "Bytes per second that a body must reach."))
  var minBodyRate = http.bodyBytesPerSecond
  @Option(help: .setting("body-grace", "Seconds before a body must have reached its rate."))
  var bodyGrace = http.bodyGraceSeconds
  @Option(
    help: .setting(
      "max-pending-output", "Bytes of answers that wait for a client before its requests are no longer read.")
  )
  var maxPendingOutput = http.pendingOutput
  @Option(
    help: .setting("write-timeout", "Seconds that an answer waits for a client that takes nothing of it."))
  var writeTimeout = http.writeStallSeconds
  @Option(
    help: .setting(
      "min-read-rate", "Bytes per second that a client must take of an answer, once that time is over."))
  var minReadRate = http.outputBytesPerSecond
  @Option(
    help: .setting(
      "linger-timeout",
      "Seconds that input is read and dropped after the last answer, so that the answer arrives."))
  var lingerTimeout = http.lingerSeconds
  @Option(
    help: .setting(
      "max-buffered", "Bytes of unfinished bodies and unsent answers of all connections together."))
  var maxBuffered = http.buffered
  @Option(help: .setting("max-connections", "Connections at which accepting pauses."))
  var maxConnections = http.connections
  @Option(
    help: .setting("max-answer", "Bytes of a batch's answer after which its results are told in short."))
  var maxAnswer = service.answerBytes
  @Option(
    help: .setting(
      "max-sessions",
      "Sessions that are kept at once. (default: 10000 in memory only, 1000000 with a database)"))
  var maxSessions: Int?
  @Option(help: .setting("max-history", "Bytes of a session's history, about 150 for each revision."))
  var maxHistory = service.history
  @Option(
    help: .setting(
      "max-kept-answers", "Bytes of answers that are kept for requests with an Idempotency-Key, and of those."
    ))
  var maxKeptAnswers = service.keptAnswers
  @Option(
    help: .setting(
      "rate-limit",
      """
      Requests per second that one address may make in the long run; 0 for any number. (default: 200 for other \
      machines, any number for this one)
      """))
  var rateLimit: Int?
  @Option(help: .setting("rate-burst", "Requests that one address may make at once after a rest."))
  var rateBurst = 2000

  func validate() throws {
    let positive = [
      ("max-request-line", maxRequestLine), ("max-header", maxHeader), ("max-fields", maxFields),
      ("max-body", maxBody), ("max-chunk-overhead", maxChunkOverhead), ("header-timeout", headerTimeout),
      ("idle-timeout", idleTimeout), ("min-body-rate", minBodyRate), ("body-grace", bodyGrace),
      ("max-pending-output", maxPendingOutput), ("write-timeout", writeTimeout),
      ("min-read-rate", minReadRate),
      ("linger-timeout", lingerTimeout), ("max-buffered", maxBuffered), ("max-connections", maxConnections),
      ("max-answer", maxAnswer), ("max-sessions", maxSessions ?? 1), ("max-history", maxHistory),
      ("max-kept-answers", maxKeptAnswers), ("rate-burst", rateBurst),
    ]
    for (option, value) in positive { try Setting(option: option).check(value) }
    if let rateLimit { try Setting(option: "rate-limit").check(rateLimit) }
  }

  /// The bounds on connections and requests.
  var limits: Limits {
    var limits = Limits()
    limits.requestLine = maxRequestLine
    limits.headerSection = maxHeader
    limits.fields = maxFields
    limits.body = maxBody
    limits.chunkOverhead = maxChunkOverhead
    limits.headerSeconds = headerTimeout
    limits.idleSeconds = idleTimeout
    limits.bodyBytesPerSecond = minBodyRate
    limits.bodyGraceSeconds = bodyGrace
    limits.pendingOutput = maxPendingOutput
    limits.writeStallSeconds = writeTimeout
    limits.outputBytesPerSecond = minReadRate
    limits.lingerSeconds = lingerTimeout
    limits.buffered = maxBuffered
    limits.connections = maxConnections
    return limits
  }

  /// The bounds on what the service holds and answers, with a database or without.
  func serviceLimits(isDurable: Bool) -> RolecallService.Limits {
    var limits = RolecallService.Limits()
    limits.answerBytes = maxAnswer
    limits.sessions = maxSessions ?? (isDurable ? 1_000_000 : limits.sessions)
    limits.history = maxHistory
    limits.keptAnswers = maxKeptAnswers
    return limits
  }

  /// How many requests one address may make; nil for any number.
  var requestRate: RateLimit? {
    if rateLimit == 0 { return nil }
    return RateLimit(perSecond: rateLimit ?? 200, burst: rateBurst, sparesLoopback: rateLimit == nil)
  }
}
