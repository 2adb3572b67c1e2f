// Time: a slider over the revisions, steps back and forth, and the differences between any two.
import { fill, h, setText, table } from './dom.js'
import { stepText } from './operations.js'
import { outcomeText } from './result-view.js'
import { tip } from './tip.js'

/** Every path at which two documents differ: `[path, from, to]`. */
export function differences(from, to, path = '') {
  if (Object.is(from, to)) return []
  if (from === null || to === null || typeof from !== 'object' || typeof to !== 'object') return [[path, from, to]]
  const keys = new Set([...Object.keys(from), ...Object.keys(to)])
  return [...keys].flatMap((key) => differences(from[key], to[key], Array.isArray(to) ? `${path}[${key}]` : path ? `${path}.${key}` : key))
}

/** `<time-line>`: shows `{ session, at, step }`; sends `look` with a revision or null for now, and `step` with `undo`, `redo` or `fork`. */
export class TimeLine extends HTMLElement {
  connectedCallback() {
    if (this.slider) return
    const send = (name, detail) => this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }))
    this.slider = h('input', { type: 'range', min: 0, step: 1, 'aria-label': 'Revision', oninput: () => {
      const revision = this.known[Number(this.slider.value)]
      send('look', revision === this.state.session.revision ? null : revision)
    } })
    tip(this.slider, () => this.state.session.link('history') ? 'Every revision, from the start to now.' : 'This service keeps no history: only the revisions that this page has seen can be shown.')
    this.label = h('span', { class: 'time-label', role: 'status' })
    this.now = h('button', { type: 'button', class: 'small', onclick: () => send('look', null) }, 'Back to now')
    this.steps = Object.fromEntries([['undo', 'Undo', 'Ctrl+Z'], ['redo', 'Redo', 'Ctrl+Shift+Z'], ['fork', 'Fork here', '']].map(([name, text, key]) => {
      const button = h('button', { type: 'button', onclick: () => send('step', name), 'aria-keyshortcuts': key.replace('Ctrl', 'Control') || null }, text)
      tip(button, () => this.reasons[name] ?? { undo: `One step back, as a revision of its own (${key}).`, redo: `What was undone, again (${key}).`, fork: 'Another session with the same history up to the revision shown.' }[name])
      return [name, button]
    }))
    this.compare = h('details', { class: 'compare' }, h('summary', {}, 'Compare two revisions'))
    this.compare.addEventListener('toggle', () => this.compare.open && this.fillComparison())
    this.outcome = h('p', { class: 'outcome' })
    fill(this, h('div', { class: 'time-row' }, this.steps.undo, this.steps.redo, this.slider, this.label, this.now, this.steps.fork), this.outcome, this.compare)
  }

  show(state) {
    this.state = state
    const { session, at, step } = state
    const shown = at ?? session.revision
    this.known = session.knownRevisions
    this.slider.max = this.known.length - 1
    this.slider.value = this.known.indexOf(shown)
    this.slider.disabled = this.known.length < 2
    const text = `revision ${shown} of ${session.revision}${step ? `: ${stepText(step)}` : shown === 1 ? ': the start' : ''}`
    this.slider.setAttribute('aria-valuetext', text)
    setText(this.label, text)
    this.now.hidden = at === null
    const hasHistory = Boolean(session.link('history'))
    this.showOutcome(step)
    this.reasons = Object.fromEntries(Object.keys(this.steps).map((name) => [name, hasHistory || session.link(name) ? null : `This service does not offer ${name}.`]))
    for (const [name, button] of Object.entries(this.steps)) button.setAttribute('aria-disabled', String(this.reasons[name] !== null))
    if (this.compare.open) this.fillComparison()
  }

  showOutcome(step) {
    const { outcome, changes, lookups } = step ?? {}
    const isGood = outcome?.status === 'ok'
    this.outcome.hidden = !outcome
    if (!outcome) return
    this.outcome.className = `outcome ${isGood ? 'good' : 'bad'}`
    setText(this.outcome, `${isGood ? '✓' : '✕'} ${outcomeText(outcome)}${consequences(changes, lookups)}`)
  }

  async fillComparison() {
    const { session } = this.state
    const choose = (label, value) => h('label', {}, `${label} `, h('select', { onchange: () => this.drawComparison() },
      this.known.map((revision) => h('option', { value: revision, selected: revision === value }, revision))))
    const kept = this.pair?.map((select) => Number(select.value)).filter((revision) => this.known.includes(revision)) ?? []
    const from = choose('from', kept[0] ?? this.known.at(-2) ?? this.known[0])
    const to = choose('to', session.revision)
    this.pair = [from, to].map((label) => label.querySelector('select'))
    this.rows = h('div', {})
    fill(this.compare, this.compare.firstElementChild, h('p', {}, from, ' ', to), this.rows)
    await this.drawComparison()
  }

  async drawComparison() {
    const { session } = this.state
    const [from, to] = await Promise.all(this.pair.map((select) => session.vcpusAt(Number(select.value))))
    if (!from || !to) return fill(this.rows, h('p', { class: 'hint' }, 'One of them is not known to this page.'))
    const rows = differences(from, to).map(([path, before, after]) => [path.replace(/^\[?(\d+)\]?\./, from.length > 1 ? 'vCPU $1: ' : ''), before, after])
    fill(this.rows, rows.length ? table(['what', 'from', 'to'], rows.slice(0, 400), { class: 'changes' }) : h('p', {}, 'They are equal.'))
  }
}

/** How much changed and what searches found, in a sentence. */
function consequences(changes, lookups) {
  if (!changes) return ''
  const searches = lookups.map(({ mmu, result, slot }) => `${mmu}’s cache: ${result === 'hit' ? `hit in ${slot === 'current' ? 'the current root' : `prev_roots[${slot}]`}` : 'miss'}`)
  const values = ['Nothing in the vCPU changed', 'One value changed'][changes.length] ?? `${changes.length} values changed`
  return ` ${[values, ...searches].join('; ')}.`
}
customElements.define('time-line', TimeLine)
