/// How an operation ended, as the guest or user space sees it.
public enum Outcome: Sendable, Hashable {
  /// Done.
  case ok
  /// The guest gets an exception.
  case exception(ExceptionVector, errorCode: UInt32, address: UInt64?, refusal: Refusal)
  /// A call by user space that KVM answers with -EINVAL.
  case invalid(Refusal)
  /// A VMX instruction fails: with an error number (VMfailValid), or without (VMfailInvalid).
  case vmFail(error: VMInstructionError?, refusal: Refusal)
  /// VM entry failed after the checks of the controls; L1 runs on its host state.
  case entryFailed(exitReason: UInt32, qualification: UInt64, refusal: Refusal)
  /// An exit to L1: an exit reason and a qualification on Intel, an exit code and two words on AMD.
  case vmExit(VMExit, refusal: Refusal)
  /// Triple fault: KVM_EXIT_SHUTDOWN.
  case shutdown(Refusal)
  /// KVM leaves to user space with an internal error.
  case internalError(Refusal)

  /// The word the API uses for `status`.
  public var status: String { statusName.description }

  /// ``status``, in the program.
  public var statusName: StaticString {
    switch self {
    case .ok: "ok"
    case .exception: "exception"
    case .invalid: "invalid"
    case .vmFail: "vmfail"
    case .entryFailed: "entry-failed"
    case .vmExit: "vmexit"
    case .shutdown: "shutdown"
    case .internalError: "internal-error"
    }
  }

  /// Why the operation was refused; `nil` for ``ok``.
  public var refusal: Refusal? {
    switch self {
    case .ok: nil
    case .exception(_, _, _, let refusal), .invalid(let refusal), .vmFail(_, let refusal),
      .entryFailed(_, _, let refusal), .vmExit(_, let refusal), .shutdown(let refusal),
      .internalError(let refusal):
      refusal
    }
  }
}

/// The rule that refused an operation.
public struct Refusal: Sendable, Hashable, Codable {
  /// The kernel function that applies the rule.
  public var function: String
  /// The rule, in a sentence.
  public var reason: String

  /// A rule and where it is applied.
  public init(function: String, reason: String) {
    self.function = function
    self.reason = reason
  }
}

/// The exceptions that operations raise.
public enum ExceptionVector: String, Sendable, Codable {
  /// Invalid opcode.
  case undefinedOpcode = "#UD"
  /// General protection.
  case generalProtection = "#GP"
  /// Page fault.
  case pageFault = "#PF"
}

/// Error numbers of VMX instructions (Intel SDM volume 3, section 31.4).
public enum VMInstructionError: Int, Sendable, Codable {
  /// VM entry with invalid control fields.
  case invalidControlFields = 7
  /// VM entry with invalid host-state fields.
  case invalidHostState = 8
  /// VMXON executed in VMX root operation.
  case vmxonInRootOperation = 15
  /// Invalid operand to INVEPT or INVVPID.
  case invalidOperand = 28

  /// The name as the API writes it.
  public var name: String {
    switch self {
    case .invalidControlFields: "VM entry with invalid control field(s)"
    case .invalidHostState: "VM entry with invalid host-state field(s)"
    case .vmxonInRootOperation: "VMXON executed in VMX root operation"
    case .invalidOperand: "invalid operand to INVEPT/INVVPID"
    }
  }
}

/// What L1 sees of an exit.
public enum VMExit: Sendable, Hashable {
  /// VMX: the exit reason and qualification, and for EPT the guest-physical address.
  case vmx(reason: UInt32, qualification: UInt64, guestPhysicalAddress: UInt64?)
  /// SVM: the exit code and its two words.
  case svm(code: UInt64, info1: UInt64, info2: UInt64)
}
