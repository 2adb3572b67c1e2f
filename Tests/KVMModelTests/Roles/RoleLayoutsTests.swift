import KVMModel
import Testing

struct RoleLayoutsTests {
  @Test func choosesAtEachBorder() throws {
    let expected: [(String, page: String, ext: String?, vcpu: String?)] = [
      ("3.1", "P1", nil, nil), ("4.0", "P1", nil, nil), ("4.1", "P2", nil, nil), ("4.2", "P3", nil, nil),
      ("4.12", "P3", nil, nil), ("4.13", "P4", nil, nil), ("4.17", "P4", nil, nil), ("4.18", "P5", nil, nil),
      ("4.19.300", "P5", nil, nil),
      ("4.20", "P5", "E1", "C-kvm_mmu_role"), ("5.0", "P5", "E2", "C-kvm_mmu_role"),
      ("5.1", "P6", "E2", "C-kvm_mmu_role"), ("5.2", "P6", "E3", "C-kvm_mmu_role"),
      ("5.6", "P6", "E3", "C-kvm_mmu_role"), ("5.7", "P6", "E4", "C-kvm_mmu_role"),
      ("5.10", "P6", "E4", "C-kvm_mmu_role"), ("5.10.47", "P6", "E4", "C-kvm_mmu_role"),
      ("5.10.48", "P6", "E4-stable-5.10", "C-kvm_mmu_role"), ("5.11.48", "P6", "E4", "C-kvm_mmu_role"),
      ("5.12.14", "P6", "E4", "C-kvm_mmu_role"), ("5.12.15", "P6", "E4-stable-5.12", "C-kvm_mmu_role"),
      ("5.13", "P6", "E4", "C-kvm_mmu_role"), ("5.13.0", "P6", "E4", "C-kvm_mmu_role"),
      ("5.13.1", "P6", "E4-stable-5.13", "C-kvm_mmu_role"), ("5.14", "P7", "E5", "C-kvm_mmu_role"),
      ("5.16", "P7", "E5", "C-kvm_mmu_role"), ("5.17", "P8", "E5", "C-kvm_mmu_role"),
      ("5.18", "P8", "E5", "C-kvm_mmu_role"), ("feb2022-v1", "P8", "E-feb2022-v1", "C-kvm_mmu_role"),
      ("feb2022-v2", "P8", "E-feb2022-v1", "C-kvm_mmu_role"), ("5.19", "P9", "E6", "C-kvm_cpu_role"),
      ("6.1.192", "P9", "E6", "C-kvm_cpu_role"), ("6.13", "P9", "E6", "C-kvm_cpu_role"),
      ("6.14", "P10", "E6", "C-kvm_cpu_role"), ("7.0.14", "P10", "E6", "C-kvm_cpu_role"),
      ("7.0.14-pve", "P11-pve", "E7", "C-kvm_cpu_role"), ("7.0.14-1-pve", "P11-pve", "E7", "C-kvm_cpu_role"),
      ("7.0.13-pve", "P10", "E6", "C-kvm_cpu_role"), ("7.0.14-pvenot", "P10", "E6", "C-kvm_cpu_role"),
      ("7.1", "P10", "E6", "C-kvm_cpu_role"), ("7.2", "P11", "E7", "C-kvm_cpu_role"),
      ("7.3", "P11", "E7", "C-kvm_cpu_role"), ("99.0", "P11", "E7", "C-kvm_cpu_role"),
    ]
    for (text, page, ext, vcpu) in expected {
      let layouts = try RoleLayouts(of: KernelRelease(text))
      #expect(layouts.pageRole.id == page, "\(text)")
      #expect(layouts.extendedRole?.id == ext, "\(text)")
      #expect(layouts.vcpuRole?.id == vcpu, "\(text)")
    }
  }

  @Test func refusesBeforeTheFirstLayout() {
    for text in ["3.0", "2.6.32", "0.1"] {
      #expect(throws: RoleLayoutError.beforeFirstLayout, "\(text)") {
        try RoleLayouts(of: KernelRelease(text))
      }
    }
  }

  @Test func tellsItsDoubts() throws {
    let known = try RoleLayouts(of: KernelRelease("6.1"))
    #expect(known.confidence == .high && known.notes.isEmpty)
    let future = try RoleLayouts(of: KernelRelease("99.0"))
    #expect(future.confidence == .low)
    #expect(future.notes.count == 1 && future.notes.first?.contains("7.3") == true)
    #expect(try RoleLayouts(of: KernelRelease("7.4")).confidence == .low)
    #expect(try RoleLayouts(of: KernelRelease("7.3.5")).confidence == .high)
    #expect(try RoleLayouts(of: KernelRelease("5.10")).notes.first?.contains("5.10.48") == true)
    #expect(try RoleLayouts(of: KernelRelease("5.10.0")).notes.isEmpty)
    #expect(try RoleLayouts(of: KernelRelease("7.0.14-pve")).notes.first?.contains("E7") == true)
    let otherVendorKernel = try RoleLayouts(of: KernelRelease("7.0.15-pve"))
    #expect(otherVendorKernel.confidence == .low)
    #expect(otherVendorKernel.notes.first?.contains("P11-pve") == true)
  }

  @Test func namesTheMembers() throws {
    let expected: [(String, page: String?, role64: String?)] = [
      ("3.9", nil, nil), ("3.10", "base_role", nil), ("4.19", "base_role", nil),
      ("4.20", "mmu_role.base", "mmu_role"), ("5.18.19", "mmu_role.base", "mmu_role"),
      ("feb2022-v1", "mmu_role", "cpu_role"), ("feb2022-v2", "root_role", "cpu_mode"),
      ("5.19", "root_role", "cpu_role"), ("7.2", "root_role", "cpu_role"),
      ("7.3", "root_role", "w->cpu_role"),
    ]
    for (text, page, role64) in expected {
      let members = try RoleLayouts(of: KernelRelease(text)).members
      #expect(members?.pageRole == page, "\(text)")
      #expect(members?.role64 == role64, "\(text)")
    }
  }
}
