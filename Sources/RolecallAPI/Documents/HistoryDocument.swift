import JSON
import KVMModel

extension History {
  /// The keys of a revision's entry, in order.
  static let entryKeys = [
    "revision", "time", "action", "operation", "outcome", "effective", "steps", "restores",
  ]

  /// The entry of a revision.
  ///
  /// - Parameter effective: the revisions of the operations that the present state has come from.
  func write(_ revision: Int, effective: Set<Int>, to json: inout JSONWriter, _ vendor: Vendor) {
    json.object { json in
      json.member("revision", revision)
      json.member("time", time(of: revision).text)
      json.member("action", self[revision]?.step.action ?? "create")
      writeOperation(revision, to: &json, vendor)
      json.member("effective", operation(revision) == nil ? nil : effective.contains(revision))
      json.member("steps", self[revision]?.step.steps)
      json.member("restores", self[revision]?.step.steps == nil ? nil : state(of: revision))
    }
  }

  /// The members `operation` and `outcome` of a revision; null if it was no operation's.
  func writeOperation(_ revision: Int, to json: inout JSONWriter, _ vendor: Vendor) {
    guard case .operation(let operation, let outcome)? = self[revision]?.step else {
      json.member("operation", nil as String?)
      json.member("outcome", nil as String?)
      return
    }
    json.key("operation")
    operation.write(to: &json, vendor)
    json.key("outcome")
    outcome.write(to: &json)
  }

  /// The entry of a revision as a line for a terminal.
  func line(_ revision: Int, effective: Set<Int>, _ vendor: Vendor) -> String {
    let what =
      switch self[revision]?.step {
      case nil: "create"
      case .operation(let operation, let outcome):
        "\(operation.line(vendor)): \(outcome.text)" + (effective.contains(revision) ? "" : "  [undone]")
      case .undo(let steps): "undo \(steps): the state of revision \(state(of: revision))"
      case .redo(let steps): "redo \(steps): the state of revision \(state(of: revision))"
      }
    return "\(padded(String(revision), 7))\(time(of: revision).text)  \(what)"
  }
}

extension History.Step {
  /// The word for `action`.
  fileprivate var action: String {
    switch self {
    case .operation: "operation"
    case .undo: "undo"
    case .redo: "redo"
    }
  }

  /// How many operations undo or redo went over.
  fileprivate var steps: Int? {
    switch self {
    case .operation: nil
    case .undo(let steps), .redo(let steps): steps
    }
  }
}

extension Operation {
  /// The operation in a line: its name, and the keys of its body with their values.
  func line(_ vendor: Vendor) -> String {
    let name = kind.name.description
    var json = JSONWriter()
    write(to: &json, vendor)
    guard case .object(let object)? = try? JSONValue(parsing: json.finish()) else { return name }
    return ([name] + object.members.dropFirst().map { "\($0.key)=\($0.value.plainText)" }).joined(
      separator: " ")
  }
}

extension JSONValue {
  /// The value without quotation marks and commas.
  fileprivate var plainText: String {
    switch self {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let number): number.text
    case .string(let text): text
    case .array(let elements): "[\(elements.map(\.plainText).joined(separator: " "))]"
    case .object(let object):
      "{\(object.members.map { "\($0.key)=\($0.value.plainText)" }.joined(separator: " "))}"
    }
  }
}

/// What an undo or a redo did.
struct TravelDocument {
  /// The top-level keys, in order.
  static let keys = [
    "names", "revision", "restores", "steps", "undone", "redone", "undoable", "redoable", "changes", "vcpus",
  ]

  /// It was an undo, no redo.
  let isUndo: Bool
  /// The revisions of the operations that it went over, in the order in which it did.
  let operations: [Int]
  /// How many operations are told at most.
  let limit: Int
  let changes: [Change]
  let isMinimal: Bool
  let fields: Fields

  func write(_ state: borrowing Session.State, to json: inout JSONWriter, _ naming: Naming) {
    let history = state.history
    json.beginObject()
    if fields.contains("names") { naming.writeNames(to: &json) }
    if fields.contains("revision") { json.member("revision", history.revision) }
    if fields.contains("restores") { json.member("restores", history.state) }
    if fields.contains("steps") { json.member("steps", operations.count) }
    if fields.contains("undone") {
      json.key("undone")
      if isUndo { writeOperations(state, to: &json) } else { json.null() }
    }
    if fields.contains("redone") {
      json.key("redone")
      if isUndo { json.null() } else { writeOperations(state, to: &json) }
    }
    if fields.contains("undoable") { json.member("undoable", history.undoable) }
    if fields.contains("redoable") { json.member("redoable", history.redoable) }
    if fields.contains("changes") {
      json.key("changes")
      json.array { json in for change in changes { change.write(to: &json, naming) } }
    }
    if !isMinimal, fields.contains("vcpus") {
      json.key("vcpus")
      json.beginArray()
      for vcpu in state.machine.vcpus { vcpu.write(to: &json, naming, in: state.machine) }
      json.endArray()
    }
    json.endObject()
  }

  /// For a terminal: a line for each operation, how many are left, and the changes.
  func text(_ state: borrowing Session.State, _ naming: Naming) -> String {
    let history = state.history
    let verb = isUndo ? "undone" : "redone"
    let vendor = state.machine.machine.vendor
    var sections = [
      operations.prefix(limit).compactMap { revision in
        history.operation(revision).map { "\(verb)  \(padded(String(revision), 7))\($0.line(vendor))" }
      },
      [
        "revision \(history.revision) has the state of revision \(history.state); "
          + "\(history.undoable) can be undone, \(history.redoable) redone"
      ],
    ]
    if fields.contains("changes") { sections.append(changes.map { $0.line(naming) }) }
    return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
  }

  private func writeOperations(_ state: borrowing Session.State, to json: inout JSONWriter) {
    let (history, vendor) = (state.history, state.machine.machine.vendor)
    json.array { json in
      for revision in operations.prefix(limit) {
        json.object { json in
          json.member("revision", revision)
          history.writeOperation(revision, to: &json, vendor)
        }
      }
    }
  }
}
