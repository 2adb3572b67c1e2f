/// A field to be set by an encoder.
public struct RoleAssignment: Sendable, Hashable {
  /// The half of the role it lies in; `base` for every field of a `mmu-role`.
  public let part: RolePart
  /// The field's name in the kernel's union.
  public let name: String
  /// The wanted value: a number for every kind of field, a Boolean for one bit, letters for access.
  public let value: RoleFieldValue

  /// Makes an assignment, which is checked only by the encoder.
  public init(_ name: String, _ value: RoleFieldValue, in part: RolePart = .base) {
    self.part = part
    self.name = name
    self.value = value
  }
}

/// Why a role can't be encoded.
public enum RoleEncodingError: Error, Equatable {
  /// This kernel has no such role.
  case layout(RoleLayoutError)
  /// These assignments are wrong, all that were found.
  case assignments([RoleAssignmentError])
}

/// What is wrong with one assignment.
public struct RoleAssignmentError: Error, Equatable, CustomStringConvertible {
  /// The reason.
  public enum Reason: Error, Equatable {
    /// The layout has no such field; the names that it has. Without a layout the role lacks that half.
    case unknownField(layout: String?, names: [String])
    /// Assigned before in the same request.
    case assignedTwice
    /// More than the field holds.
    case outOfRange(maximum: UInt64)
    /// Letters or a Boolean for a field that has none; what it takes.
    case wrongKind(expected: String)
  }

  /// The place of the assignment in the request, from 0.
  public let index: Int
  /// The assignment.
  public let assignment: RoleAssignment
  /// What is wrong with it.
  public let reason: Reason

  /// One sentence for the person who asked.
  public var description: String {
    switch reason {
    case .unknownField(let layout?, let names):
      "layout \(layout) has no field \(assignment.name); it has \(names.joined(separator: ", "))"
    case .unknownField(nil, _): "the role has no \(assignment.part.rawValue) half"
    case .assignedTwice: "\(assignment.name) is given twice"
    case .outOfRange(let maximum): "\(assignment.name) holds 0 to \(maximum)"
    case .wrongKind(let expected): "\(assignment.name) takes \(expected)"
    }
  }
}

extension RoleLayouts {
  /// Puts a role together; fields that are not assigned are 0.
  ///
  /// - Throws: ``RoleEncodingError`` with every wrong assignment, or because this kernel has no such role.
  public func encode(_ assignments: [RoleAssignment], as role: RoleName) throws(RoleEncodingError) -> UInt64 {
    let layouts: [(part: RolePart, layout: RoleLayout)]
    do { layouts = try parts(of: role) } catch { throw .layout(error) }
    var word: UInt64 = 0
    var assigned: UInt64 = 0
    var errors: [RoleAssignmentError] = []
    for (index, assignment) in assignments.enumerated() {
      let layout = layouts.first { $0.part == assignment.part }?.layout
      let shift = UInt64(assignment.part.shift)
      do throws(RoleAssignmentError.Reason) {
        let (value, mask) = try Self.bits(assignment, in: layout)
        guard assigned & mask << shift == 0 else { throw RoleAssignmentError.Reason.assignedTwice }
        assigned |= mask << shift
        word |= value << shift
      } catch {
        errors.append(RoleAssignmentError(index: index, assignment: assignment, reason: error))
      }
    }
    guard errors.isEmpty else { throw .assignments(errors) }
    return word
  }

  /// The assigned value at its place in the union, and the field's mask.
  private static func bits(
    _ assignment: RoleAssignment, in layout: RoleLayout?
  ) throws(RoleAssignmentError.Reason) -> (value: UInt64, mask: UInt64) {
    guard let layout, let field = layout.field(assignment.name) else {
      throw .unknownField(layout: layout?.id, names: layout?.fields.map(\.name) ?? [])
    }
    let value: UInt64
    switch (assignment.value, field.kind) {
    case (.number(let number), _):
      value = number
    case (.flag(let isSet), .flag):
      value = isSet ? 1 : 0
    case (.access(let text), .access(let encoding)):
      guard let number = encoding.value(text) else { throw .wrongKind(expected: field.accepts) }
      value = number
    default:
      throw .wrongKind(expected: field.accepts)
    }
    guard value <= field.maximum else { throw .outOfRange(maximum: field.maximum) }
    return (value << UInt64(field.shift), field.mask)
  }
}

extension RoleField {
  fileprivate var accepts: String {
    switch kind {
    case .flag: "a Boolean"
    case .number, .union: "a number from 0 to \(maximum)"
    case .access(let encoding):
      "a number from 0 to \(maximum), or letters like \(encoding.text(maximum)) with - for each that is not granted"
    }
  }
}
