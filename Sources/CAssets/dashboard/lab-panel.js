// A lab: its steps, the task of the one that is next, what still keeps it from being solved, hints and explanations.
import { get } from './api.js'
import { fill, h } from './dom.js'

/** Text with `code`, **strong** and *emphasis*, as nodes. */
function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*)/).map((part) =>
    part.startsWith('`') ? h('code', {}, part.slice(1, -1)) : part.startsWith('**') ? h('strong', {}, inline(part.slice(2, -2)))
      : /^\*.+\*$/.test(part) ? h('em', {}, part.slice(1, -1)) : part)
}

/** The part of Markdown that labs use: paragraphs, lists and fenced code. */
export function markdown(text) {
  return text.trim().split(/^```.*$/m).flatMap((part, index) =>
    index % 2 ? h('pre', { tabindex: '0' }, part.trim()) : part.trim().split(/\n{2,}/).filter(Boolean).map(block))
}

function block(text) {
  const [before, ...items] = text.split(/^[-*] /m)
  return [before && h('p', {}, inline(before)), items.length > 0 && h('ul', { class: 'bullets' }, items.map((item) => h('li', {}, inline(item))))]
}

const signs = { solved: '✓ solved', current: '▶ now', later: '· later' }

/** `<lab-panel>`: shows `{ session }`; hidden where the session belongs to no lab. */
export class LabPanel extends HTMLElement {
  async show({ session }) {
    const path = session.link('lab')
    this.hidden = !path
    if (!path || this.revision === session.revision) return
    this.revision = session.revision
    const { title, points, max_points: all, solved, steps } = await get(path)
    fill(this, h('h2', {}, title, h('span', { class: 'count', role: 'status' }, ` ${points} of ${all} points${solved ? ': solved' : ''}`)),
      h('ol', { class: 'lab-steps' }, steps.map((step) => this.step(step))))
  }

  step({ title, points, state, task, checks, hints, hints_left: left, next_hint_after: next, attempts, explanation }) {
    const head = [h('strong', {}, title), h('span', { class: 'count' }, ` ${signs[state]}, ${points} ${points === 1 ? 'point' : 'points'}`)]
    if (state === 'solved') return h('li', {}, h('details', {}, h('summary', {}, head), markdown(explanation ?? '')))
    if (state !== 'current') return h('li', {}, head)
    return h('li', { class: 'current' }, h('p', {}, head), markdown(task),
      h('ul', {}, checks.map(({ holds, message }, index) => h('li', { class: holds ? 'good' : 'bad' }, holds ? `✓ check ${index + 1} holds` : `✕ ${message}`))),
      hints.map((hint) => h('div', { class: 'why' }, h('strong', {}, 'Hint'), markdown(hint))),
      left > 0 && next > attempts && h('p', { class: 'hint' }, `A hint opens after ${next} attempts; so far there are ${attempts}.`))
  }
}
customElements.define('lab-panel', LabPanel)
