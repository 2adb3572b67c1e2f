/// How a kernel function refuses: with the outcome that the guest or user space sees.
struct Refused: Error {
  let outcome: Outcome

  /// #GP(0), as every instruction handler makes of a function that returns 1 (`kvm_complete_insn_gp`).
  static func generalProtection(_ function: String, _ reason: String) -> Refused {
    exception(.generalProtection, function, reason)
  }

  /// An exception without an address and with error code 0.
  static func exception(_ vector: ExceptionVector, _ function: String, _ reason: String) -> Refused {
    Refused(
      outcome: .exception(
        vector, errorCode: 0, address: nil, refusal: Refusal(function: function, reason: reason)))
  }

  /// A VMX instruction's failure with an error number.
  static func vmFail(_ error: VMInstructionError, _ function: String, _ reason: String) -> Refused {
    Refused(outcome: .vmFail(error: error, refusal: Refusal(function: function, reason: reason)))
  }
}

/// A rule on a value that is written: where the kernel applies it, what it says, and whether it refuses.
struct Rule<Subject>: Sendable {
  let function: StaticString
  let reason: StaticString
  let refuses: @Sendable (Subject) -> Bool
}

extension Array {
  /// The first rule that refuses the subject.
  func refusal<Subject>(of subject: Subject) -> Refusal? where Element == Rule<Subject> {
    let rules = span
    for index in rules.indices where rules[index].refuses(subject) {
      return Refusal(function: rules[index].function.description, reason: rules[index].reason.description)
    }
    return nil
  }
}
