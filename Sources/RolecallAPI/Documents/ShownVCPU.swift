import JSON
import KVMModel

/// The document of a vCPU as it was last shown, with every key and the proposed names.
///
/// At the same revision it is sent again; later the parts of those MMUs that are as they were go into the next document.
final class ShownVCPU: Sendable {
  /// The session's revision.
  let revision: Int
  /// The vCPU.
  let vcpu: VCPU
  /// The document as it stands alone.
  let bytes: [UInt8]

  /// Where what follows `names` stands in `bytes`.
  private let members: Range<Int>
  private let mmus: [Part]

  /// The document of an MMU. It depends on the roles of the roots' shadow pages too.
  private struct Part {
    let name: MMUName
    let range: Range<Int>
    let rootRoles: [PageRole?]
  }

  /// Writes the document of the vCPU at `index`, with what is still right of the one shown before.
  init(_ index: Int, of machine: borrowing VirtualMachine, revision: Int, after last: ShownVCPU?) {
    let vcpu = machine.vcpus[index]
    var json = JSONWriter(capacity: 8 * 1024)
    json.beginObject()
    Naming.proposed.writeNames(to: &json)
    let start = json.count + 1
    vcpu.writeState(to: &json)
    var parts: [Part] = []
    parts.reserveCapacity(3)
    for name in MMUName.allCases {
      json.key(named: name.rawValue)
      parts.append(Self.write(vcpu[name], name, to: &json, in: machine, after: last))
    }
    members = start..<json.count
    json.endObject()
    self.revision = revision
    self.vcpu = vcpu
    mmus = parts
    bytes = json.finish()
  }

  private static func write(
    _ mmu: MMU, _ name: MMUName, to json: inout JSONWriter, in machine: borrowing VirtualMachine,
    after last: ShownVCPU?
  ) -> Part {
    let start = json.count
    let roles = mmu.rootRoles(in: machine)
    if let last, let part = last.mmus.first(where: { $0.name == name }), part.rootRoles == roles,
      last.vcpu[name] == mmu
    {
      let bytes = last.bytes
      json.raw(bytes.span.extracting(part.range))
    } else {
      mmu.write(to: &json, .proposed, in: machine)
    }
    return Part(name: name, range: start..<json.count, rootRoles: roles)
  }

  /// Writes the document as part of another one.
  func write(to json: inout JSONWriter) {
    let bytes = bytes
    json.object { json in json.raw(bytes.span.extracting(members)) }
  }
}

extension MMU {
  /// The roles of the shadow pages of those roots that are valid, `nil` for a root without one.
  fileprivate func rootRoles(in machine: borrowing VirtualMachine) -> [PageRole?] {
    var roles: [PageRole?] = []
    if let hpa = root.hpa { roles.append(machine.roleOfShadowPage(at: hpa)) }
    for root in previousRoots {
      if let hpa = root.hpa { roles.append(machine.roleOfShadowPage(at: hpa)) }
    }
    return roles
  }
}

extension Session.State {
  /// The document of a vCPU of the machine, with every key and the proposed names; kept until the next is shown.
  mutating func show(_ index: Int) -> ShownVCPU {
    if let shown, shown.revision == revision, shown.vcpu.id == index { return shown }
    let shown = ShownVCPU(index, of: machine, revision: revision, after: shown)
    self.shown = shown
    return shown
  }
}
