import JSON
import KVMModel
import Labs

/// The lab that a session belongs to, and whose it is.
struct Enrolment: Sendable, Hashable {
  let lab: String
  let student: String?

  /// The greatest length of a student's name, in Unicode characters (code points).
  static let studentLimit = 200

  /// The document of it.
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("id", lab)
      json.member("student", student)
    }
  }
}

extension Enrolment {
  init(_ lab: Lab) { self.init(lab: lab.id, student: lab.student) }
}

extension Body {
  /// Reads `lab` and `student`: the student's lab, if the body is to belong to one. Without labs both are passed over.
  mutating func lab(_ labs: LabLibrary?) throws(ProblemDetails) -> Lab? {
    guard let labs else {
      for key in ["lab", "student"] as [StaticString] { _ = members.optionalValue(key) }
      return nil
    }
    let id = members.optionalString("lab")
    let student = members.optionalString("student")
    if let length = student?.unicodeScalars.count, length > Enrolment.studentLimit {
      refuse("student", "at most \(Enrolment.studentLimit) characters, it has \(length)")
    }
    guard let id else {
      if student != nil { refuse("student", "is whose lab it is, and needs lab") }
      return nil
    }
    guard let file = labs[id] else {
      throw ProblemDetails(
        .ruleViolated,
        [
          JSONProblem(
            pointer: "/lab", detail: "there is no such lab; GET /v1/labs lists those there are")
        ])
    }
    return try file.variant(for: student)
  }

  /// The operations that a script adds to those with which the lab begins, at their places in its list; the script may list
  /// the lab's before them.
  mutating func operations(
    after start: LabStart, limit: Int
  ) throws(ProblemDetails) -> ArraySlice<OperationRequest> {
    let machine = start.script.machine
    if members.contains("machine") || members.contains("preset"), self.machine() != machine {
      refuse("machine", "is another one than the lab's; leave it out")
    }
    if let boot = members.optionalEnumeration("boot", of: Boot.self), boot != start.script.boot {
      refuse("boot", "the lab begins with \(start.script.boot.rawValue); leave it out")
    }
    let operations = try self.operations(
      OperationDecoder(vendor: machine.vendor, vcpus: machine.vcpus), limit: limit)
    let isWhole =
      operations.count >= start.operations.count
      && zip(operations, start.operations).allSatisfy { $0.resolved(on: start.machine) == $1 }
    return operations.dropFirst(isWhole ? start.operations.count : 0)
  }
}

extension LabFile {
  /// The lab as a student has it.
  func variant(for student: String?) throws(ProblemDetails) -> Lab {
    do throws(LabProblems) { return try lab(for: student) } catch {
      throw ProblemDetails(.conflict, "the lab cannot be made for this student: \(error)")
    }
  }
}
