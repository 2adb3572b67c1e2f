import JSON
import KVMModel

extension Session {
  /// The session in a state as a script that leads to it: the machine with every key, and the operations that were not
  /// undone, each on a line of its own.
  func script(_ state: borrowing State) -> [UInt8] {
    let machine = state.machine.machine
    var text: [UInt8] = []
    text.append("{\"format\":\"\(Script.format)\",\n\"name\":") { $0.string(name) }
    if let enrolment {
      text.append(",\n\"lab\":") { $0.string(enrolment.lab) }
      if let student = enrolment.student { text.append(",\n\"student\":") { $0.string(student) } }
    }
    text.append(",\n\"boot\":") { $0.string(boot.rawValue) }
    text.append(",\n\"machine\":") { machine.write(to: &$0) }
    text.append(contentsOf: ",\n\"operations\":[".utf8)
    var separator = "\n"
    for operation in state.history.path(to: state.history.state).compactMap(state.history.operation) {
      text.append(separator) { operation.write(to: &$0, machine.vendor) }
      separator = ",\n"
    }
    text.append(contentsOf: "\n]}\n".utf8)
    return text
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ text: String, _ write: (inout JSONWriter) -> Void) {
    append(contentsOf: text.utf8)
    var json = JSONWriter()
    write(&json)
    append(contentsOf: json.finish())
  }
}
