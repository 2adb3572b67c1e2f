import JSON
import KVMModel

/// What is to be told of a session once it is kept, and whom.
struct News: Sendable {
  private var parts: [(watchers: Watchers, events: [[UInt8]])] = []
  private let first: Int

  /// What there is to tell of a session from a revision on, to those who watch it and to those who watch all.
  init(of session: Session, _ state: borrowing Session.State, from first: Int, _ everyone: Watchers) {
    self.first = first
    let revisions = first..<max(first, state.revision + 1)
    if !session.watchers.isEmpty {
      parts.append((session.watchers, revisions.map { state.event($0, effective: [$0]) }))
    }
    if !everyone.isEmpty {
      parts.append((everyone, revisions.map { state.event($0, effective: [$0], of: session) }))
    }
  }

  /// Tells it.
  func publish() {
    for part in parts { part.watchers.tell(part.events, from: first) }
  }
}

extension Session.State {
  /// The event of a revision (WHATWG HTML, section 9.2.5): its entry in the history; for those who watch all sessions, with
  /// the session, and without an id, since they cannot resume.
  ///
  /// - Parameter effective: the revisions of the operations that the present state has come from.
  func event(_ revision: Int, effective: Set<Int>, of session: Session? = nil) -> [UInt8] {
    let vendor = machine.machine.vendor
    var json = JSONWriter()
    if let session {
      json.object { json in
        json.member("session", session.id.text)
        json.member("name", session.name)
        json.key("entry")
        history.write(revision, effective: effective, to: &json, vendor)
      }
    } else {
      history.write(revision, effective: effective, to: &json, vendor)
    }
    let id = session == nil ? "id: \(revision)\n" : ""
    return Array("event: revision\n\(id)data: ".utf8) + json.finish() + Array("\n\n".utf8)
  }
}
