// The operations beside register writes, as a table from which the forms are made.

/** A field: `{ key, label, type, …}`; a dot in the key leads into an object. A word that is left empty is left out. */
const word = (key, label, value = '', more = {}) => ({ key, label, type: 'word', value, ...more })
const choice = (key, label, options, more = {}) => ({ key, label, type: 'choice', options, value: options[0], ...more })
const flag = (key, label, value = false, more = {}) => ({ key, label, type: 'flag', value, ...more })
const list = (key, label, value = '', more = {}) => ({ key, label, type: 'list', value, ...more })

const intel = ({ machine }) => (machine.vendor === 'intel' ? null : 'This machine’s processor is AMD’s; the instruction is Intel’s.')
const amd = ({ machine }) => (machine.vendor === 'amd' ? null : 'This machine’s processor is Intel’s; the instruction is AMD’s.')
const inL1 = ({ vcpu }) => (vcpu.guest_mode ? 'An L2 guest runs; leave it first by nested-exit.' : null)
const inL2 = ({ vcpu }) => (vcpu.guest_mode ? null : 'No L2 guest runs; enter one first by nested-enter.')
const all = (...checks) => (state) => checks.map((check) => check(state)).find(Boolean) ?? null

const l2Registers = ['cr0', 'cr3', 'cr4', 'efer'].map((register) =>
  word(`l2.${register}`, `L2’s ${register.toUpperCase()}`, '', { hint: 'L1’s value if left empty' }))
const accesses = choice('access', 'access', ['read', 'write', 'fetch'])

/** `{ op, group, title, teach, fields, onMachine, needs(state) }`; `needs` gives the reason why it makes no sense now. */
export const operations = [
  { op: 'nested-enter', group: 'Nested', title: 'Enter L2 (VMLAUNCH)', needs: all(intel, inL1), only: 'intel',
    teach: 'With EPT, guest_mmu shadows it and nested_mmu walks L2’s tables. Without, root_mmu serves L2 in roles with guest_mode.',
    fields: [flag('ept', 'L1 uses EPT for L2', true), word('eptp', 'EPTP', '0x10005e', { when: 'ept', hint: 'the pointer of ept-load if left empty' }), word('vpid', 'VPID', '1', { hint: '0: the control is off' }),
      word('l2.cr3', 'L2’s CR3', '0x2000'), ...l2Registers.filter((field) => field.key !== 'l2.cr3')] },
  { op: 'nested-enter', group: 'Nested', title: 'Enter L2 (VMRUN)', needs: all(amd, inL1), only: 'amd',
    teach: 'With NPT, guest_mmu shadows it and nested_mmu walks L2’s tables. Without, root_mmu serves L2 in roles with guest_mode. It needs EFER.SVME.',
    fields: [flag('npt', 'L1 uses NPT for L2', true), word('ncr3', 'nCR3', '0x100000', { when: 'npt' }), word('l2.cr3', 'L2’s CR3', '0x2000'),
      ...l2Registers.filter((field) => field.key !== 'l2.cr3')] },
  { op: 'nested-exit', group: 'Nested', title: 'Exit to L1', needs: inL2, fields: [], teach: 'L1’s registers come back, and root_mmu looks for L1’s old root.' },
  { op: 'ept-load', group: 'Nested', title: 'Load an EPT pointer', needs: intel, only: 'intel',
    teach: 'In L2: EPTP switching by VMFUNC, a lookup in guest_mmu’s root cache. In L1: the pointer for the next nested-enter that names none.', fields: [word('eptp', 'EPTP', '0x20005e')] },
  { op: 'vmxon', group: 'Nested', title: 'VMXON', needs: all(intel, inL1), only: 'intel', fields: [], teach: 'Turns VMX on; a vCPU starts with it on.' },
  { op: 'vmxoff', group: 'Nested', title: 'VMXOFF', needs: all(intel, inL1), only: 'intel', fields: [], teach: 'Turns VMX off, and lets every root of guest_mmu go.' },

  { op: 'invlpg', group: 'Invalidate', title: 'INVLPG', fields: [word('gva', 'address', '0x7000')], teach: 'One address of every root; with shadow paging the entry of an unsync page is dropped.' },
  { op: 'invpcid', group: 'Invalidate', title: 'INVPCID', teach: 'One PCID, or all.',
    fields: [choice('type', 'type', ['single-context', 'individual-address', 'all-including-global', 'all-non-global']), word('pcid', 'PCID', '0x0'), word('gva', 'address', '0x0')] },
  { op: 'invept', group: 'Invalidate', title: 'INVEPT', needs: all(intel, inL1), only: 'intel', teach: 'Only bits 51:12 of the pointer are compared. guest_mmu’s roots that match are let go.',
    fields: [choice('type', 'type', ['single-context', 'global']), word('eptp', 'EPTP', '0x10005e')] },
  { op: 'invvpid', group: 'Invalidate', title: 'INVVPID', needs: all(intel, inL1), only: 'intel', teach: 'L2’s translations under a VPID. guest_mmu is never synced by it.',
    fields: [choice('type', 'type', ['single-context', 'individual-address', 'all-contexts', 'single-context-retaining-globals']), word('vpid', 'VPID', '1'), word('gva', 'address', '0x0')] },
  { op: 'invlpga', group: 'Invalidate', title: 'INVLPGA', needs: all(amd, inL1), only: 'amd', fields: [word('gva', 'address', '0x7000'), word('asid', 'ASID', '1')], teach: 'One address of an ASID.' },
  { op: 'enter-guest', group: 'Invalidate', title: 'Enter the guest', fields: [], teach: 'Serves pending requests, then loads a root if there is none.' },

  { op: 'map', group: 'Memory', title: 'Map a page', onMachine: true, teach: 'Writes the entries into the guest’s tables for you. KVM does not notice.',
    fields: [choice('format', 'tables', ['4-level', '5-level', 'pae', '32-bit', 'ept']), word('root', 'root', '0x1000'), word('address', 'address', '0x7000'), word('target', 'target', '0x5000'),
      choice('size', 'size', ['4k', '2m', '4m', '1g']), list('flags', 'flags', '', { hint: 'such as P RW US NX; R W X for EPT; all rights if left empty' })] },
  { op: 'access', group: 'Memory', title: 'Access by the guest', teach: 'The processor walks the tables that KVM loaded; page faults build them, until it succeeds or the guest sees an exception.',
    fields: [word('address', 'address', '0x7008'), accesses, choice('cpl', 'CPL', ['3', '0'], { number: true }), word('value', 'value to write', '', { hint: 'for writes' })] },
  { op: 'walk', group: 'Memory', title: 'Walk by KVM', teach: 'gva_to_gpa: KVM walks the guest’s tables in software, and sets accessed and dirty flags.',
    fields: [word('address', 'address', '0x7000'), accesses, flag('user', 'user access'), choice('space', 'space', ['virtual', 'l2-physical']), flag('inject', 'inject a fault', true)] },
  { op: 'page-fault', group: 'Memory', title: 'Page fault from the hardware', teach: 'kvm_mmu_do_page_fault on mmu. With two-dimensional paging the address is guest-physical.',
    fields: [word('address', 'address', '0x7000'), word('error_code', 'error code', '0x4', { hint: '1 P, 2 W, 4 U, 8 RSVD, 16 F' })] },
  { op: 'write-memory', group: 'Memory', title: 'Write memory', onMachine: true, teach: 'As a device does: KVM does not notice, and shadow pages stay as they were.',
    fields: [word('gpa', 'address', '0x1000'), list('words', '64-bit words', '0x2007')] },
  { op: 'zap-all', group: 'Memory', title: 'Zap all', onMachine: true, fields: [], teach: 'kvm_mmu_zap_all_fast: every shadow page becomes obsolete.' },

  { op: 'smm-enter', group: 'Machine', title: 'SMI', needs: ({ vcpu, machine }) => inL1({ vcpu, machine }) ?? (vcpu.smm ? 'The vCPU is in SMM already.' : null), fields: [], teach: 'Into system management mode: other memory slots, so other roles.' },
  { op: 'smm-leave', group: 'Machine', title: 'RSM', needs: ({ vcpu }) => (vcpu.smm ? null : 'The vCPU is not in SMM.'), fields: [], teach: 'Out of system management mode.' },
  { op: 'set-cpuid', group: 'Machine', title: 'Set CPUID', needs: inL1, teach: 'KVM_SET_CPUID2: roles can’t tell CPUIDs apart, so all are computed anew.',
    fields: [word('maxphyaddr', 'MAXPHYADDR', '', { number: true, hint: '32 to 52 bits' }),
      ...['lm', 'nx', 'gbpages', 'pse36', 'pcid', 'smep', 'smap', 'pku', 'la57', 'umip'].map((name) => choice(name, name, ['as it is', 'true', 'false'], { flag: true }))] },
]

/** A form’s values as an operation. Left out is what is empty, or does not apply. */
export function operation(row, values, vcpu) {
  const body = { op: row.op }
  if (!row.onMachine) body.vcpu = vcpu
  for (const field of row.fields) {
    const value = values[field.key]
    if (field.when && !values[field.when]) continue
    const typed = convert(field, value)
    if (typed === undefined) continue
    const [key, inner] = field.key.split('.')
    if (inner) body[key] = { ...body[key], [inner]: typed }
    else body[key] = typed
  }
  return body
}

function convert(field, value) {
  switch (field.type) {
    case 'flag': return Boolean(value)
    case 'choice':
      if (field.flag) return value === 'as it is' ? undefined : value === 'true'
      return field.number ? Number(value) : value
    case 'list': {
      const items = value.split(/[\s,]+/).filter(Boolean)
      return items.length ? items : undefined
    }
    default: {
      const text = value.trim()
      return text === '' ? undefined : field.number ? Number(text) : text
    }
  }
}

/** What led to a revision, in a few words: an operation, or an entry of the history that is none. */
export function stepText({ operation, action, steps, restores }) {
  return operation ? summary(operation) : action === 'create' ? 'the start' : `${action} ${steps}: the state of revision ${restores}`
}

const isNothing = (value) => !value || value === '0x0' || (typeof value === 'object' && Object.values(value).every(isNothing))

/** An operation in a few words, for lists. */
export function summary({ op, vcpu, ...body }) {
  const words = Object.entries(body).map(([key, value]) => {
    if (key === 'enter_guest' || isNothing(value)) return null
    if (key === 'register') return String(value).toUpperCase()
    return `${key} ${typeof value === 'object' ? JSON.stringify(value).replace(/["{}[\]]/g, '').replaceAll(',', ' ').replaceAll(':', ' ') : value}`
  }).filter(Boolean)
  return `${op}${words.length ? ` ${words.join(', ')}` : ''}${vcpu ? ` (vCPU ${vcpu})` : ''}`
}
