import HTTPCore
import JSON

/// `GET /livez`: the process answers.
func answerLiveness(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response { liveness }

private let liveness = Response(
  200, fields: [("Content-Type", MediaType.json.rawValue), ("Cache-Control", "no-store")],
  body: Array(#"{"status":"live"}"#.utf8))

/// `GET /readyz`: new sessions can be made.
func answerReadiness(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let (count, capacity) = (exchange.service.sessions.count, exchange.service.sessions.capacity)
  let isReady = count < capacity
  return exchange.json(isReady ? 200 : 503, fields: [("Cache-Control", "no-store")]) { json in
    json.object { json in
      json.member("status", isReady ? "ready" : "full")
      json.member("sessions", count)
      json.member("session_limit", capacity)
    }
  }
}
