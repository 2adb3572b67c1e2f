import JSON
import KVMModel
import Labs

/// A student's way through a lab: the machine, and how far its operations have come.
struct LabRun: Sendable {
  private(set) var machine: VirtualMachine
  private(set) var grader: Grader
  private let keys: Set<String>

  /// The lab before the student does anything, at the revision that its own operations lead to.
  init(_ lab: Lab) throws(ProblemDetails) {
    let start = try LabStart(lab)
    machine = start.machine
    grader = Grader(lab)
    keys = lab.keys
    grader.observe(revision: start.operations.count + 1, record: nil, document: machine.document)
  }

  /// Applies an operation that leads to a revision.
  mutating func apply(_ operation: Operation, revision: Int) throws(OperationError) {
    let result = try machine.apply(
      operation, detail: keys.contains("narration") ? .all : .all.subtracting(.narration))
    let record = ResultDocument(operation: operation, result: result, revision: revision)
      .record(of: keys, in: machine)
    grader.observe(revision: revision, record: record, document: machine.document)
  }
}

/// What a lab's start script comes to.
struct LabStart {
  let boot: Boot
  /// The machine after the lab's own operations.
  let machine: VirtualMachine
  /// The lab's own operations.
  let operations: [Operation]

  /// Throws if no session can be made of the script.
  init(_ lab: Lab) throws(ProblemDetails) {
    var body = Body(lab.start)
    boot = body.members.optionalEnumeration("boot", of: Boot.self) ?? .longMode
    let configuration = body.machine()
    let requests = try body.operations(
      OperationDecoder(vendor: configuration.vendor, vcpus: configuration.vcpus), limit: Grader.operationLimit
    )
    try body.finish()
    var machine = VirtualMachine(machine: configuration, boot: boot)
    operations = try machine.apply(requests, at: "/operations")
    self.machine = machine
  }
}

extension VirtualMachine {
  /// Applies operations in turn, and gives what they came to.
  mutating func apply(_ requests: [OperationRequest], at pointer: String) throws(ProblemDetails)
    -> [Operation]
  {
    var operations: [Operation] = []
    for (index, request) in requests.enumerated() {
      let operation = request.resolved(on: self)
      do throws(OperationError) {
        _ = try apply(operation, detail: [])
      } catch {
        throw request.problem(error, at: "\(pointer)/\(index)")
      }
      operations.append(operation)
    }
    return operations
  }

  /// A document that a lab's conditions speak of.
  func document(_ name: String) -> JSONValue {
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
