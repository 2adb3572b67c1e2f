// The guest’s own page tables, read from its memory as the tree is opened.
import { get } from './api.js'
import { h, hex } from './dom.js'

/** How the entries of a paging mode lie: bytes of one, entries of a table, levels, and the names of flags. */
const formats = {
  '5-level': { bytes: 8, entries: 512, levels: 5 },
  '4-level': { bytes: 8, entries: 512, levels: 4 },
  pae: { bytes: 8, entries: 512, levels: 3, topEntries: 4 },
  '32-bit': { bytes: 4, entries: 1024, levels: 2 },
  ept: { bytes: 8, entries: 512, levels: 4, isEPT: true },
}
const x86Flags = [[0, 'P'], [1, 'RW'], [2, 'US'], [5, 'A'], [6, 'D'], [8, 'G'], [63, 'NX']]
const eptFlags = [[0, 'R'], [1, 'W'], [2, 'X'], [8, 'A'], [9, 'D']]
const frame = (value) => value & 0xffffffffff000n

/** The nodes of a tree of tables, for `<virtual-tree>`. */
export function guestTables(session, mode, root, levels) {
  const format = { ...formats[mode], ...(levels && { levels }) }
  const top = mode === 'pae' ? BigInt(root) & ~31n : frame(BigInt(root))
  return [node(session, format, top, format.levels, 0n, 'root')]
}

function node(session, format, address, level, base, key) {
  return {
    key,
    row: () => [h('code', {}, `level ${level} table at ${hex(address)}`)],
    children: async () => {
      const entries = await read(session, format, address, level)
      return entries.length ? entries.map((entry) => entryNode(session, format, entry, level, base, key)) : [{ key: `${key}/none`, row: () => [h('span', { class: 'hint' }, 'every entry is 0')] }]
    },
  }
}

/** The entries of a table that are not 0. */
async function read(session, format, address, level) {
  const count = format.topEntries && level === format.levels ? format.topEntries : format.entries
  const { words } = await get(`${session.path}/memory?gpa=${hex(address)}&words=${(count * format.bytes) / 8}`)
  const values = words.flatMap((word) => (format.bytes === 8 ? [BigInt(word)] : [BigInt(word) & 0xffffffffn, BigInt(word) >> 32n]))
  return values.map((value, index) => ({ value, index })).filter(({ value }) => value !== 0n)
}

function entryNode(session, format, { value, index }, level, base, parent) {
  const bits = format.bytes === 8 ? 9n : 10n
  const from = base + (BigInt(index) << (12n + BigInt(level - 1) * bits))
  const flags = (format.isEPT ? eptFlags : x86Flags).filter(([bit]) => (value >> BigInt(bit)) & 1n).map(([, name]) => name)
  const isPresent = format.isEPT ? (value & 7n) !== 0n : (value & 1n) !== 0n
  const isPDPTE = format.topEntries && level === format.levels
  const isLarge = level > 1 && !isPDPTE && ((value >> 7n) & 1n) !== 0n
  const isTable = isPresent && level > 1 && !isLarge
  const key = `${parent}/${index}`
  const target = format.bytes === 4 && isLarge ? (value & 0xffc00000n) | (((value >> 13n) & 0xfn) << 32n) : frame(value)
  return {
    key,
    row: () => [h('code', {}, `[${index}] ${hex(value)}`), h('span', { class: 'flags' }, [...flags, ...(isLarge ? ['PS'] : [])].join(' ')),
      h('span', { class: 'hint' }, isPresent ? `${hex(canonical(from, format))} → ${isTable ? 'table ' : ''}${hex(target)}` : 'not present')],
    children: isTable ? () => node(session, format, frame(value), level - 1, from, key).children() : undefined,
  }
}

/** An address of the upper half with its sign. */
function canonical(address, { levels, isEPT, bytes }) {
  const width = 12n + BigInt(levels) * 9n
  return isEPT || bytes === 4 || levels < 4 || !((address >> (width - 1n)) & 1n) ? address : address | (((1n << (64n - width)) - 1n) << width)
}
