/// One thing that is wrong with a document, in the form of an RFC 9457 problem's `errors`.
public struct JSONProblem: Hashable, Sendable {
  /// Where, as a JSON pointer (RFC 6901).
  public let pointer: String
  /// What, as a sentence for people.
  public let detail: String

  /// A problem at this place.
  public init(pointer: String, detail: String) {
    self.pointer = pointer
    self.detail = detail
  }
}

/// Everything that is wrong with a document; never empty.
public struct JSONProblems: Error, Hashable, Sendable {
  /// The greatest number of problems that are listed; the last then says that there are more.
  public static let limit = 100

  /// The problems, in the order of the document; a missing key comes last in its object.
  public let problems: [JSONProblem]
}

extension JSONProblem {
  /// A reading error as a problem.
  public init(_ error: JSONError) {
    self.init(pointer: error.pointer, detail: "\(error.detail) (byte \(error.offset))")
  }
}
