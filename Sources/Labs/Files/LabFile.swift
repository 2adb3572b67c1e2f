import JSON

/// A lab as its author wrote it, for every student.
public struct LabFile: Sendable {
  /// The greatest length of a file, in bytes.
  public static let sizeLimit = 256 * 1024

  /// The name in paths: the file's name without its ending.
  public let id: String
  /// The file's name, as it was given.
  public let file: String
  /// The text itself.
  public let text: String
  /// The lab of a student without a name.
  public let standard: Lab
  private let document: YAMLDocument
  private let parameters: [Parameter]

  /// Reads a lab's file, and proves that each value of its parameters makes a lab, unless that is known.
  public init(file: String, text: String, isProven: Bool = false) throws(LabProblems) {
    self.file = file
    self.text = text
    let name = file.split(separator: "/").last ?? ""
    id = String(name.hasSuffix(".yaml") ? name.dropLast(5) : name)
    func fault(_ detail: String) -> LabProblems {
      LabProblems([LabProblem(file: file, detail: detail)])
    }
    guard id.isHyphenated, name.hasSuffix(".yaml") else {
      throw fault("name the file NN-name.yaml, in lower-case letters, digits and hyphens")
    }
    guard text.utf8.count <= Self.sizeLimit else {
      throw fault("the file is longer than \(Self.sizeLimit) bytes")
    }
    document = try YAMLDocument(text, file: file)
    parameters = try Self.parameters(of: document)
    standard = try Self.lab(id, document, nil, parameters.map { ($0.name, $0.choices[0]) })
    for (index, parameter) in parameters.enumerated() where !isProven {
      for choice in parameter.choices.dropFirst() {
        var values = parameters.map { ($0.name, $0.choices[0]) }
        values[index].1 = choice
        _ = try Self.lab(id, document, nil, values)
      }
    }
  }

  /// The lab as a student has it. An empty name is none.
  public func lab(for student: String?) throws(LabProblems) -> Lab {
    guard let student, !student.isEmpty else { return standard }
    return try Self.lab(
      id, document, student, parameters.map { ($0.name, $0.value(for: student, in: id)) })
  }

  /// A problem that was found when the lab was tried, at the value that a JSON pointer names.
  public func problem(_ detail: String, at pointer: String) -> LabProblem {
    document.problem(detail, at: pointer)
  }

  private static func lab(
    _ id: String, _ document: YAMLDocument, _ student: String?, _ values: [(name: String, value: JSONValue)]
  ) throws(LabProblems) -> Lab {
    var decoder = LabDecoder(document, values)
    return try decoder.lab(id: id, student: student)
  }

  /// The parameters that `variant` describes.
  private static func parameters(of document: YAMLDocument) throws(LabProblems) -> [Parameter] {
    guard let variant = document.value.member("variant"), variant != .null else { return [] }
    guard case .object(let object) = variant else {
      throw LabProblems([document.problem("variant must be an object of parameters", at: "/variant")])
    }
    var problems: [LabProblem] = []
    let parameters = object.members.compactMap { member -> Parameter? in
      let pointer = JSONPointer.member(member.key, of: "/variant")
      let choices = Parameter.choices(member.value)
      if choices.isEmpty {
        let detail =
          "must be a list of values, or {from: 1, to: 9, step: 2}, of at most \(Parameter.choiceLimit) values"
        problems.append(document.problem("\(member.key) \(detail)", at: pointer))
      }
      if Condition.documents.contains(where: { member.key.hasPrefix($0) }) {
        problems.append(
          document.problem("\(member.key) begins like a document's name; call it otherwise", at: pointer))
      }
      return choices.isEmpty ? nil : Parameter(name: member.key, choices: choices)
    }
    guard problems.isEmpty else { throw LabProblems(problems) }
    return parameters
  }
}

extension Parameter {
  /// The greatest number of values that a parameter may have.
  static let choiceLimit = 100

  /// What a parameter may be, by its description; empty if that is none.
  fileprivate static func choices(_ description: JSONValue) -> [JSONValue] {
    if case .array(let choices) = description { return choices.count <= choiceLimit ? choices : [] }
    guard let from = description.member("from")?.word, let to = description.member("to")?.word, from <= to
    else {
      return []
    }
    let step = description.member("step").map(\.word) ?? 1
    guard let step, step > 0, (to - from) / step < UInt64(choiceLimit) else { return [] }
    var isHexadecimal = false
    if case .string = description.member("from") { isHexadecimal = true }
    return (0...(to - from) / step).map { index in
      let value = from + index * step
      return isHexadecimal ? .string("0x" + String(value, radix: 16)) : .integer(Int(clamping: value))
    }
  }
}

extension String {
  /// Whether it is words of lower-case letters and digits with hyphens between them.
  var isHyphenated: Bool {
    utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false).allSatisfy { word in
      !word.isEmpty
        && word.allSatisfy { byte in
          (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
    }
  }
}
