// The registers' bits, with a sentence for each; and which writes are refused, by which rule.

const bit = (index) => 1n << BigInt(index)

/** Registers with named bits, lowest first: `[index, name, sentence]`. */
export const registers = {
  cr0: {
    title: 'CR0',
    bits: [
      [0, 'PE', 'Protected mode. Paging needs it.'],
      [1, 'MP', 'Monitor coprocessor.'],
      [2, 'EM', 'Floating point traps.'],
      [3, 'TS', 'Task switched.'],
      [4, 'ET', 'Always 1; KVM sets it in every write.'],
      [5, 'NE', 'Floating-point errors raise #MF.'],
      [16, 'WP', 'Write protect: the kernel, too, obeys read-only pages. Shadow pages differ by it, so it is part of roles.'],
      [18, 'AM', 'User code may ask for traps on unaligned accesses.'],
      [29, 'NW', 'Not write-through. Only legal together with CD.'],
      [30, 'CD', 'Cache disable.'],
      [31, 'PG', 'Paging. Without it a role has only direct, access, smm, guest_mode and valid.'],
    ],
  },
  cr4: {
    title: 'CR4',
    bits: [
      [0, 'VME', 'Virtual-8086 mode extensions.'],
      [1, 'PVI', 'Virtual interrupts.'],
      [2, 'TSD', 'RDTSC is for the kernel.'],
      [3, 'DE', 'Debugging extensions.'],
      [4, 'PSE', 'Page size extensions: 4 MiB pages in 32-bit paging. Part of vcpu_role.'],
      [5, 'PAE', 'Physical address extension: entries of 8 bytes. Without it guest entries have 4 (has_4_byte_gpte).'],
      [6, 'MCE', 'Machine-check enable.'],
      [7, 'PGE', 'Global pages. Changing it flushes every translation of the guest, but is no part of roles.'],
      [8, 'PCE', 'RDPMC is allowed to user code.'],
      [9, 'OSFXSR', 'FXSAVE and SSE.'],
      [10, 'OSXMMEXCPT', 'SIMD exceptions.'],
      [11, 'UMIP', 'SGDT and its kin are for the kernel.'],
      [12, 'LA57', '57-bit addresses by 5-level paging. Can’t change in long mode.'],
      [13, 'VMXE', 'VMX is allowed (Intel).'],
      [14, 'SMXE', 'Safer mode; KVM offers it to no guest.'],
      [16, 'FSGSBASE', 'RDFSBASE and its kin are allowed.'],
      [17, 'PCIDE', 'CR3[11:0] is a PCID, which tags translations; it counts when roots are looked up by pgd.'],
      [18, 'OSXSAVE', 'XSAVE.'],
      [20, 'SMEP', 'The kernel may not execute user pages. With WP clear it becomes smep_andnot_wp.'],
      [21, 'SMAP', 'The kernel may not access user pages unless EFLAGS.AC is set. With WP clear it becomes smap_andnot_wp.'],
      [22, 'PKE', 'Protection keys for user pages. Part of vcpu_role in long mode.'],
      [23, 'CET', 'Control-flow enforcement; KVM 6.1 offers it to no guest.'],
    ],
  },
  efer: {
    title: 'EFER',
    bits: [
      [0, 'SCE', 'SYSCALL is allowed.'],
      [8, 'LME', 'Long mode enable: turning paging on will then enter long mode. Not an input of roles; LMA is.'],
      [10, 'LMA', 'Long mode active. The processor sets it when paging is turned on with LME; a write’s LMA is ignored.'],
      [11, 'NX', 'No-execute: bit 63 of an entry forbids execution. Part of roles.'],
      [12, 'SVME', 'SVM is allowed (AMD).'],
      [13, 'LMSLE', 'Segment limits in long mode (AMD).'],
      [14, 'FFXSR', 'Fast FXSAVE (AMD).'],
    ],
  },
}

/** The bits that a value has no name for. */
export function unnamed(register, value) {
  return registers[register].bits.reduce((rest, [index]) => rest & ~bit(index), value)
}

/** Whether a bit is set, by name. */
export function has(register, value, name) {
  const row = registers[register].bits.find((candidate) => candidate[1] === name)
  return (BigInt(value) & bit(row[0])) !== 0n
}

/** The names of the bits that are set. */
export const names = (register, value) =>
  registers[register].bits.filter(([index]) => (value & bit(index)) !== 0n).map((row) => row[1])

/** The CR4 bits that the guest may set (`__cr4_reserved_bits`, inverted). */
function allowedCR4({ cpuid, host, tdp, vendor }) {
  const offered = {
    SMEP: cpuid.smep, SMAP: cpuid.smap, PKE: cpuid.pku && tdp, LA57: cpuid.la57 && host.la57, UMIP: cpuid.umip,
    VMXE: vendor === 'intel', PCIDE: cpuid.pcid, SMXE: false, CET: false,
  }
  return registers.cr4.bits.reduce((all, [index, name]) => ((offered[name] ?? true) ? all | bit(index) : all), 0n)
}

const is = (write, name) => has(write.register, write.value, name)
const was = (write, register, name) => has(register, write.old[register], name)
const changes = (write, name) => is(write, name) !== was(write, write.register, name)
const entersLongMode = (write) => was(write, 'efer', 'LME') && !was(write, 'cr0', 'PG') && is(write, 'PG')
const setsPCIDE = (write) => changes(write, 'PCIDE') && is(write, 'PCIDE')
const above = (width) => ~((1n << BigInt(width)) - 1n) & ((1n << 64n) - 1n)

/**
 * Why the guest's write is refused, in the order in which KVM checks: `[function, reason, refuses(write)]`.
 * A write is `{ register, value, old: { cr0, cr3, cr4, efer, cs_l }, machine, smm }`, its registers BigInts.
 */
const refusals = {
  cr0: [
    ['kvm_is_valid_cr0', 'bits 63:32 of CR0 are reserved', (w) => w.value >> 32n !== 0n],
    ['kvm_is_valid_cr0', 'CR0.NW is set without CR0.CD', (w) => is(w, 'NW') && !is(w, 'CD')],
    ['kvm_is_valid_cr0', 'CR0.PG is set without CR0.PE', (w) => is(w, 'PG') && !is(w, 'PE')],
    ['kvm_set_cr0', 'turning paging on with EFER.LME set enters long mode, which needs CR4.PAE',
      (w) => entersLongMode(w) && !was(w, 'cr4', 'PAE')],
    ['kvm_set_cr0', 'turning paging on with EFER.LME set enters long mode, which needs CS.L clear at that moment',
      (w) => entersLongMode(w) && w.old.cs_l],
    ['kvm_set_cr0', 'paging can’t be turned off from 64-bit code (EFER.LMA and CS.L are set)',
      (w) => !is(w, 'PG') && was(w, 'efer', 'LMA') && w.old.cs_l],
    ['kvm_set_cr0', 'paging can’t be turned off while CR4.PCIDE is set', (w) => !is(w, 'PG') && was(w, 'cr4', 'PCIDE')],
  ],
  cr3: [
    ['kvm_set_cr3', 'CR3 has bits at or above the guest’s MAXPHYADDR (bit 63 means NOFLUSH only with CR4.PCIDE)', (w) => {
      const value = was(w, 'cr4', 'PCIDE') ? w.value & ~bit(63) : w.value
      return value !== w.old.cr3 && (value & above(w.machine.cpuid.maxphyaddr)) !== 0n
    }],
  ],
  cr4: [
    ['__kvm_is_valid_cr4', 'a bit of CR4 is set that is reserved or that the guest’s CPUID does not offer',
      (w) => (w.value & ~allowedCR4(w.machine)) !== 0n],
    ['vmx_is_valid_cr4', 'CR4.VMXE can’t be set in system management mode',
      (w) => w.machine.vendor === 'intel' && w.smm && is(w, 'VMXE')],
    ['kvm_set_cr4', 'CR4.PAE can’t be cleared in long mode', (w) => was(w, 'efer', 'LMA') && !is(w, 'PAE')],
    ['kvm_set_cr4', 'CR4.LA57 can’t change in long mode', (w) => was(w, 'efer', 'LMA') && changes(w, 'LA57')],
    ['kvm_set_cr4', 'CR4.PCIDE can be set only in long mode', (w) => setsPCIDE(w) && !was(w, 'efer', 'LMA')],
    ['kvm_set_cr4', 'CR4.PCIDE can be set only while CR3[11:0] is 0', (w) => setsPCIDE(w) && (w.old.cr3 & 0xfffn) !== 0n],
  ],
  efer: [
    ['set_efer', 'a bit of EFER is set that KVM reserves', (w) => {
      const amd = ['SVME', 'LMSLE', 'FFXSR']
      return unnamed('efer', w.value) !== 0n || (w.machine.vendor !== 'amd' && amd.some((name) => is(w, name)))
    }],
    ['__kvm_valid_efer', 'EFER.LME or EFER.LMA is set, but the guest’s CPUID has no long mode',
      (w) => !w.machine.cpuid.lm && (is(w, 'LME') || is(w, 'LMA'))],
    ['__kvm_valid_efer', 'EFER.NX is set, but the guest’s CPUID has no no-execute', (w) => !w.machine.cpuid.nx && is(w, 'NX')],
    ['set_efer', 'EFER.LME can’t change while paging is on', (w) => was(w, 'cr0', 'PG') && changes(w, 'LME')],
  ],
}

/** The first rule that refuses a write: `{ function, reason }`, or null. PDPTEs, which lie in memory, are left to KVM. */
export function refusal(write) {
  const rule = refusals[write.register]?.find((row) => row[2](write))
  return rule ? { function: rule[0], reason: rule[1] } : null
}

/** What a vCPU's registers are, as the rules take them. */
export function current(vcpu) {
  const { cr0, cr3, cr4, efer, cs_l } = vcpu.registers
  return { cr0: BigInt(cr0), cr3: BigInt(cr3), cr4: BigInt(cr4), efer: BigInt(efer), cs_l }
}
