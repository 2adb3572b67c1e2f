import JSON
import KVMModel
import Labs

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
  /// The lab that it belongs to.
  let enrolment: Enrolment?
  /// How many of the operations come before those that it lists itself.
  private let unlisted: Int

  /// Reads a script; nothing is run before all of it is read.
  ///
  /// - Parameter labs: those that it may belong to, and then get its machine from; without any it stands for itself.
  init(
    _ value: JSONDocument, _ limits: RolecallService.Limits, labs: LabLibrary? = nil
  ) throws(ProblemDetails) {
    let limit = limits.history / History.entryBytes
    var body = Body(value)
    body.readFormat()
    name = body.sessionName(limits)
    if let lab = try body.lab(labs) {
      let start = try LabStart(lab)
      (boot, machine) = (start.script.boot, start.script.machine)
      let own = try body.operations(after: start, limit: limit)
      operations = start.script.operations + own
      unlisted = start.operations.count - own.startIndex
      enrolment = Enrolment(lab)
    } else {
      boot = body.members.optionalEnumeration("boot", of: Boot.self) ?? .longMode
      machine = body.machine()
      operations = try body.operations(
        OperationDecoder(vendor: machine.vendor, vcpus: machine.vcpus), limit: limit)
      (unlisted, enrolment) = (0, nil)
    }
    try body.finish()
  }

  /// The machine before the first operation.
  func virtualMachine() throws(ProblemDetails) -> VirtualMachine {
    let virtualMachine = VirtualMachine(machine: machine, boot: boot)
    guard boot.succeeded(on: virtualMachine) else {
      throw ProblemDetails(
        .ruleViolated,
        [
          JSONProblem(
            pointer: "/boot", detail: "KVM_SET_SREGS refuses these registers with the machine's CPUID")
        ])
    }
    return virtualMachine
  }

  /// The session after all operations.
  ///
  /// - Throws: which operation makes no sense in the state that it meets.
  func session(
    at time: Timestamp, _ limits: RolecallService.Limits, counts: ServiceCounts = ServiceCounts()
  ) throws(ProblemDetails) -> Session {
    let session = Session(
      name: name, boot: boot, enrolment: enrolment, machine: try virtualMachine(), at: time, counts: counts)
    try session.withState { state throws(ProblemDetails) in
      for (index, operation) in operations.enumerated() {
        _ = try state.apply(
          operation, at: "/operations/\(index - unlisted)", detail: .lookups, time: time,
          limit: limits.history)
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
    let name = members.optionalString("name", limit: .max)
    if let length = name?.unicodeScalars.count, length > limits.name {
      refuse("name", "at most \(limits.name) characters, it has \(length)")
    }
    return name
  }

  /// Reads what a script says of its session besides operations, which must be so in a session that is there.
  mutating func readScriptHead(of machine: Machine, _ boot: Boot) {
    readFormat()
    for key in ["name", "lab", "student"] as [StaticString] { _ = members.optionalValue(key) }
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
