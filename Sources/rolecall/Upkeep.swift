import Dispatch
import Logging
import RolecallAPI
import SessionStore

/// Has a service do what is due each minute.
struct Upkeep {
  private static let interval = DispatchTimeInterval.seconds(60)

  private let timer: any DispatchSourceTimer
  private let queue = DispatchQueue(label: "upkeep")

  /// Begins, a minute from now. Sessions end `lifetime` seconds after their last use.
  init(of service: RolecallService, lifetime: Int, _ logger: Logger) {
    timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now() + Self.interval, repeating: Self.interval, leeway: .seconds(5))
    timer.setEventHandler {
      do throws(StoreError) {
        try service.maintain(lifetime: lifetime)
      } catch {
        logger.warning("upkeep of sessions failed; it is tried again", metadata: ["reason": "\(error)"])
      }
    }
    timer.resume()
  }

  /// Ends, and waits for what is being done.
  func end() {
    timer.cancel()
    queue.sync {}
  }
}
