import HTTPCore
import JSON
import KVMModel

private let roleKeys = [
  "names", "vcpu_role", "permissions", "pkru_mask", "guest_rsvd_check", "tdp", "shadow", "npt",
]
private let eptKeys = [
  "names", "valid", "reason", "execonly", "huge_page_level", "accessed_dirty", "vcpu_role", "mmu_role",
  "permissions", "guest_rsvd_check", "shadow_zero_check",
]

/// `POST /v1/calculate/roles`: what KVM computes from registers, whatever the machine would let a guest do.
func answerCalculateRoles(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: exchange.naming.keys(roleKeys))
  var body = Body(try exchange.body())
  let machine = body.machine()
  let registers = body.object("registers") { body in
    (
      cr0: CR0(rawValue: body.members.word("cr0")), cr4: CR4(rawValue: body.members.word("cr4")),
      efer: EFER(rawValue: body.members.word("efer"))
    )
  }
  let smm = body.members.optionalBool("smm") ?? false
  let guestMode = body.members.optionalBool("guest_mode") ?? false
  try body.finish()
  guard let registers else { throw ProblemDetails(.invalidBody, []) }

  let role = VCPURole(
    cr0: registers.cr0, cr4: registers.cr4, efer: registers.efer, smm: smm, guestMode: guestMode)
  let tdp = MMU.forRootTDP(machine: machine, cpuid: machine.cpuid, role: role)
  let shadow = MMU.forRootShadow(machine: machine, cpuid: machine.cpuid, role: role)
  let npt = MMU.forNestedNPT(
    machine: machine, cpuid: machine.cpuid,
    role: VCPURole(nestedNPTOfCR4: registers.cr4, efer: registers.efer, smm: smm))
  let naming = exchange.naming
  return exchange.json(capacity: 8 * 1024) { json in
    json.beginObject()
    if fields.contains("names") { naming.writeNames(to: &json) }
    shadow.writeGuestPart(to: &json, naming, fields, withKeys: true)
    if fields.contains("tdp") {
      json.key("tdp")
      json.object { json in
        json.key(naming.mmuRole)
        tdp.mmuRole.write(to: &json)
      }
    }
    if fields.contains("shadow") {
      json.key("shadow")
      json.object { json in shadow.writeShadowPart(to: &json, naming, .all) }
    }
    if fields.contains("npt") {
      json.key("npt")
      json.object { json in
        npt.writeGuestPart(to: &json, naming, .all, withKeys: false)
        npt.writeShadowPart(to: &json, naming, .all)
      }
    }
    json.endObject()
  }
}

/// `POST /v1/calculate/ept`: what KVM makes of an EPT pointer of L1.
func answerCalculateEPT(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let fields = try exchange.fields(of: exchange.naming.keys(eptKeys))
  var body = Body(try exchange.body())
  let machine = body.machine()
  let eptp = EPTPointer(rawValue: body.members.word("eptp"))
  try body.finish()

  let capabilities = machine.nestedCapabilities
  let problem = eptp.problem(
    capabilities: capabilities, reservedAddressBits: machine.cpuid.reservedAddressBits)
  let mmu = MMU.forNestedEPT(machine: machine, cpuid: machine.cpuid, eptp: eptp)
  let naming = exchange.naming
  return exchange.json(capacity: 4 * 1024) { json in
    json.beginObject()
    if fields.contains("names") { naming.writeNames(to: &json) }
    if fields.contains("valid") { json.member("valid", problem == nil) }
    if fields.contains("reason") { json.member("reason", problem) }
    let isValid = problem == nil
    if fields.contains("execonly") { json.member("execonly", isValid ? capabilities.eptExecuteOnly : nil) }
    if fields.contains("huge_page_level") {
      json.member("huge_page_level", isValid ? capabilities.hugePageLevel : nil)
    }
    if fields.contains("accessed_dirty") { json.member("accessed_dirty", isValid ? eptp.accessedDirty : nil) }
    if isValid {
      mmu.writeGuestPart(to: &json, naming, fields, withKeys: false)
      mmu.writeShadowPart(to: &json, naming, fields)
    } else {
      for key in naming.keys(Array(eptKeys.suffix(5))) where fields.contains(key) {
        json.key(named: key)
        json.null()
      }
    }
    json.endObject()
  }
}

extension MMU {
  /// What follows from the guest's role.
  fileprivate func writeGuestPart(
    to json: inout JSONWriter, _ naming: Naming, _ fields: Fields, withKeys: Bool
  ) {
    if fields.contains("\(naming.vcpuRole)") {
      json.key(naming.vcpuRole)
      vcpuRole.write(to: &json)
    }
    if fields.contains("permissions") { permissions.write(to: &json) }
    if withKeys, fields.contains("pkru_mask") { json.member("pkru_mask", hex: UInt64(pkruMask)) }
    if fields.contains("guest_rsvd_check") {
      json.key("guest_rsvd_check")
      guestReservedBits.write(to: &json)
    }
  }

  /// What the tables that KVM builds look like.
  fileprivate func writeShadowPart(to json: inout JSONWriter, _ naming: Naming, _ fields: Fields) {
    if fields.contains("\(naming.mmuRole)") {
      json.key(naming.mmuRole)
      mmuRole.write(to: &json)
    }
    if fields.contains("shadow_zero_check") {
      json.key("shadow_zero_check")
      shadowZeroBits.write(to: &json)
    }
  }
}
