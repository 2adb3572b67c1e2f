import Labs
import RolecallAPI
import Testing

@Suite("Trying a lab before students do")
struct LabTrialTests {
  /// What a trial of the template finds after a change.
  private func problems(_ from: String, _ to: String) -> [String] {
    do throws(LabProblems) {
      #expect(LabLibrary.template.contains(from))
      let text = LabLibrary.template.replacing(from, with: to, maxReplacements: 1)
      try LabFile(file: "10-x.yaml", text: text).trial()
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test("what is wrong is told with its line")
  func problems() {
    let cases = [
      ("preset: intel-shadow", "preset: intel-shade", "10-x.yaml:14: /preset: must be one of"),
      (
        "op: set-cr, register: cr3, value: \"${cr3}\"}", "op: set-cr, register: cr3}",
        "10-x.yaml:16: /operations/0/value: is missing"
      ),
      (
        "[{op: set-cr, register: cr4, set: [SMAP]}]", "[{op: set-cr, register: cr4, set: [SMEP]}]",
        "this wrong attempt solves"
      ),
      (
        "says: CR4 is 0x200020", "says: something else",
        "is not told \"something else\", but: SMEP is not set; CR4 is"
      ),
      (
        "that: vcpu.registers.cr3 == ${cr3}", "that: vcpu.register.cr3 == ${cr3}",
        "vcpu has no \"register\"; it has id"
      ),
      (
        "      - {op: set-cr, register: cr4, set: [SMEP]}\n    wrong", "      - {op: enter-guest}\n    wrong",
        "the solution does not solve \"smep\": SMEP is not set"
      ),
      (
        "      - {op: set-cr, register: cr4, set: [SMEP]}\n    wrong", "      - {op: jump}\n    wrong",
        "10-x.yaml:38: /operations/0/op: must be one of"
      ),
      (
        "vcpu.root_mmu.vcpu_role.ext.cr4_smep == true", "vcpu.registers.cr4 == 0x20",
        "is solved before anything is done"
      ),
      (
        "hidden: true", "hidden: true\n      - {that: count(shadow_pages) == 9, otherwise: x, hidden: true}",
        "does not solve \"smep\": x"
      ),
    ]
    for (from, to, expected) in cases {
      let found = problems(from, to)
      #expect(found.contains { $0.contains(expected) }, "\(expected): \(found)")
    }
  }
}
