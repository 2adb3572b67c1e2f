/// A role taken apart by one kernel's layouts.
public struct DecodedRole: Sendable {
  /// The kernel whose layouts were used.
  public let release: KernelRelease
  /// Which role it is.
  public let role: RoleName
  /// The whole word.
  public let value: UInt64
  /// The union that holds such a word in this kernel.
  public let union: RoleLayout.Union
  /// The member of `struct kvm_mmu` that holds it, as `cpu_role`, where known.
  public let member: String?
  /// The page role and, of a `vcpu-role`, the extended role.
  public let parts: [Part]
  /// How sure the layouts are: the least of all that were used.
  public let confidence: RoleLayout.Confidence
  /// What to know about the choice of layouts.
  public let notes: [String]

  /// One 32-bit union of the role.
  public struct Part: Sendable {
    /// Which half of the role it is.
    public let part: RolePart
    /// The layout it was read by.
    public let layout: RoleLayout
    /// The union's word.
    public let word: UInt32
    /// Every named field from bit 0 up.
    public let fields: [Field]
    /// The bits set that have no name in this layout.
    public let unnamedBits: UInt32
  }

  /// One field with its value.
  public struct Field: Sendable, Hashable {
    /// The name in the kernel's union.
    public let name: String
    /// The bits of the whole role that it takes.
    public let bits: ClosedRange<Int>
    /// The bits' number.
    public let value: UInt64
    /// The value as it is written in documents.
    public let rendered: RoleFieldValue
    /// What this value means, in plain words.
    public let meaning: String
  }

  /// Every bit of the whole role that is set and has no name.
  public var unnamedBits: UInt64 {
    parts.reduce(0) { $0 | UInt64($1.unnamedBits) << UInt64($1.part.shift) }
  }
}

extension RoleLayouts {
  /// Takes a role apart.
  ///
  /// - Throws: ``RoleLayoutError`` if this kernel has no such role or the value is wider than it.
  public func decode(_ value: UInt64, as role: RoleName) throws(RoleLayoutError) -> DecodedRole {
    let layouts = try parts(of: role)
    guard role.width == 64 || value <= UInt32.max else { throw .tooWide(role) }
    let parts = layouts.map { part, layout in
      decode(UInt32(truncatingIfNeeded: value >> UInt64(part.shift)), part, layout, in: role)
    }
    return DecodedRole(
      release: release, role: role, value: value,
      union: role == .mmuRole ? .pageRole : vcpuRole?.union ?? .cpuRole,
      member: role == .mmuRole ? members?.pageRole : members?.role64,
      parts: parts,
      confidence: layouts.reduce(confidence) { min($0, $1.layout.confidence) },
      notes: notes)
  }

  private func decode(
    _ word: UInt32, _ part: RolePart, _ layout: RoleLayout, in role: RoleName
  ) -> DecodedRole.Part {
    let holder: RoleFieldMeaning.Holder =
      part == .ext
      ? .extendedRole : role == .vcpuRole && members?.isGuestRole == true ? .guestRole : .pageRole
    let fields = layout.fields.map { field in
      let low = field.shift + part.shift
      let value = field.value(in: UInt64(word))
      return DecodedRole.Field(
        name: field.name, bits: low...low + field.width - 1, value: value,
        rendered: field.rendered(in: UInt64(word)),
        meaning: RoleFieldMeaning.sentence(field, value, in: holder, of: release))
    }
    return DecodedRole.Part(
      part: part, layout: layout, word: word, fields: fields,
      unnamedBits: word & ~UInt32(truncatingIfNeeded: layout.namedBits))
  }
}

/// What differs between two roles read by the same layouts.
public struct RoleDifference: Sendable, Hashable {
  /// A field with another value.
  public struct Field: Sendable, Hashable {
    /// The half of the role it lies in.
    public let part: RolePart
    /// The field in the first role.
    public let from: DecodedRole.Field
    /// The same field in the second role.
    public let to: DecodedRole.Field
  }

  /// The fields that differ, from bit 0 up.
  public let fields: [Field]
  /// The differing bits that have no name, as bits of the whole role.
  public let unnamedBits: UInt64

  /// Compares two roles that the same ``RoleLayouts`` decoded as the same ``RoleName``.
  public init(from one: DecodedRole, to other: DecodedRole) {
    fields = zip(one.parts, other.parts).flatMap { one, other in
      zip(one.fields, other.fields).filter { $0.value != $1.value }
        .map { Field(part: one.part, from: $0, to: $1) }
    }
    unnamedBits = one.unnamedBits ^ other.unnamedBits
  }
}
