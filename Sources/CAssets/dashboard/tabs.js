// A strip of tabs and their panels.
import { h, rove } from './dom.js'

/** `{ strip, panels, open(index) }`; `opened(index)` is called when one is opened. */
export function tabs(label, prefix, names, contents, opened) {
  const panels = names.map((_, index) => h('div', { role: 'tabpanel', id: `${prefix}-${index}`, 'aria-labelledby': `${prefix}-tab-${index}` }, contents[index]))
  const buttons = names.map((name, index) =>
    h('button', { type: 'button', role: 'tab', id: `${prefix}-tab-${index}`, 'aria-controls': `${prefix}-${index}`, onclick: () => open(index) }, name))
  const strip = h('div', { class: 'tabs', role: 'tablist', 'aria-label': label }, buttons)
  const open = (chosen) => {
    names.forEach((_, index) => {
      buttons[index].ariaSelected = String(index === chosen)
      buttons[index].tabIndex = index === chosen ? 0 : -1
      panels[index].hidden = index !== chosen
    })
    opened(chosen)
  }
  rove(strip, '[role=tab]')
  return { strip, panels, open }
}
