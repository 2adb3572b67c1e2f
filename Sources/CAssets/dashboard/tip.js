// Explanations that appear where the pointer rests or the focus is. Escape puts one away.
import { h } from './dom.js'

const texts = new WeakMap()
const box = h('div', { id: 'tip', role: 'tooltip', hidden: true })
let owner = null

/** Gives an element an explanation: a text, or a function that gives one, now or later. */
export function tip(element, text) {
  texts.set(element, text)
  element.dataset.tip = ''
  return element
}

async function open(element) {
  if (owner === element) return
  close()
  owner = element
  const given = texts.get(element)
  const text = typeof given === 'function' ? await given() : given
  if (owner !== element || !text || !element.isConnected) return
  box.textContent = text
  box.hidden = false
  element.setAttribute('aria-describedby', 'tip')
  const at = element.getBoundingClientRect()
  const size = box.getBoundingClientRect()
  const below = at.bottom + 6 + size.height < innerHeight
  box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8)) + scrollX}px`
  box.style.top = `${(below ? at.bottom + 6 : Math.max(4, at.top - size.height - 6)) + scrollY}px`
}

function close() {
  owner?.removeAttribute('aria-describedby')
  owner = null
  box.hidden = true
}

const target = (event) => event.target instanceof Element ? event.target.closest('[data-tip]') : null

document.body.append(box)
document.addEventListener('pointerover', (event) => {
  const element = target(event)
  if (element) open(element)
  else if (!box.contains(event.target)) close()
})
document.addEventListener('focusin', (event) => {
  const element = target(event)
  if (element?.matches(':focus-visible')) open(element)
  else close()
})
document.addEventListener('focusout', close)
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') close() })
document.addEventListener('pointerdown', close)
