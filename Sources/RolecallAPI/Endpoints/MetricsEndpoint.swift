import HTTPCore
import Metrics

/// `GET /metrics`: what an operator's Prometheus collects.
func answerMetrics(_ exchange: Exchange) throws(ProblemDetails) -> Response {
  var text = MetricsText(exchange.media == .openMetrics ? .openMetrics : .prometheus)
  exchange.service.writeMetrics(to: &text)
  return Response(
    200,
    fields: [
      ("Content-Type", exchange.media.rawValue), ("Vary", "Accept"), ("Cache-Control", "no-store"),
    ], body: text.finish())
}

extension RolecallService {
  /// Adds the service's own families, and those that it was given.
  func writeMetrics(to text: inout MetricsText) {
    text.begin(.gauge, "rolecall_sessions", "Sessions that are alive.")
    text.sample(sessions.count)
    text.begin(.gauge, "rolecall_sessions_limit", "Sessions that are kept at most.")
    text.sample(sessions.capacity)
    counts.write(to: &text)
    writeOtherMetrics(&text)
  }
}
