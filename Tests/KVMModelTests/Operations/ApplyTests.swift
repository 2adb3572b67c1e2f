@testable import KVMModel
import Testing

@Suite struct ApplyTests {
  /// NVMX-2: writing the EPT pointer field is a VMX instruction like the others.
  @Test func theEPTPointerFieldCanBeWrittenOnlyInVMXOperation() throws {
    var test = TestMachine("intel-ept")
    #expect(try test.run(.eptLoad(EPTPointer(rawValue: 0x1005e))).outcome == .ok)
    try test.run(.vmxoff)
    let outcome = try test.run(.eptLoad(EPTPointer(rawValue: 0x2005e))).outcome
    #expect(outcome.status == "exception" && outcome.refusal?.function == "handle_vmwrite")
    #expect(test.vcpu.nestedState.eptp == nil)
  }

  @Test func anEntryThatNamesNoPointerUsesTheOneLoadedBefore() throws {
    var test = TestMachine("intel-ept")
    try test.run(.eptLoad(EPTPointer(rawValue: 0x1005e)))
    #expect(try test.run(.nestedEnter(NestedEntry()), enter: true).outcome == .ok)
    #expect(test.vcpu.mmu == .guest && test.vcpu.guestMMU.root.pgd == 0x1005e)
    try test.run(.nestedExit(reason: nil))
    #expect(try test.run(.nestedEnter(NestedEntry(nestedPaging: false))).outcome == .ok)
    #expect(test.vcpu.mmu == .root)
  }
}
