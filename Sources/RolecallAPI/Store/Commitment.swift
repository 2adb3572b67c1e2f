import SessionStore
import Synchronization

/// What one request has given the store: its answer leaves once that is kept.
final class Commitment: Sendable {
  typealias Kept = Result<Void, StoreError>

  private enum State {
    /// Nothing was given.
    case idle
    case open
    case kept(Kept)
    /// The answer is there, and waits.
    case awaited(@Sendable (Kept) -> Void)
  }

  private let state = Mutex(State.idle)

  /// Whether nothing was given so far.
  var isIdle: Bool {
    state.withLock { if case .idle = $0 { true } else { false } }
  }

  /// Something was given to the store. A request does so once.
  func begin() { state.withLock { $0 = .open } }

  /// The store has kept it, or has not.
  func end(_ kept: Kept) {
    let action = state.withLock { state -> (@Sendable (Kept) -> Void)? in
      guard case .awaited(let action) = state else {
        state = .kept(kept)
        return nil
      }
      return action
    }
    action?(kept)
  }

  /// Whether what was given is kept, if that is known; otherwise `action` will be told.
  func whenKept(_ action: @escaping @Sendable (Kept) -> Void) -> Kept? {
    state.withLock { state in
      switch state {
      case .idle: return .success(())
      case .kept(let kept): return kept
      case .open, .awaited:
        state = .awaited(action)
        return nil
      }
    }
  }
}
