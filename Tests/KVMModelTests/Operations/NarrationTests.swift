@testable import KVMModel
import Testing

/// What narration says of any operation, over random machines.
@Suite struct NarrationTests {
  /// The functions of the kernel that a step or a refusal may name.
  private static let functions: Set<String> = [
    "hardware", "account_shadowed", "kvm_mmu_prepare_zap_page", "FNAME(page_fault)",
    "FNAME(sync_page)", "__link_shadow_page", "check_mmio_spte", "emulator_read_write_onepage",
    "ept_page_fault", "fast_page_fault", "handle_abnormal_pfn", "handle_mmio_page_fault",
    "is_page_fault_stale", "kvm_mmu_page_fault", "kvm_mmu_pte_write",
    "kvm_mmu_slot_gfn_write_protect", "kvm_mmu_unprotect_page", "kvm_sync_page", "kvm_tdp_page_fault",
    "kvm_unlink_unsync_page", "kvm_unsync_page", "mark_mmio_spte", "mmu_set_spte", "mmu_sync_children",
    "mmu_try_to_unsync_pages", "nonpaging_page_fault", "page_fault_handle_page_track", "paging32_page_fault",
    "paging64_page_fault", "tdp_mmu_alloc_sp", "tdp_mmu_map_handle_target_level", "handle_removed_pt",
    "validate_direct_spte", "x86_emulate_instruction", "kvm_mmu_sync_prev_roots",
    "update_accessed_dirty_bits",
    "WRPKRU", "paging32_invlpg", "paging64_invlpg", "paging64_prefetch_gpte", "paging32_prefetch_gpte",
    "walk_addr_generic", "kvm_mmu_gva_to_gpa",
    "kvm_inject_emulated_page_fault", "nested_ept_inject_page_fault", "nested_svm_inject_npf_exit",
    "kvm_inject_page_fault", "__kvm_is_valid_cr4", "__kvm_valid_efer", "__nested_vmcb_check_controls",
    "__nested_vmcb_check_save", "__set_sregs", "cached_root_find_and_keep_current",
    "cached_root_find_without_current", "fast_pgd_switch", "handle_invept", "handle_invvpid",
    "handle_vmfunc", "handle_vmwrite", "handle_vmxoff", "handle_vmxon", "init_kvm_nested_mmu",
    "init_kvm_tdp_mmu", "invlpga_interception", "kvm_handle_invpcid", "kvm_init_mmu",
    "kvm_init_shadow_ept_mmu", "kvm_init_shadow_mmu", "kvm_init_shadow_npt_mmu", "kvm_invalidate_pcid",
    "kvm_is_valid_cr0", "kvm_is_valid_sregs", "kvm_make_all_cpus_request", "kvm_make_request",
    "kvm_mmu.invlpg", "kvm_mmu_after_set_cpuid", "kvm_mmu_alloc_shadow_page",
    "kvm_mmu_find_shadow_page", "kvm_mmu_free_guest_mode_roots", "kvm_mmu_free_obsolete_roots",
    "kvm_mmu_free_roots", "kvm_mmu_invalidate_gva", "kvm_mmu_invlpg", "kvm_mmu_invpcid_gva",
    "kvm_mmu_load", "kvm_mmu_load_pgd", "kvm_mmu_new_pgd", "kvm_mmu_reset_context",
    "kvm_mmu_sync_roots", "kvm_mmu_unload", "kvm_mmu_zap_all_fast", "kvm_mmu_zap_oldest_mmu_pages",
    "kvm_post_set_cr0", "kvm_post_set_cr4", "kvm_service_local_tlb_flush_requests", "kvm_set_cr0",
    "kvm_set_cr3", "kvm_set_cr4", "kvm_set_segment", "kvm_smm_changed",
    "kvm_tdp_mmu_get_vcpu_root_hpa", "kvm_tdp_mmu_invalidate_all_roots", "kvm_vcpu_flush_tlb_all",
    "kvm_vcpu_flush_tlb_current", "kvm_vcpu_flush_tlb_guest", "kvm_vm_ioctl", "kvm_zap_obsolete_pages",
    "load_pdptrs", "load_vmcs12_host_state", "make_mmu_pages_available", "mmu_alloc_direct_roots",
    "mmu_alloc_shadow_roots", "mmu_alloc_special_roots", "mmu_check_root", "mmu_free_root_page",
    "nested_check_vm_execution_controls", "nested_ept_root_matches", "nested_get_vmcs12_pages",
    "nested_svm_check_permissions", "nested_svm_load_cr3", "nested_svm_triple_fault",
    "nested_svm_vmexit", "nested_svm_vmrun", "nested_vmx_check_address_space_size",
    "nested_vmx_check_eptp", "nested_vmx_check_guest_state", "nested_vmx_check_host_state",
    "nested_vmx_check_permission", "nested_vmx_enter_non_root_mode", "nested_vmx_eptp_switching",
    "nested_vmx_load_cr3", "nested_vmx_run", "nested_vmx_vmexit", "set_efer",
    "shadow_walk_init_using_root", "svm_leave_nested", "svm_set_cr0", "vcpu_enter_guest",
    "vmx_is_valid_cr4", "vmx_set_cr0",
  ]

  @Test func everyStepNamesAKernelFunction() throws {
    var seen: Set<String> = []
    let look = { (result: OperationResult, place: String) in
      for step in result.narration { seen.insert(step.function) }
      if let refusal = result.outcome.refusal { seen.insert(refusal.function) }
      for step in result.narration {
        #expect(step.text.description.hasSuffix("."), "\(place): \(step.text)")
      }
    }
    try overRandomOperations(look)
    for seed in 1...UInt64(40) { try overRandomGuest(seed, look) }
    #expect(seen.subtracting(Self.functions).sorted() == [])
    #expect(seen.count > Self.functions.count * 3 / 4, "\(Self.functions.subtracting(seen).sorted())")
  }

  /// A step lies at most one deeper than the one before it. `vcpu_enter_guest` is written when the operation
  /// proper is over, so that it stands at depth 0 just if every function that was entered was left; the entries that an
  /// access itself needs stand below its `hardware`.
  @Test func everyFunctionThatIsEnteredIsLeft() throws {
    var entered = 0
    try overRandomOperations { result, place in
      var last = -1
      var outermost = ""
      for step in result.narration {
        if step.depth == 0 { outermost = step.function }
        if step.text.description.hasPrefix("Ends: ") { #expect(step.depth == 0, "\(place)") }
        #expect((0...last + 1).contains(step.depth), "\(place): \(step.function)")
        last = step.depth
        if step.function == "vcpu_enter_guest" && step.text.description.contains("The vCPU is about to run") {
          #expect(step.depth == (outermost == "hardware" ? 1 : 0), "\(place)")
          entered += 1
        }
      }
    }
    #expect(entered > 1000)
  }

  private func overRandomOperations(_ body: (OperationResult, String) -> Void) throws {
    for seed in 1...UInt64(150) {
      var random = RandomOperations(seed: seed)
      var machine = VirtualMachine(machine: random.machine(), boot: random.pick(Boot.allCases))
      for _ in 0..<60 {
        let operation = random.operation(vcpus: machine.vcpus.count)
        guard let result = try? machine.apply(operation, detail: .narration) else { continue }
        body(result, "seed \(seed), \(operation)")
      }
    }
  }

  /// Accesses of a guest with random tables.
  private func overRandomGuest(_ seed: UInt64, _ body: (OperationResult, String) -> Void) throws {
    var random = RandomOperations(seed: seed)
    var machine = random.pick(Preset.all).machine
    machine.tdpMMU = random.flag()
    machine.eptAD = random.flag()
    machine.memory.slots = [MemorySlot(base: 0, bytes: 0x40_0000)]
    var guest = RandomGuest(
      seed: seed, mode: random.pick([.none, .thirtyTwoBit, .pae, .fourLevel]), amd: machine.vendor == .amd)
    machine.memory.words = guest.words()
    var vm = VirtualMachine(machine: machine, boot: .reset)
    body(try vm.apply(.vcpu(0, .setSregs(guest.registers())), detail: .narration), "seed \(seed)")
    for _ in 0..<40 {
      let request = AccessRequest(
        address: guest.address(), kind: random.pick([.read, .write, .fetch]),
        privilegeLevel: random.pick([0, 3]), bytes: 8)
      let operation = random.flag(80) ? VCPUOperation.access(request) : .invlpg(gva: guest.address())
      body(try vm.apply(.vcpu(0, operation), detail: .narration), "seed \(seed), \(operation)")
    }
  }
}
