// Small helpers for building documents without a framework.

/** An element: `h('p', { class: 'note', onclick: f }, 'text', child)`. Attributes that are null or false are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value == null || value === false) continue
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value)
    else if (key === 'value' || key === 'checked' || key === 'disabled') element[key] = value
    else element.setAttribute(key, value === true ? '' : value)
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false))
  return element
}

/** Puts children in place of an element's own. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child != null && child !== false))
  return element
}

/** Sets text only where it differs, so that what did not change costs nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** Says something to those who listen to the page. */
export function announce(text) {
  const region = document.getElementById('announcer')
  region.textContent = ''
  setTimeout(() => (region.textContent = text), 20)
}

/** Moves within a group of controls by arrow keys, so that the group is a single stop of the Tab key. */
export function rove(group, selector) {
  const items = () => [...group.querySelectorAll(selector)].filter((item) => item.offsetParent !== null)
  const focus = (item) => {
    for (const other of items()) other.tabIndex = other === item ? 0 : -1
    item.focus()
  }
  group.addEventListener('keydown', (event) => {
    const all = items()
    const at = all.indexOf(event.target.closest(selector))
    if (at < 0) return
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    focus(all[(to + all.length) % all.length])
  })
  group.addEventListener('focusin', (event) => {
    const item = event.target.closest(selector)
    if (item) for (const other of items()) other.tabIndex = other === item ? 0 : -1
  })
  const first = group.querySelector(selector)
  if (first && !group.querySelector(`${selector}[tabindex="0"]`)) first.tabIndex = 0
}

/** A button that copies a text. */
export function copyButton(text, label = 'Copy') {
  const button = h('button', {
    type: 'button', class: 'small', onclick: async () => {
      const done = await copy(typeof text === 'function' ? text() : text)
      button.textContent = done ? 'Copied' : 'Copying was refused'
      announce(button.textContent)
      setTimeout(() => (button.textContent = label), 1500)
    },
  }, label)
  return button
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = h('textarea', { class: 'offscreen', 'aria-hidden': 'true' })
    area.value = text
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
}

/** A table that scrolls sideways where it is too wide; the first cell of each row names the row. */
export function table(headings, rows, more = {}) {
  return h('div', { class: 'scroll', tabindex: '0' }, h('table', more, h('thead', {}, h('tr', {}, headings.map((heading) => h('th', { scope: 'col' }, heading)))),
    h('tbody', {}, rows.map(([name, ...cells]) => h('tr', {}, h('th', { scope: 'row' }, name), cells.map((cell) => h('td', {}, show(cell))))))))
}

/** Shows a dialog until it is closed, and gives what it was closed by. */
export function ask(title, ...content) {
  const dialog = h('dialog', { 'aria-labelledby': 'dialog-title' }, h('form', { method: 'dialog' }, h('h2', { id: 'dialog-title' }, title), content))
  document.body.append(dialog)
  dialog.showModal()
  return new Promise((resolve) => dialog.addEventListener('close', () => {
    dialog.remove()
    resolve(dialog.returnValue)
  }))
}

/** A word as the API writes it. */
export const hex = (word) => `0x${BigInt(word).toString(16)}`

/** A word that somebody typed: hexadecimal with 0x, or decimal; null if it is none of up to 64 bits. */
export function parseWord(text) {
  const trimmed = text.trim()
  if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(trimmed)) return null
  const word = BigInt(trimmed)
  return word < 1n << 64n ? word : null
}

/** A value of a document, in a few characters. */
export function show(value) {
  if (value === null || value === undefined) return '–'
  if (value === true) return '1'
  if (value === false) return '0'
  if (Array.isArray(value)) return value.length ? value.map(show).join(' ') : 'none'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
