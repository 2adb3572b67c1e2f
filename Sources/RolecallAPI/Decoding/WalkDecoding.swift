import JSON
import KVMModel

/// Reads the body of a `walk`.
func walkRequest(_ body: inout Body) -> WalkRequest {
  WalkRequest(
    address: body.members.word("address"),
    access: body.members.optionalEnumeration("access", of: WalkRequest.Access.self) ?? .read,
    user: body.members.optionalBool("user") ?? false,
    implicit: body.members.optionalBool("implicit") ?? false,
    alignmentCheck: body.members.optionalBool("ac") ?? false,
    space: body.members.optionalEnumeration("space", of: WalkRequest.Space.self) ?? .virtual,
    inject: body.members.optionalBool("inject") ?? true,
    exitQualification: body.members.optionalWord("exit_qualification") ?? 0)
}

/// Reads the body of an `access`.
func accessRequest(_ body: inout Body) -> AccessRequest {
  AccessRequest(
    address: body.members.word("address"),
    kind: body.members.optionalEnumeration("access", of: WalkRequest.Access.self) ?? .read,
    privilegeLevel: body.members.optionalInteger("cpl", in: 0...3) ?? 0,
    implicit: body.members.optionalBool("implicit") ?? false,
    alignmentCheck: body.members.optionalBool("ac") ?? false, value: body.members.optionalWord("value"),
    bytes: body.members.optionalInteger("bytes", in: 1...8) ?? 8)
}
