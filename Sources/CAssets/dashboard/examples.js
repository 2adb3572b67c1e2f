// Scripts to begin with: each is a start of a session, with what to look at.
const map = (address, target) => ({ op: 'map', format: '4-level', root: '0x1000', address, target })
const cr = (register, change) => ({ op: 'set-cr', register, ...change })
const enter = (eptp) => ({ op: 'nested-enter', ept: true, eptp, vpid: 1, l2: { cr3: '0x2000' } })

export const examples = [
  { title: 'SMEP without WP', look: 'Clear CR0.WP and watch smep_andnot_wp appear in both roles, and a new root.',
    script: { name: 'SMEP without WP', preset: 'intel-shadow', operations: [cr('cr4', { set: ['SMEP'] })] } },
  { title: 'The root cache turns', look: 'Five address spaces for four slots. Write CR3 0x1000 or 0x3000 and see which still hits.',
    script: { name: 'The root cache', preset: 'intel-shadow', operations: ['0x2000', '0x3000', '0x4000', '0x5000'].map((value) => cr('cr3', { value })) } },
  { title: 'PCIDs', look: 'Two PCIDs with one table each. Add bit 63 (NOFLUSH) to a write of CR3 and compare.',
    script: { name: 'PCIDs', preset: 'intel-shadow', operations: [cr('cr4', { set: ['PCIDE'] }), cr('cr3', { value: '0x1001' }), cr('cr3', { value: '0x2002' })] } },
  { title: 'Three MMUs at once', look: 'L2 on nested EPT: mmu and walk_mmu part ways. Switch EPT pointers by ept-load.',
    script: { name: 'Three MMUs', preset: 'intel-ept', operations: [enter('0x10005e')] } },
  { title: 'A walk in two dimensions', look: 'L2’s tables and L1’s EPT are written. Open Tables, Walk, and count 24 references.',
    script: { name: 'Two dimensions', preset: 'intel-ept', operations: [
      { op: 'map', format: '4-level', root: '0x2000', address: '0x7000', target: '0x8000', tables: '0x3000' },
      ...['0x2000', '0x3000', '0x4000', '0x5000', '0x8000'].map((page) => ({ op: 'map', format: 'ept', root: '0x10005e', address: page, target: page, tables: '0x110000' })),
      enter('0x10005e')] } },
  { title: 'Shadow pages out of sync', look: 'The guest wrote a table that is shadowed. INVLPG 0x7000, or write CR3, and open Tables.',
    script: { name: 'Unsync', preset: 'intel-shadow', operations: [map('0x7000', '0x5000'), map('0x8000', '0x4000'), { op: 'access', address: '0x7008', cpl: 3 },
      { op: 'access', address: '0x8038', access: 'write', value: '0x6027' }] } },
]
