/// What to be told of a descriptor.
struct Interest: OptionSet, Sendable {
  let rawValue: UInt8
  static let read = Interest(rawValue: 1)
  static let write = Interest(rawValue: 2)
}

/// What has become possible; errors and hang-ups show as both, so that the call that fails tells.
struct Readiness: Sendable {
  let token: UInt64
  let ready: Interest
  /// Whether the connection is broken; this is told without any interest, too.
  var isBroken = false
}

/// Level-triggered readiness for one event loop. Every method but ``wake()`` is called on that loop only.
protocol Poller: AnyObject, Sendable {
  /// Watches `descriptor` and reports it under `token`.
  func add(_ descriptor: Int32, token: UInt64, interest: Interest)
  /// Changes what is reported.
  func modify(_ descriptor: Int32, token: UInt64, interest: Interest)
  /// Forgets `descriptor` and closes it.
  func close(_ descriptor: Int32)
  /// Waits for readiness, for ``wake()`` or until the time is over (nil: for ever) and puts what is ready in `events`.
  func wait(milliseconds: Int?, into events: inout [Readiness])
  /// Ends the current or next ``wait(milliseconds:into:)``; from any thread.
  func wake()
}

extension ServerConfiguration.PollerKind {
  func make() throws(ServerError) -> any Poller {
    switch self {
    case .poll: return try PollPoller()
    case .epoll:
      #if os(Linux)
        return try EpollPoller()
      #else
        throw .settingInvalid("poller epoll")
      #endif
    }
  }
}
