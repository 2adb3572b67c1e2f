// What KVM does in an operation: its functions as an indented call tree, each with what it did and why.
import { fill, h } from './dom.js'

/** The steps as a tree, `[{ step, children }]`, by their depths. */
function tree(steps) {
  const root = { children: [] }
  const path = [root]
  for (const step of steps) {
    const node = { step, children: [] }
    path.length = Math.min(step.depth + 1, path.length)
    path.at(-1).children.push(node)
    path.push(node)
  }
  return root.children
}

function branch({ step, children }) {
  const effect = step.effect && effectText(step.effect)
  const line = [h('code', { class: 'function' }, step.function), ' ', step.text, effect && h('span', { class: 'effect' }, effect)]
  return h('li', {}, children.length
    ? h('details', { open: true }, h('summary', {}, line), h('ul', {}, children.map(branch)))
    : h('div', { class: 'step' }, line))
}

function effectText({ kind, requests, hpa, slot, mmu }) {
  switch (kind) {
    case 'raised': return `↑ ${requests.join(' ')}`
    case 'served': return `✓ ${requests.join(' ')}`
    case 'freed-root': return `− root ${hpa} (${slot})`
    case 'loaded-root': return `+ root ${hpa}`
    case 'created-page': return `+ page ${hpa}`
    case 'found-page': return `= page ${hpa}`
    case 'zapped-page': return `− page ${hpa}`
    case 'unsync-page': return `~ unsync ${hpa}`
    case 'synced-page': return `= sync ${hpa}`
    case 'wrote-entry': return `✎ ${hpa}`
    case 'roles': return `roles of ${mmu}`
    case 'quirk': return '! a known quirk of the kernel'
    default: return kind
  }
}

/** `<call-tree>`: shows `{ result, message }`, a result’s document, or what is to be said where there is none. */
export class CallTree extends HTMLElement {
  show({ result, message }) {
    if (this.shown === (result ?? message)) return
    this.shown = result ?? message
    const steps = result?.narration ?? []
    fill(this, h('h2', {}, 'What KVM does', steps.length > 0 && h('span', { class: 'count' }, ` ${steps.length} steps`)),
      steps.length ? h('ul', { class: 'narration' }, tree(steps).map(branch)) : h('p', { class: 'hint' }, message ?? 'Nothing: no function of KVM is involved.'))
  }
}
customElements.define('call-tree', CallTree)
