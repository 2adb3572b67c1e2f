import HTTPCore
import JSON
import KVMModel

/// `GET /v1/kernels`
func answerKernels(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  exchange.json(capacity: 128 * 1024) { json in
    json.object { json in
      exchange.naming.writeNames(to: &json)
      json.member("simulated", strings: KernelRelease.simulated.map { "\($0)" })
      json.member("newest_known", "\(KernelRelease.newestKnown)")
      json.key("kernels")
      json.array { json in for kernels in KnownKernels.all { kernels.write(to: &json, exchange.naming) } }
    }
  }
}

/// `GET /v1/decode/{role}/{value}`
func answerDecode(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let role = try exchange.role()
  let layouts = try exchange.layouts(of: exchange.parameter("kernel"))
  guard let value = exchange.pathParameter("value").flatMap({ parseWord($0) }) else {
    throw ProblemDetails(
      .invalidQuery, "the value must be \"0x\" and hexadecimal digits, or decimal digits, of up to 64 bits")
  }
  let decoded = try layouts.decoded(value, as: role, parameter: "value")
  let against = try exchange.word("against")
  let other = try against.map { value throws(ProblemDetails) in
    try layouts.decoded(value, as: role, parameter: "against")
  }
  return exchange.decoded(decoded, against: other)
}

/// `POST /v1/encode/{role}`
func answerEncode(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let role = try exchange.role()
  var body = Body(try exchange.body())
  let kernel = body.members.optionalString("kernel")
  var assignments: [(pointer: String, assignment: RoleAssignment)] = []
  if let fields = body.members.optionalValue("fields") {
    body.collect(fields, role, into: &assignments)
  } else {
    body.members.refuse("fields", "is missing")
  }
  try body.finish()
  let layouts: RoleLayouts
  do {
    layouts = try exchange.layouts(of: kernel)
  } catch {
    let problems = error.items.map { JSONProblem(pointer: "/kernel", detail: $0.detail) }
    throw ProblemDetails(.ruleViolated, problems)
  }
  let value: UInt64
  do {
    value = try layouts.encode(assignments.map(\.assignment), as: role)
  } catch {
    throw ProblemDetails(error, at: assignments.map(\.pointer))
  }
  return exchange.decoded(try layouts.decoded(value, as: role, parameter: "value"), against: nil)
}

extension Body {
  /// The greatest number of bytes of a field's name or letters, which are compared with many.
  private static let nameLimit = 64

  /// Reads the fields to be set: a role's own, or for a 64-bit role those of its halves `base` and `ext`.
  fileprivate mutating func collect(
    _ fields: JSONValue, _ role: RoleName,
    into assignments: inout [(pointer: String, assignment: RoleAssignment)]
  ) {
    var halves = [(RolePart.base, "fields", fields)]
    if role == .vcpuRole, case .object(let object) = fields {
      halves = []
      for member in object.members where isName(member.key, in: "fields") {
        let key = JSONPointer.member(member.key, of: "fields")
        if let part = RolePart(rawValue: member.key) {
          halves.append((part, key, member.value))
        } else {
          refuse(key, "a vcpu-role has the halves \"base\" and \"ext\"")
        }
      }
    }
    for (part, key, value) in halves {
      guard case .object(let object) = value else {
        refuse(key, "must be an object of fields, not \(value.type.phrase)")
        continue
      }
      for member in object.members where isName(member.key, in: key) {
        let place = JSONPointer.member(member.key, of: key)
        if let value = RoleFieldValue(member.value, limit: Self.nameLimit) {
          assignments.append(("/" + place, RoleAssignment(member.key, value, in: part)))
        } else {
          refuse(
            place, "must be a Boolean, a number from 0 on, or access letters, not \(member.value.type.phrase)"
          )
        }
      }
    }
  }

  /// Whether a key can be a name; one that is too long for that is refused.
  private mutating func isName(_ key: String, in object: String) -> Bool {
    let count = key.utf8.count
    if count > Self.nameLimit { refuse(object, "has a key of \(count) bytes, which is no name") }
    return count <= Self.nameLimit
  }
}

extension RoleFieldValue {
  /// The value that a member of a body stands for; a text of more than `limit` bytes stands for none.
  fileprivate init?(_ value: JSONValue, limit: Int) {
    switch value {
    case .bool(let flag): self = .flag(flag)
    case .number(let number):
      guard let word = number.integer.flatMap(UInt64.init(exactly:)) else { return nil }
      self = .number(word)
    case .string(let text) where text.utf8.count > limit: return nil
    case .string(let text): self = parseWord(text).map { .number($0) } ?? .access(text)
    case .null, .array, .object: return nil
    }
  }
}

extension ProblemDetails {
  fileprivate init(_ error: RoleEncodingError, at pointers: [String]) {
    switch error {
    case .layout(let error):
      self.init(.ruleViolated, [JSONProblem(pointer: "/kernel", detail: error.description)])
    case .assignments(let errors):
      self.init(
        .ruleViolated,
        errors.prefix(Self.itemLimit).map { JSONProblem(pointer: pointers[$0.index], detail: $0.description) }
      )
    }
  }
}

extension Exchange {
  /// The role that the path names.
  fileprivate func role() throws(ProblemDetails) -> RoleName {
    let name = pathParameter("role") ?? ""
    guard let role = RoleName(rawValue: name) else {
      let known = RoleName.allCases.map(\.rawValue).joined(separator: " and ")
      throw ProblemDetails(.notFound, "there is no role \"\(name.prefix(40))\"; the roles are \(known)")
    }
    return role
  }

  /// The layouts of a kernel, that of the simulation if none is named.
  fileprivate func layouts(of kernel: String?) throws(ProblemDetails) -> RoleLayouts {
    let release: KernelRelease
    do throws(KernelReleaseError) {
      release =
        try kernel.map { name throws(KernelReleaseError) in try KernelRelease(name) }
        ?? SimulatedLayouts.release
    } catch {
      throw ProblemDetails(.ruleViolated, parameter: "kernel", error.description)
    }
    do {
      return try RoleLayouts(of: release)
    } catch {
      throw ProblemDetails(.ruleViolated, parameter: "kernel", error.description)
    }
  }

  /// The answer that shows a role, and what another one has otherwise.
  fileprivate func decoded(_ role: DecodedRole, against other: DecodedRole?) -> Response {
    let fields: ResponseFields = [("Vary", "Accept")]
    guard media == .json else { return text(role.table(against: other), fields: fields) }
    return json(fields: fields, capacity: 8 * 1024) { json in
      json.beginObject()
      naming.writeNames(to: &json)
      role.writeMembers(to: &json)
      json.key("against")
      if let other { json.object { json in other.writeMembers(to: &json) } } else { json.null() }
      json.key("difference")
      if let other { RoleDifference(from: role, to: other).write(to: &json) } else { json.null() }
      json.endObject()
    }
  }
}

extension RoleLayouts {
  fileprivate func decoded(
    _ value: UInt64, as role: RoleName, parameter: String
  ) throws(ProblemDetails) -> DecodedRole {
    do {
      return try decode(value, as: role)
    } catch {
      let isTooWide = error == .tooWide(role)
      throw ProblemDetails(.ruleViolated, parameter: isTooWide ? parameter : "kernel", error.description)
    }
  }
}

extension KnownKernels {
  fileprivate func write(to json: inout JSONWriter, _ naming: Naming) {
    json.beginObject()
    json.member("since", "\(since)")
    json.member("until", until.map { "\($0)" })
    json.member("kind", kind.rawValue)
    json.member("simulated", strings: simulated.map { "\($0)" })
    json.key("members")
    json.object { json in
      json.key(naming.vcpuRole)
      json.string(layouts.members?.role64)
      json.key(naming.mmuRole)
      json.string(layouts.members?.pageRole)
    }
    json.member("confidence", layouts.confidence.rawValue)
    json.member("notes", strings: layouts.notes)
    json.key("page_role")
    layouts.pageRole.write(to: &json)
    json.key("extended_role")
    if let layout = layouts.extendedRole { layout.write(to: &json) } else { json.null() }
    json.endObject()
  }
}
