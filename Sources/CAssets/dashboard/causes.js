// Why each field of a role has its value: the rule of the kernel function that computes it, and what the rule reads.
import { has } from './registers.js'

/**
 * A row says how a field follows from inputs, what the rule reads, and why: `[value(inputs), sources, sentence]`.
 * A source is a register bit (`cr0.WP`), a state of the vCPU (`vcpu.smm`), bits of the EPT pointer (`eptp.6`) or a property
 * of the machine (`machine.host.la57`).
 */
const never = (sentence) => [() => false, [], sentence]
const onlyPages = 'Only the role of a shadow page below a root can have another value; each page gets its own.'

/** What the guest asked for, from its registers (`kvm_calc_cpu_role`). */
const guest = {
  level: [(r) => (!r.PG ? 0 : r.LMA ? (r.LA57 ? 5 : 4) : r.PAE ? 3 : 2), ['cr0.PG', 'efer.LMA', 'cr4.LA57', 'cr4.PAE'],
    'The levels of the guest’s tables: 5 with LA57 or 4 in long mode, else 3 with PAE or 2; 0 while paging is off.'],
  has_4_byte_gpte: [(r) => r.PG && !r.PAE, ['cr0.PG', 'cr4.PAE'], 'Without PAE entries have 4 bytes: a table of 1,024 needs several shadow pages of 512.'],
  quadrant: [() => 0, [], `Which part of a 4-byte-entry table a shadow page stands for. ${onlyPages}`],
  direct: [(r) => !r.PG, ['cr0.PG'], 'With paging off there is no guest table to follow.'],
  access: [() => 'wux', [], `A root starts from all rights. ${onlyPages}`],
  invalid: never('Only a page zapped while still a root becomes invalid, so that no lookup finds it.'),
  efer_nx: [(r) => r.PG && r.NX, ['cr0.PG', 'efer.NX'], 'Whether bit 63 of the guest’s entries forbids execution, or is reserved.'],
  cr0_wp: [(r) => r.PG && r.WP, ['cr0.PG', 'cr0.WP'], 'Whether the guest’s kernel must obey read-only pages.'],
  smep_andnot_wp: [(r) => r.PG && r.SMEP && !r.WP, ['cr0.PG', 'cr4.SMEP', 'cr0.WP'],
    'With WP clear, KVM turns a user page that the kernel writes into a kernel page. Under SMEP it must then not be executable either, so it serves no other combination.'],
  smap_andnot_wp: [(r) => r.PG && r.SMAP && !r.WP, ['cr0.PG', 'cr4.SMAP', 'cr0.WP'],
    'With WP clear, KVM turns a user page that the kernel writes into a kernel page, which escapes SMAP, so it serves no other combination.'],
  ad_disabled: never('Only an EPT pointer turns accessed and dirty bits off.'),
  guest_mode: [(r) => r.guestMode, ['vcpu.guest_mode'], 'Whether L2 runs: its pages are kept apart from L1’s.'],
  passthrough: never('Only a root for nested NPT can be put in front of fewer levels.'),
  smm: [(r) => r.smm, ['vcpu.smm'], 'In SMM other memory slots count, so no page can be shared.'],
  valid: [() => true, [], 'The role has been computed. A change of CPUID clears it.'],
  execonly: never('Only nested EPT knows entries that may be executed but not read.'),
  cr4_pse: [(r) => r.PG && r.PSE, ['cr0.PG', 'cr4.PSE'], 'Whether 32-bit tables may hold pages of 4 MiB; it decides what is reserved.'],
  cr4_pke: [(r) => r.PG && r.LMA && r.PKE, ['cr0.PG', 'efer.LMA', 'cr4.PKE'], 'Whether protection keys guard user pages; only in long mode.'],
  cr4_smap: [(r) => r.PG && r.SMAP, ['cr0.PG', 'cr4.SMAP'], 'Whether the kernel may touch user pages: for permission checks.'],
  cr4_smep: [(r) => r.PG && r.SMEP, ['cr0.PG', 'cr4.SMEP'], 'Whether the kernel may execute user pages: for permission checks.'],
  cr4_la57: [(r) => r.PG && r.LMA && r.LA57, ['cr0.PG', 'efer.LMA', 'cr4.LA57'], 'Whether addresses have 57 bits; only in long mode.'],
  efer_lma: [(r) => r.PG && r.LMA, ['cr0.PG', 'efer.LMA'], 'Whether the guest is in long mode.'],
}

const tdpLevel = {
  intel: [(r) => (r.machine.host.ept_5level && r.machine.cpuid.maxphyaddr > 48 ? 5 : 4), ['machine.host.ept_5level', 'machine.cpuid.maxphyaddr'],
    'EPT has 5 levels if the host can and the guest’s addresses need more than 48 bits.'],
  amd: [(r) => (r.machine.host.la57 ? 5 : 4), ['machine.host.la57'], 'NPT has as many levels as the host’s own tables.'],
}

/** Two-dimensional paging: nothing of CR0, CR4 and EFER counts (`kvm_calc_tdp_mmu_root_page_role`). */
const tdp = (machine) => ({
  ...guest,
  level: tdpLevel[machine.vendor],
  has_4_byte_gpte: never('These tables follow no guest table.'),
  direct: [() => true, ['machine.tdp'], 'EPT and NPT map guest-physical memory as it lies; the processor walks the guest’s own tables.'],
  efer_nx: [() => true, ['machine.tdp'], 'KVM’s tables can always forbid execution, whatever EFER.NX.'],
  cr0_wp: [() => true, ['machine.tdp'], 'KVM’s tables are always obeyed, whatever CR0.WP.'],
  smep_andnot_wp: never('The processor itself applies SMEP.'),
  smap_andnot_wp: never('The processor itself applies SMAP.'),
  ad_disabled: [(r) => r.machine.vendor === 'intel' && !r.machine.ept_ad, ['machine.ept_ad'], 'Whether KVM’s tables lack accessed and dirty bits: EPT with eptad=0.'],
})

/** Shadow paging: the guest’s role, but for what KVM’s own tables always are (`kvm_init_shadow_mmu`). */
const shadow = {
  ...guest,
  level: [(r) => Math.max(guest.level[0](r), 3), guest.level[1], 'As the guest’s tables, but at least 3: the host walks them with PAE or more.'],
  efer_nx: [() => true, ['machine.tdp'], 'Shadow pages can always forbid execution, whatever EFER.NX.'],
}

/** L1’s EPT, shadowed: the pointer alone counts (`kvm_calc_shadow_ept_root_page_role`). */
const nothing = 'L1’s EPT knows nothing of L2’s CR0, CR4 and EFER, so they are no part of the role.'
const nestedEPT = {
  ...Object.fromEntries(Object.keys(guest).map((field) => [field, never(nothing)])),
  level: [(r) => (((r.eptp >> 3n) & 7n) === 4n ? 5 : 4), ['eptp.5:3'], 'The walk length in bits 5:3 of the EPT pointer, plus one.'],
  quadrant: guest.quadrant,
  access: guest.access,
  ad_disabled: [(r) => ((r.eptp >> 6n) & 1n) === 0n, ['eptp.6'], 'Bit 6 of the EPT pointer turns accessed and dirty flags on.'],
  guest_mode: [() => true, ['vcpu.guest_mode'], 'These tables only ever serve L2.'],
  valid: guest.valid,
  execonly: [(r) => r.machine.nested.ept_execute_only && r.machine.host.ept_execute_only, ['machine.nested.ept_execute_only'],
    'Whether L1’s EPT may have entries that can be executed but not read.'],
}

/** L1’s NPT, shadowed: L1’s CR4 and EFER with a CR0 of just PG (`kvm_init_shadow_npt_mmu`). */
const nestedNPT = {
  ...guest,
  guest_mode: nestedEPT.guest_mode,
  cr0_wp: never('KVM takes a CR0 of just PG here: WP plays no part in nested tables.'),
  smep_andnot_wp: [(r) => r.SMEP, ['cr4.SMEP'], 'L1’s CR4.SMEP, because WP counts as 0 here. NPT walks count as user accesses, so it never matters.'],
  smap_andnot_wp: [(r) => r.SMAP, ['cr4.SMAP'], 'L1’s CR4.SMAP, because WP counts as 0 here. NPT walks count as user accesses, so it never matters.'],
  cr4_pke: never('Protection keys play no part in nested tables.'),
}
const nestedNPTRoot = {
  ...nestedNPT,
  level: tdpLevel.amd,
  passthrough: [(r) => r.machine.host.la57 && guest.level[0](r) === 4, ['machine.host.la57', 'cr4.LA57'],
    'A 5-level host puts a table in front of L1’s four levels.'],
}

/** The named bits that rules read, and the states beside them. */
function inputs(machine, vcpu, from, guestMode) {
  const bits = {
    ...Object.fromEntries(['PG', 'WP'].map((name) => [name, has('cr0', from.cr0, name)])),
    ...Object.fromEntries(['PAE', 'PSE', 'LA57', 'SMEP', 'SMAP', 'PKE'].map((name) => [name, has('cr4', from.cr4, name)])),
    ...Object.fromEntries(['NX', 'LMA'].map((name) => [name, has('efer', from.efer, name)])),
  }
  return { ...bits, machine, smm: vcpu.smm, guestMode, eptp: BigInt(vcpu.nested?.eptp ?? 0) }
}

/**
 * How a role came about: `{ function, table, inputs, registers, whose }`, or `{ leftover }` with a sentence where it is not
 * computed from the present state.
 */
export function origin(machine, vcpu, mmu, role) {
  const l1 = vcpu.nested?.l1
  const isNestedPaging = vcpu.mmu === 'guest_mmu'
  if (mmu === 'guest_mmu') {
    if (!isNestedPaging) {
      return { leftover: vcpu.guest_mmu.vcpu_role.ext.valid
        ? 'Left from the last time L2 ran on nested paging. It is computed anew at the next nested entry.'
        : 'Not computed yet: only a nested entry with EPT or NPT does that.' }
    }
    if (machine.vendor === 'intel') {
      return { function: 'kvm_calc_shadow_ept_root_page_role', table: nestedEPT, inputs: inputs(machine, vcpu, vcpu.registers, true), whose: 'eptp' }
    }
    const from = inputs(machine, vcpu, l1, true)
    from.PG = true
    return { function: 'kvm_init_shadow_npt_mmu', table: role === 'vcpu_role' ? nestedNPT : nestedNPTRoot, inputs: from, registers: l1, whose: 'L1' }
  }
  if (mmu === 'nested_mmu') {
    if (role === 'mmu_role') return { leftover: 'nested_mmu only walks L2’s tables. It builds none, so it never has an mmu_role.' }
    if (!isNestedPaging) {
      return { leftover: vcpu.nested_mmu.vcpu_role.ext.valid
        ? 'Left from the last time L2 ran on nested paging.' : 'Not computed yet: nested_mmu walks L2’s own tables while L2 runs on EPT or NPT of L1’s.' }
    }
    return { function: 'init_kvm_nested_mmu', table: guest, inputs: inputs(machine, vcpu, vcpu.registers, true), registers: vcpu.registers, whose: 'L2' }
  }
  const from = isNestedPaging ? l1 : vcpu.registers
  const computed = inputs(machine, vcpu, from, vcpu.guest_mode && !isNestedPaging)
  const whose = vcpu.guest_mode && !isNestedPaging ? 'L2' : 'L1'
  if (role === 'vcpu_role') return { function: 'kvm_calc_cpu_role', table: guest, inputs: computed, registers: from, whose }
  return machine.tdp
    ? { function: 'kvm_calc_tdp_mmu_root_page_role', table: tdp(machine), inputs: computed, registers: from, whose }
    : { function: 'kvm_init_shadow_mmu', table: shadow, inputs: computed, registers: from, whose }
}

/** A field’s value by a role’s rule; undefined where the role is not computed from the present state. */
export const expected = (from, field) => from.table?.[field]?.[0](from.inputs)

/**
 * Why a field has its value: `{ function, sentence, sources, whose, note }`. A source is `{ id, text, value, isPresent }`; it is
 * present if it is to be seen among the vCPU’s registers.
 */
export function cause(machine, vcpu, mmu, role, field, value) {
  const from = origin(machine, vcpu, mmu, role)
  if (from.leftover) return { sentence: from.leftover, sources: [] }
  const [, ids, sentence] = from.table[field] ?? [null, [], 'No rule is known for this field.']
  const now = expected(from, field)
  const note = now === undefined || now === value ? null
    : 'The rule would give another value now: the role was computed before, and is brought up to date when KVM next needs it.'
  const isPresent = from.registers === vcpu.registers
  return { function: from.function, sentence, note, whose: from.whose, sources: ids.map((id) => source(id, from, machine, vcpu, isPresent)) }
}

function source(id, from, machine, vcpu, isPresent) {
  const [kind, ...rest] = id.split('.')
  const name = rest.join('.')
  switch (kind) {
    case 'vcpu': return { id, text: name, value: vcpu[name], isPresent: true }
    case 'machine': return { id, text: id, value: rest.reduce((object, key) => object?.[key], machine), isPresent: false }
    case 'eptp': {
      const eptp = BigInt(vcpu.nested.eptp)
      return { id, text: `EPTP[${name}]`, value: name === '6' ? Number((eptp >> 6n) & 1n) : Number((eptp >> 3n) & 7n), isPresent: false }
    }
    default: {
      const text = `${from.whose === 'L1' && !isPresent ? 'L1’s ' : ''}${kind.toUpperCase()}.${name}`
      return { id, text, value: has(kind, from.registers[kind], name), isPresent }
    }
  }
}
