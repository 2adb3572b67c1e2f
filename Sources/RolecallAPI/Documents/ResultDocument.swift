import JSON
import KVMModel

/// What one operation did, and the revision that it led to.
struct ResultDocument {
  /// The top-level keys, in order. `names` is there only where the result stands alone; `walk`, `page_fault`, `access` with
  /// `tries`, and `map` only where there was one.
  static let keys = [
    "names", "revision", "operation", "outcome", "walk", "page_fault", "access", "tries", "map", "narration",
    "changes", "lookups", "tlb", "trace", "vcpu",
  ]
  /// The keys that can be asked for by name: also the drawing that `image/svg+xml` would be.
  static let choosableKeys = keys + ["drawing"]

  let operation: Operation
  let result: OperationResult
  let revision: Int
  /// Without narration and vCPU.
  var isMinimal = false
  var fields = Fields.all
  /// It is no part of a document that names the naming.
  var isAlone = false

  /// The parts of a result that the model must write down for it.
  static func detail(isMinimal: Bool) -> Detail { isMinimal ? .all.subtracting(.narration) : .all }

  /// The document on its own.
  func bytes(_ naming: Naming, in machine: VirtualMachine) -> [UInt8] {
    JSONWriter.document(capacity: isMinimal ? 1000 : 16 * 1024) { write(to: &$0, naming, in: machine) }
  }

  /// Writes the document, with the vCPU as it is in `machine`.
  func write(to json: inout JSONWriter, _ naming: Naming, in machine: borrowing VirtualMachine) {
    json.beginObject()
    if isAlone, fields.contains("names") { naming.writeNames(to: &json) }
    if fields.contains("revision") { json.member("revision", revision) }
    if fields.contains("operation") {
      json.key("operation")
      operation.write(to: &json, machine.machine.vendor)
    }
    if fields.contains("outcome") {
      json.key("outcome")
      result.outcome.write(to: &json)
    }
    if result.hasMemoryWork { writeMemoryWork(to: &json, in: machine) }
    if !isMinimal, fields.contains("narration") {
      json.key("narration")
      json.array { json in result.narration.write(to: &json, naming) }
    }
    if fields.contains("changes") {
      json.member("changes", array: result.changes) { $0.write(to: &$1, naming) }
    }
    if fields.contains("lookups") { json.member("lookups", array: result.lookups) { $0.write(to: &$1) } }
    if fields.contains("tlb") { json.member("tlb", array: result.tlb) { $0.write(to: &$1) } }
    if fields.contains("trace") {
      json.member("trace", array: result.trace) { line, json in
        json.string(capacity: TraceLine.maximumLength) { line.write(to: &$0) }
      }
    }
    if !isMinimal, fields.contains("vcpu") {
      json.key("vcpu")
      if case .vcpu(let index, _, _) = operation {
        machine.vcpus[index].write(to: &json, naming, in: machine)
      } else {
        json.null()
      }
    }
    if fields.chosen?.contains("drawing") == true {
      json.key("drawing")
      if let drawing { json.string(drawing) } else { json.null() }
    }
    json.endObject()
  }

  /// Writes what walks, faults, accesses and mappings came to.
  private func writeMemoryWork(to json: inout JSONWriter, in machine: borrowing VirtualMachine) {
    if result.walk != nil, fields.contains("walk") {
      json.key("walk")
      result.writeWalk(to: &json, machine.machine)
    }
    if let fault = result.faults.last, fields.contains("page_fault") {
      json.key("page_fault")
      fault.write(to: &json)
    }
    if let access = result.access {
      if fields.contains("access") {
        json.key("access")
        result.writeAccess(to: &json)
      }
      if fields.contains("tries") { json.member("tries", access.tries) }
    }
    if let map = result.map, fields.contains("map") {
      json.key("map")
      map.write(to: &json)
    }
  }
}

extension JSONWriter {
  /// A key and what `write` writes for each element, which stays where it is.
  fileprivate mutating func member<Element>(
    _ name: StaticString, array elements: [Element], _ write: (borrowing Element, inout JSONWriter) -> Void
  ) {
    key(name)
    beginArray()
    let elements = elements.span
    for index in elements.indices { write(elements[index], &self) }
    endArray()
  }
}
