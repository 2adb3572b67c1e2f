import JSON
import KVMModel
import SessionStore

/// How sessions are written down in a store, which does not look into its bytes: all as JSON.
enum StoredForms {
  /// Bytes that this program cannot have written, or not this version of it.
  struct Unreadable: Error, CustomStringConvertible {
    let description: String

    init(_ reason: any Error) { description = "\(reason)" }
    init(_ description: String) { self.description = description }
  }

  /// What lists show of a session.
  static func summary(of session: Session) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("name", session.name)
      if let enrolment = session.enrolment {
        json.key("lab")
        enrolment.write(to: &json)
      }
    }
    return json.finish()
  }

  /// The name and the lab in a summary.
  static func title(_ summary: [UInt8]) throws(Unreadable) -> (name: String?, enrolment: Enrolment?) {
    try read(summary) { body in
      let enrolment = body.optionalObject("lab") { lab in
        Enrolment(lab: lab.members.string("id"), student: lab.members.optionalString("student"))
      }
      return (body.members.optionalString("name"), enrolment)
    }
  }

  /// What a session began with, besides what its summary says.
  static func header(boot: Boot, machine: Machine) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("boot", boot.rawValue)
      json.key("machine")
      machine.write(to: &json)
    }
    return json.finish()
  }

  /// The boot and machine of a header.
  static func origin(_ header: [UInt8]) throws(Unreadable) -> (boot: Boot, machine: Machine) {
    try read(header) { body in
      (body.members.enumeration("boot", of: Boot.self), body.machine())
    }
  }

  /// An entry of the history of a machine of that vendor.
  static func entry(_ entry: History.Entry, _ vendor: Vendor) -> NewEntry {
    var json = JSONWriter()
    var outcome: [UInt8] = []
    json.beginObject()
    json.member("time", entry.time.seconds)
    switch entry.step {
    case .operation(let operation, let result):
      json.key("operation")
      operation.write(to: &json, vendor)
      outcome = StoredForms.outcome(result)
    case .undo(let steps): json.member("undo", steps)
    case .redo(let steps): json.member("redo", steps)
    }
    json.endObject()
    return NewEntry(bytes: json.finish(), outcome: outcome)
  }

  /// How an operation ended. Nothing for the most frequent one.
  private static func outcome(_ outcome: Outcome) -> [UInt8] {
    // Plain values always have a binary form.
    outcome == .ok ? [] : (try? BinaryForm.bytes(of: outcome)) ?? []
  }

  /// The step of an entry of a machine's history, and its time.
  static func step(
    _ entry: StoredEntry, _ decoder: OperationDecoder
  ) throws -> (step: History.Step, time: Timestamp) {
    let (operation, undo, redo, seconds) = try read(entry.bytes) { body in
      (
        body.optionalObject("operation") { decoder.listed(&$0)?.complete } ?? nil,
        body.optionalInteger("undo"), body.optionalInteger("redo"), body.members.integer("time")
      )
    }
    let time = Timestamp(seconds: seconds)
    switch (operation, undo, redo) {
    case (let operation?, nil, nil):
      let outcome = entry.outcome.isEmpty ? .ok : try BinaryForm.value(Outcome.self, of: entry.outcome)
      return (.operation(operation, outcome), time)
    case (nil, let steps?, nil): return (.undo(steps), time)
    case (nil, nil, let steps?): return (.redo(steps), time)
    default: throw Unreadable("revision \(entry.revision) is neither an operation nor undo nor redo")
    }
  }

  private static func read<Content>(
    _ bytes: [UInt8], _ decode: (inout Body) -> Content
  ) throws(Unreadable) -> Content {
    do {
      var body = Body(try JSONDocument(parsing: bytes))
      let content = decode(&body)
      try body.finish()
      return content
    } catch {
      throw Unreadable(error)
    }
  }
}
