import KVMModel
import Testing

@Suite struct TraceEventTests {
  @Test func bytesAreThoseOfTheText() throws {
    let machine = try #require(Preset.named("intel-shadow")).machine
    var vm = VirtualMachine(machine: machine)
    let lines = try vm.apply(.machine(.zapAll)).trace
    #expect(lines.count > 1 && lines.first?.text.hasPrefix("kvm_mmu_zap_all_fast: ") == true)
    for line in lines {
      #expect(line.withUTF8 { utf8 in utf8.indices.map { utf8[$0] } } == Array(line.text.utf8))
    }
  }
}
