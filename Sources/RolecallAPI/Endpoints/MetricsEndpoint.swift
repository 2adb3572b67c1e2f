import HTTPCore
import Metrics
import SessionStore

/// `GET /metrics`: what an operator's Prometheus collects.
func answerMetrics(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
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
    text.begin(.gauge, "rolecall_sessions_in_memory", "Sessions that are in memory.")
    text.sample(sessions.inMemory)
    writeStoreMetrics(to: &text)
    counts.write(to: &text)
    writeOtherMetrics(&text)
  }

  /// Adds what the store has done and has to do, all 0 without one.
  private func writeStoreMetrics(to text: inout MetricsText) {
    let store = sessions.archive?.store
    let (counts, waiting) = (store?.writerCounts, store?.waiting)
    for (kind, name, help, value) in [
      (.counter, "commits", "Transactions committed.", counts?.commits),
      (.counter, "failed_commits", "Transactions that failed.", counts?.failedCommits),
      (.counter, "units", "Requests' writes that are kept.", counts?.units),
      (.counter, "refused_units", "Requests' writes that were refused.", counts?.refusedUnits),
      (.gauge, "waiting_units", "Requests' writes that wait for a commit.", waiting?.units),
      (.gauge, "waiting_bytes", "Bytes of them.", waiting?.bytes),
      (.gauge, "failing", "1 if the last commit failed.", store?.failure == nil ? 0 : 1),
    ] as [(MetricsText.Kind, String, String, Int?)] {
      text.begin(kind, "rolecall_store_\(name)", help)
      text.sample(value ?? 0)
    }
  }
}
