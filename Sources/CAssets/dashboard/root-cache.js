// The root cache of an MMU: the current root and the ones before it, as slots between which roots visibly move.
import { fill, h, show } from './dom.js'
import { tip } from './tip.js'

const verdicts = {
  hit: ['✓', 'hit', 'This root fits: same pgd (or a direct root, where it does not count), valid, same role.'],
  'pgd-differs': ['≠', 'pgd differs', 'The root belongs to another top-level value. All bits count, also PCID and attributes.'],
  'role-differs': ['≠', 'role differs', 'The root’s shadow page was built under another role.'],
  'no-shadow-page': ['∅', 'special root', 'A special root has no shadow page, so the cache can’t judge it.'],
}

const slotName = (index) => (index === 0 ? 'current' : `prev_roots[${index - 1}]`)
const calm = matchMedia('(prefers-reduced-motion: reduce)')

/**
 * `<root-cache>`: shows `{ mmu, before, lookup, field, role }`: an MMU’s document now and before, the last search if there was
 * one, and a field of `role` in which roots may differ.
 */
export class RootCache extends HTMLElement {
  show(state) {
    const { mmu, before } = state
    const places = this.places()
    const roots = [mmu.root, ...mmu.prev_roots]
    const former = before ? [before.root, ...before.prev_roots] : roots
    const list = h('ol', { class: 'slots', 'aria-label': 'Root cache' },
      roots.map((root, index) => this.slot(root, index, former, state)))
    const evicted = former.filter((root) => root.valid && !roots.some((other) => other.hpa === root.hpa))
    fill(this, list, this.special(mmu),
      evicted.length > 0 && h('p', { class: 'evicted' }, '⤓ let go: ',
        evicted.map((root) => h('code', {}, `${root.hpa} (pgd ${show(root.pgd)}) `))))
    this.move(places)
  }

  slot(root, index, former, { lookup, field, role }) {
    const from = root.valid ? former.findIndex((other) => other.hpa === root.hpa) : index
    const moved = from === index ? null : from < 0 ? 'new' : `from ${slotName(from)}`
    const place = root.valid && lookup ? lookup.before.findIndex((other) => other.hpa === root.hpa) : -1
    const candidate = lookup?.candidates[place]
    const differs = field && root.role && role && field in root.role && root.role[field] !== role[field]
    return h('li', { class: `slot${root.valid ? '' : ' vacant'}${index === 0 ? ' current' : ''}${differs ? ' differs' : ''}`, 'data-hpa': root.hpa ?? '' },
      h('div', { class: 'slot-head' }, h('span', {}, slotName(index)),
        moved && h('span', { class: 'moved' }, moved === 'new' ? '✱ new' : `⇄ ${moved}`)),
      h('dl', {},
        h('dt', {}, 'pgd'), h('dd', {}, show(root.pgd)),
        h('dt', {}, 'hpa'), h('dd', {}, show(root.hpa)),
        h('dt', {}, 'role'), h('dd', {}, root.role ? `${root.role.value} · L${root.role.level}` : root.valid ? 'special' : '–')),
      differs && h('p', { class: 'differing' }, `≠ ${field} is ${show(root.role[field])} here`),
      candidate && this.verdict(candidate))
  }

  /** What the last search found of the root, which then stood in a slot of its own. */
  verdict({ verdict, differs, slot }) {
    const [sign, words, sentence] = verdicts[verdict]
    const text = `${words}${differs.length ? ` (${differs.join(', ')})` : ''}`
    return tip(h('p', { class: `verdict ${verdict === 'hit' ? 'good' : ''}`, tabindex: '0' },
      h('span', { 'aria-hidden': 'true' }, `${sign} `), 'last search: ', text), `${sentence} It was looked at as ${slot === 'current' ? slot : `prev_roots[${slot}]`}.`)
  }

  /** Roots that no slot remembers, because they have no shadow page. */
  special(mmu) {
    const pae = mmu.pae_root?.entries.some((entry) => entry !== '0x0') ? mmu.pae_root : null
    const tables = [['pae_root', pae?.hpa, pae?.entries.join(' ')], ['pml4_root', mmu.pml4_root?.hpa, mmu.pml4_root?.entry],
      ['pml5_root', mmu.pml5_root?.hpa, mmu.pml5_root?.entry]].filter(([, hpa]) => hpa)
    return tables.length > 0 && h('p', { class: 'special' }, tables.map(([name, hpa, entries]) =>
      tip(h('span', { tabindex: '0' }, `${name} `, h('code', {}, hpa), ' → ', h('code', {}, entries), ' '),
        'A table without a shadow page: the host’s processor loads it, but no lookup can find it again.')))
  }

  places() {
    const places = new Map()
    for (const slot of this.querySelectorAll('.slot[data-hpa]')) {
      if (slot.dataset.hpa) places.set(slot.dataset.hpa, slot.getBoundingClientRect())
    }
    return places
  }

  /** Lets each root glide from its old slot to its new one. */
  move(places) {
    if (calm.matches || !places.size) return
    const moves = []
    for (const slot of this.querySelectorAll('.slot[data-hpa]')) {
      const from = places.get(slot.dataset.hpa)
      if (!slot.dataset.hpa) continue
      const to = slot.getBoundingClientRect()
      if (!from) moves.push([slot, { opacity: 0, transform: 'translateY(-0.6rem)' }])
      else if (from.x !== to.x || from.y !== to.y) moves.push([slot, { transform: `translate(${from.x - to.x}px, ${from.y - to.y}px)` }])
    }
    for (const [slot, start] of moves) slot.animate([start, {}], { duration: 450, easing: 'ease-in-out' })
  }
}
customElements.define('root-cache', RootCache)
