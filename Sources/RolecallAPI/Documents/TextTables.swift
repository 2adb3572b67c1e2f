import KVMModel

extension Session {
  /// The session as a table for a terminal.
  func table(_ state: borrowing State) -> String {
    var text = "session \(id.text)\(name.map { "  \($0.printable)" } ?? "")\n"
    text += "revision \(state.revision)  made \(created.text)  changed \(state.updated.text)\n"
    return text + state.machine.table
  }
}

extension VirtualMachine {
  /// What the machine is, and each vCPU as a table.
  var table: String {
    let paging = machine.tdp ? (machine.vendor == .intel ? "EPT" : "NPT") : "shadow paging"
    var text = "machine  \(machine.vendor.rawValue), \(paging)\(machine.usesTDPMMU ? ", TDP MMU" : ""), "
    text += "kernel \(SimulatedLayouts.release), \(machine.previousRoots) previous roots\n"
    for vcpu in vcpus { text += "\n" + vcpu.table(in: self) }
    return text
  }
}

extension VCPU {
  /// The vCPU as a table for a terminal.
  func table(in machine: borrowing VirtualMachine) -> String {
    var text = "vCPU \(id)  \(guestMode ? "L2" : "L1")\(smm ? " in SMM" : ""), "
    text += "paging \(registers.pagingMode.rawValue)\n"
    text += "  CR0  \(padded(hex(registers.cr0.rawValue)))\(registers.cr0.description)\n"
    text += "  CR3  \(hex(registers.cr3))\n"
    text += "  CR4  \(padded(hex(registers.cr4.rawValue)))\(registers.cr4.description)\n"
    text += "  EFER \(padded(hex(registers.efer.rawValue)))\(registers.efer.description)\n"
    text += "  PKRU \(padded(hex(registers.pkru)))CS.L \(registers.codeSegmentLong ? 1 : 0)\n"
    text += "  requests  \(requests.names.isEmpty ? "none" : requests.names.joined(separator: " "))\n"
    for name in MMUName.allCases {
      let mmu = self[name]
      let marks = [name == self.mmu ? "mmu" : nil, name == walkMMU ? "walk_mmu" : nil].compactMap(\.self)
      text += "  \(padded(name.rawValue))\(padded("vcpu_role " + hex(mmu.vcpuRole.rawValue), 26))"
      text += "\(padded("mmu_role " + hex(mmu.mmuRole.rawValue), 22))\(marks.joined(separator: ", "))\n"
      if name != .nested { text += mmu.rootTable(in: machine) }
    }
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}

extension MMU {
  /// A line for each root that is there or that has left its pgd behind.
  fileprivate func rootTable(in machine: borrowing VirtualMachine) -> String {
    var text = ""
    for (index, root) in ([root] + previousRoots).enumerated() where index == 0 || root.hpa != nil {
      let role = root.hpa.flatMap { machine.shadowPage(at: $0) }?.role
      text += "    \(padded(index == 0 ? "current" : "prev \(index - 1)", 9))"
      text += padded("pgd " + pgdText(root.pgd), 24)
      text += padded("root " + (root.hpa.map { hex($0.rawValue) } ?? "-"), 20)
      text += role.map { "role \(hex($0.rawValue)), level \($0.level)" } ?? ""
      text += "\n"
    }
    return text
  }
}

/// The text with spaces after it, at least one, so that what follows begins in the next column.
func padded(_ text: String, _ width: Int = 13) -> String {
  text + String(repeating: " ", count: max(1, width - text.count))
}

/// A top-level value, or a dash for INVALID_PAGE.
func pgdText(_ pgd: UInt64) -> String { pgd == invalidPage ? "-" : hex(pgd) }

extension String {
  /// Without control characters, which a terminal would follow.
  fileprivate var printable: String {
    String(String.UnicodeScalarView(unicodeScalars.filter { $0.properties.generalCategory != .control }))
  }
}
