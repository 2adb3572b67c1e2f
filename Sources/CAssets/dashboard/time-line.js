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
    this.slider = h('input', { type: 'range', min: 1, step: 1, 'aria-label': 'Revision', oninput: () => {
      const revision = Number(this.slider.value)
      send('look', revision === this.state.session.revision ? null : revision)
    } })
    this.label = h('span', { class: 'time-label', role: 'status' })
    this.now = h('button', { type: 'button', class: 'small', onclick: () => send('look', null) }, 'Back to now')
    this.steps = Object.fromEntries([['undo', 'Undo', 'Ctrl+Z'], ['redo', 'Redo', 'Ctrl+Shift+Z'], ['fork', 'Fork here', '']].map(([name, text, key]) => {
      const button = h('button', { type: 'button', onclick: () => send('step', name), 'aria-keyshortcuts': key.replace('Ctrl', 'Control') || null }, text)
      tip(button, { undo: `One step back, as a revision of its own (${key}).`, redo: `What was undone, again (${key}).`, fork: 'Another session with the same history up to the revision shown.' }[name])
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
    this.slider.max = session.revision
    this.slider.value = shown
    this.slider.disabled = session.revision < 2
    const text = `revision ${shown} of ${session.revision}: ${stepText(step)}`
    this.slider.setAttribute('aria-valuetext', text)
    setText(this.label, text)
    this.now.hidden = at === null
    this.showOutcome(step)
    if (this.compare.open && this.compared !== session.revision) this.fillComparison()
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
    this.compared = session.revision
    const choose = (label, value) => h('label', {}, `${label} `, h('input', { type: 'number', min: 1, max: session.revision, value, onchange: () => this.drawComparison() }))
    const labels = [choose('from', Math.max(1, session.revision - 1)), choose('to', session.revision)]
    this.pair = labels.map((label) => label.lastElementChild)
    this.rows = h('div', {})
    fill(this.compare, this.compare.firstElementChild, h('p', {}, labels), this.rows)
    await this.drawComparison()
  }

  async drawComparison() {
    const { session } = this.state
    const [from, to] = await Promise.all(this.pair.map((input) => session.vcpusAt(Math.max(1, Math.min(Number(input.value), session.revision)))))
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
