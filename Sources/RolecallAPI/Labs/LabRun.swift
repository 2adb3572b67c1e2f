import JSON
import KVMModel
import Labs

/// A lab's start: its script, and what that comes to.
struct LabStart: Sendable {
  let script: Script
  /// The machine after the lab's own operations.
  let machine: VirtualMachine
  /// The lab's own operations, as they were applied.
  let operations: [Operation]

  /// Throws if no session can be made of the script.
  init(_ lab: Lab) throws(ProblemDetails) {
    script = try Script(lab.start, RolecallService.Limits())
    var machine = try script.virtualMachine()
    var operations: [Operation] = []
    for (index, request) in script.operations.enumerated() {
      let operation = request.resolved(on: machine)
      do throws(OperationError) { _ = try machine.apply(operation, detail: []) } catch {
        throw request.problem(error, at: "/operations/\(index)")
      }
      operations.append(operation)
    }
    self.machine = machine
    self.operations = operations
  }
}

/// A student's way through a lab: the machine, and how far its operations have come.
struct LabRun: Sendable {
  /// Where the lab begins.
  let start: LabStart
  private(set) var machine: VirtualMachine
  private(set) var grader: Grader
  private let keys: Set<String>

  /// The lab before the student does anything, at the revision that its own operations lead to.
  init(_ lab: Lab) throws(ProblemDetails) {
    start = try LabStart(lab)
    machine = start.machine
    grader = Grader(lab)
    keys = lab.keys
    grader.observe(revision: start.operations.count + 1, record: nil, document: machine.document)
  }

  /// Applies an operation that leads to a revision.
  mutating func apply(_ operation: Operation, revision: Int) throws(OperationError) {
    let detail: Detail = keys.contains("narration") ? .all : .all.subtracting(.narration)
    let result = try machine.apply(operation, detail: detail)
    let record = ResultDocument(operation: operation, result: result, revision: revision)
      .record(of: keys, in: machine)
    grader.observe(
      revision: revision, record: record, effort: machine.shadowPages.count, document: machine.document)
  }
}

extension Session.State {
  /// The way of the present state through a lab: operations that were undone are no part of it.
  func run(_ lab: Lab) throws(ProblemDetails) -> LabRun {
    var run = try LabRun(lab)
    let path = history.path(to: history.state)
    let own = run.start.operations
    guard path.count >= own.count, zip(path, own).allSatisfy({ history.operation($0) == $1 }) else {
      throw ProblemDetails(
        .conflict,
        "the operations with which the lab begins are not there: redo them if they were undone; if the lab has changed "
          + "since, make a new session")
    }
    for revision in path.dropFirst(own.count) where !run.grader.isOverLimit {
      guard let operation = history.operation(revision) else { continue }
      do throws(OperationError) { try run.apply(operation, revision: revision) } catch {
        throw ProblemDetails(error)
      }
    }
    return run
  }
}

extension VirtualMachine {
  /// A document that a lab's conditions speak of.
  fileprivate func document(_ name: String) -> JSONValue {
    var json = JSONWriter()
    switch name {
    case "vcpu": vcpus[0].write(to: &json, .proposed, in: self)
    case "vcpus": json.array { json in for vcpu in vcpus { vcpu.write(to: &json, .proposed, in: self) } }
    case "machine": machine.write(to: &json)
    case "shadow_pages":
      json.array { json in for page in shadowPages { page.write(to: &json, entries: spteFormat) } }
    default: return .null
    }
    return (try? JSONValue(parsing: json.finish())) ?? .null
  }
}

extension ResultDocument {
  /// The keys of a result that conditions may ask for, null where there is nothing.
  private static let recordKeys = keys.filter { !["names", "trace", "vcpu"].contains($0) }

  /// The result as conditions see it, cut down to some of its keys.
  fileprivate func record(of keys: Set<String>, in machine: borrowing VirtualMachine) -> JSONValue {
    let chosen = Self.recordKeys.filter(keys.contains)
    var json = JSONWriter()
    var document = self
    document.fields = Fields(chosen: chosen)
    document.write(to: &json, .proposed, in: machine)
    let value = (try? JSONValue(parsing: json.finish())) ?? .null
    return .object(chosen.map { ($0, value.member($0) ?? .null) })
  }
}
