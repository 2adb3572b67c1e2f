import JSON
import KVMModel

/// A session as a text that people can write: its machine, how its vCPUs begin, and the operations on them.
///
/// Sessions that follow equal scripts are equal, in any process.
struct Script: Sendable {
  /// What `format` says.
  static let format = "rolecall-script/1"

  let name: String?
  let boot: Boot
  let machine: Machine
  let operations: [OperationRequest]

  /// Reads a script; nothing is run before all of it is read.
  init(_ value: JSONValue, _ limits: RolecallService.Limits) throws(ProblemDetails) {
    var body = Body(value)
    body.readFormat()
    name = body.sessionName(limits)
    boot = body.members.optionalEnumeration("boot", of: Boot.self) ?? .longMode
    machine = body.machine()
    operations = try body.operations(
      OperationDecoder(vendor: machine.vendor, vcpus: machine.vcpus),
      limit: limits.history / History.entryBytes)
    try body.finish()
  }

  /// The session after all operations.
  ///
  /// - Throws: which operation makes no sense in the state that it meets.
  func session(
    at time: Timestamp, _ limits: RolecallService.Limits, counts: ServiceCounts = ServiceCounts()
  ) throws(ProblemDetails) -> Session {
    let virtualMachine = VirtualMachine(machine: machine, boot: boot)
    guard boot.succeeded(on: virtualMachine) else {
      throw ProblemDetails(
        .ruleViolated,
        [
          JSONProblem(
            pointer: "/boot", detail: "KVM_SET_SREGS refuses these registers with the machine's CPUID")
        ])
    }
    let session = Session(name: name, boot: boot, machine: virtualMachine, at: time, counts: counts)
    try session.withState { state throws(ProblemDetails) in
      for (index, operation) in operations.enumerated() {
        _ = try state.apply(
          operation, at: "/operations/\(index)", detail: .lookups, time: time, limit: limits.history)
      }
    }
    return session
  }
}

extension Body {
  /// Reads `format`, which may be left out.
  mutating func readFormat() {
    _ = members.optional("format") { $0.enumeration(of: [Script.format]) }
  }

  /// Reads the name of a session, which may be left out.
  mutating func sessionName(_ limits: RolecallService.Limits) -> String? {
    let name = members.optionalString("name")
    if let length = name?.unicodeScalars.count, length > limits.name {
      refuse("name", "at most \(limits.name) characters, it has \(length)")
    }
    return name
  }

  /// Reads what a script says of its session besides operations, which must be so in a session that is there.
  mutating func readScriptHead(of machine: Machine, _ boot: Boot) {
    readFormat()
    _ = members.optionalValue("name")
    if members.contains("machine") || members.contains("preset"), self.machine() != machine {
      refuse(
        "machine", "is another one than the session's; leave it out, or make a new session of the script")
    }
    if let wanted = members.optionalEnumeration("boot", of: Boot.self), wanted != boot {
      refuse(
        "boot", "the session began with \(boot.rawValue); leave it out, or make a new session of the script")
    }
  }
}

extension Boot {
  /// Whether the vCPUs of a new machine have the registers that it asks for.
  fileprivate func succeeded(on machine: borrowing VirtualMachine) -> Bool {
    guard let wanted = registers else { return true }
    return machine.vcpus.allSatisfy { vcpu in
      vcpu.registers.cr4.rawValue == wanted.cr4 ?? 0 && vcpu.registers.efer.rawValue == wanted.efer ?? 0
    }
  }
}
