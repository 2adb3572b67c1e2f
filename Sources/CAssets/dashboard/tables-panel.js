// Tables: the shadow pages and the guest’s tables as trees, and walks drawn step by step.
import { curl, drawing, get } from './api.js'
import { copyButton, fill, h, setText } from './dom.js'
import { guestTables } from './guest-tables.js'
import { tabs } from './tabs.js'
import './virtual-tree.js'

const parts = ['Shadow pages', 'Guest tables', 'Walk']

/** `<tables-panel>`: shows `{ session, vcpu, at }`. Nothing is asked of the service before the panel is opened. */
export class TablesPanel extends HTMLElement {
  connectedCallback() {
    if (this.folder) return
    this.shadow = h('virtual-tree', { id: 'shadow-tree', 'aria-label': 'Shadow pages' })
    this.guest = h('virtual-tree', { id: 'guest-tree', 'aria-label': 'Guest tables' })
    this.count = h('p', { class: 'hint', role: 'status' })
    this.source = h('select', { 'aria-label': 'Which tables', onchange: () => this.update() })
    this.walker = this.walkPanel()
    const { strip, panels, open } = tabs('Tables', 'tables', parts, [[this.count, this.shadow], [h('p', {}, this.source), this.guest], this.walker], (index) => {
      this.chosen = index
      this.update()
    })
    this.folder = h('details', { ontoggle: () => this.update() }, h('summary', {}, h('h2', {}, 'Tables'), h('span', { class: 'hint' }, ' shadow pages, guest tables, walks')), strip, panels)
    fill(this, this.folder)
    open(0)
  }

  show(state) {
    this.state = state
    return this.update()
  }

  /** Reads what the chosen panel shows, if it is in sight and not up to date. */
  async update() {
    if (!this.folder?.open || !this.state) return
    const { session, at } = this.state
    if (at !== null) return setText(this.count, 'Tables are shown as they are now: go back to now to see them change.')
    try {
      if (this.chosen === 0 && this.shown !== `${session.id} ${session.revision}`) await this.readPages()
      if (this.chosen === 1) await this.readTables()
    } catch (problem) {
      setText(this.count, problem.message)
    }
  }

  async readPages() {
    const { session } = this.state
    const mark = `${session.id} ${session.revision}`
    const { shadow_pages: pages } = await get(`${session.path}/shadow-pages`)
    this.shown = mark
    const start = performance.now()
    const known = new Set(pages.map((page) => page.hpa))
    const children = Map.groupBy(pages.flatMap((page) => page.parents.filter((parent) => known.has(parent.hpa)).map((parent) => ({ page, parent }))), ({ parent }) => parent.hpa)
    const tops = pages.filter((page) => page.root_count > 0 || !page.parents.some((parent) => known.has(parent.hpa)))
    const node = (page, path) => ({
      key: `${path}/${page.hpa}`,
      row: () => pageRow(page),
      children: page.present || children.has(page.hpa) ? async () => {
        const { entries } = await get(`${session.path}/shadow-pages/${page.hpa}?fields=entries`)
        const below = new Map((children.get(page.hpa) ?? []).map((child) => [child.parent.index, child.page]))
        return entries.map((entry) => entryNode(entry, below.get(entry.index), `${path}/${page.hpa}`, node))
      } : undefined,
    })
    setText(this.count, `${count(pages.length, 'shadow page')}, ${pages.filter((page) => page.root_count).length} of them roots, ${pages.filter((page) => page.unsync).length} unsync`)
    await this.shadow.load(tops.map((page) => node(page, '')), 'Shadow pages')
    performance.measure('pages drawn', { start })
  }

  async readTables() {
    const { session, vcpu } = this.state
    const mode = vcpu.paging_mode
    const choices = [[`CR3 ${vcpu.registers.cr3}: the tables of ${vcpu.guest_mode ? 'L2' : 'L1'}`, mode, vcpu.registers.cr3],
      vcpu.nested?.eptp && [`EPTP ${vcpu.nested.eptp}: L1’s EPT`, 'ept', vcpu.nested.eptp],
      vcpu.nested?.ncr3 && [`nCR3 ${vcpu.nested.ncr3}: L1’s NPT`, '4-level', vcpu.nested.ncr3]].filter(Boolean)
    const labels = choices.map(([label]) => label).join()
    if (this.source.dataset.labels !== labels) {
      this.source.dataset.labels = labels
      fill(this.source, choices.map(([label], index) => h('option', { value: index }, label)))
    }
    const [label, format, root] = choices[Number(this.source.value) || 0]
    if (format === 'none') return this.guest.load([{ key: 'none', row: () => [h('span', { class: 'hint' }, 'Paging is off: there are no tables.')] }], label)
    const levels = format === 'ept' && ((BigInt(root) >> 3n) & 7n) === 4n ? 5 : undefined
    this.guest.open.add('root')
    await this.guest.load(guestTables(session, format, root, levels), label)
  }

  // A walk

  walkPanel() {
    const word = (id, value) => h('input', { type: 'text', class: 'word', id, value, spellcheck: 'false', autocomplete: 'off' })
    this.address = word('walk-address', '0x7000')
    this.access = h('select', { id: 'walk-access' }, ['read', 'write', 'fetch'].map((name) => h('option', {}, name)))
    this.user = h('input', { type: 'checkbox', id: 'walk-user' })
    this.space = h('select', { id: 'walk-space' }, ['virtual', 'l2-physical'].map((name) => h('option', {}, name)))
    this.code = h('code', { class: 'curl', tabindex: '0' })
    this.picture = h('div', { class: 'drawing scroll', tabindex: '0' })
    this.message = h('p', { role: 'status' })
    this.player = h('p', { class: 'register-head', hidden: true },
      [['First', 0], ['Back', -1], ['Next', 1], ['All', Infinity]].map(([text, by]) => h('button', { type: 'button', onclick: () => this.step(by) }, text)))
    return [h('form', { class: 'operation', onsubmit: (event) => { event.preventDefault(); this.walk() } },
      h('p', { class: 'teach' }, 'How the guest’s address is translated: nothing changes by looking. In two dimensions every table of L2 costs a walk of L1’s nested tables too.'),
      h('div', { class: 'fields' }, [['address', this.address], ['access', this.access], ['user access', this.user], ['space', this.space]].map(([text, input]) => h('label', { class: input.type === 'checkbox' ? 'flag' : '' }, h('span', {}, text), input))),
      h('p', { class: 'register-head' }, h('button', { type: 'submit' }, 'Draw the walk'), h('span', { class: 'grow' }), copyButton(() => this.code.textContent)), this.code),
      this.player, this.message, this.picture]
  }

  async walk() {
    const { session, vcpu } = this.state
    const query = new URLSearchParams({ address: this.address.value.trim(), access: this.access.value, user: this.user.checked, space: this.space.value })
    const path = `${session.path}/vcpus/${vcpu.id}/translate?${query}`
    setText(this.code, curl('GET', path, undefined, 'image/svg+xml'))
    try {
      const [picture, { steps, gpa, fault, references }] = await Promise.all([drawing(path), get(path)])
      this.found = { steps, end: gpa ? `leads to ${gpa}` : `ends in #PF(${fault.error_code}) at ${fault.address}`, references }
      fill(this.picture, picture)
      this.player.hidden = false
      this.place = steps.length
      this.step(0, true)
    } catch (problem) {
      this.player.hidden = true
      fill(this.picture)
      setText(this.message, problem.sentences?.join('; ') ?? problem.message)
    }
  }

  /** Shows the walk up to a step: one less or more, the first (0) or all. */
  step(by, isWhole = false) {
    const { steps, end, references } = this.found
    this.place = isWhole || by === Infinity ? steps.length : by === 0 ? 1 : Math.max(1, Math.min(this.place + by, steps.length))
    for (const mark of this.picture.querySelectorAll('[data-step]')) {
      const number = Number(mark.dataset.step)
      mark.classList.toggle('later', number > this.place)
      mark.classList.toggle('now', number === this.place && !isWhole)
    }
    const step = steps[this.place - 1]
    setText(this.message, isWhole || !step ? `${count(steps.length, 'step')}, ${count(references, 'memory reference')}; it ${end}.`
      : `Step ${this.place} of ${steps.length}, reference ${step.references}: ${step.stage} level ${step.level}, entry ${step.index}. ${step.conclusion}${this.place === steps.length ? ` The walk ${end}.` : ''}`)
    this.picture.querySelector('.now')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }
}
customElements.define('tables-panel', TablesPanel)

const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`

function pageRow(page) {
  const marks = [page.root_count && `root ×${page.root_count}`, page.unsync && 'unsync', page.unsync_children && `${page.unsync_children} unsync below`,
    page.invalid && 'invalid', page.tdp_mmu && 'TDP MMU'].filter(Boolean)
  return [h('code', {}, `L${page.role.level} ${page.hpa}`), h('span', {}, page.role.direct ? `direct, from frame ${page.gfn}` : `for frame ${page.gfn}`), h('code', {}, `role ${page.role.value}`),
    h('span', { class: 'hint' }, `${page.present} present`), marks.length > 0 && h('span', { class: 'flags' }, marks.join(', '))]
}

function entryNode(entry, page, path, node) {
  const own = [h('code', {}, `[${entry.index}] ${entry.value}`), h('span', { class: 'flags' }, entry.flags.join(' '))]
  if (page) {
    const below = node(page, `${path}/${entry.index}`)
    return { ...below, row: () => [...own, h('span', {}, '→ '), ...pageRow(page)] }
  }
  return { key: `${path}/${entry.index}`, row: () => [...own, h('span', { class: 'hint' }, entry.kind === 'page' ? `maps frame ${entry.gfn}` : entry.kind)] }
}
