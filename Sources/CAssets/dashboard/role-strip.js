// A role word as a strip of its fields, each with its bits, value and name.
import { fill, h, rove, setText, show } from './dom.js'
import { layout, meaning } from './layout.js'
import { tip } from './tip.js'

/**
 * `<role-strip>`: shows `{ role, word, before, kernel, picked }`, where `word` is a role’s document and `before` the one to
 * compare with. Sends `pick` with the field’s name.
 */
export class RoleStrip extends HTMLElement {
  cells = new Map()

  show(state) {
    this.state = state
    const { role, word, before } = state
    const parts = role === 'vcpu_role' ? [['base', word.base, before?.base], ['ext', word.ext, before?.ext]] : [['base', word, before]]
    if (!this.cells.size) this.build(parts)
    setText(this.value, word.value)
    const changed = before && before.value !== word.value
    this.value.classList.toggle('changed', Boolean(changed))
    setText(this.earlier, changed ? `was ${before.value}` : '')
    for (const [part, now, then] of parts) {
      for (const [name, cell] of this.cells) if (cell.part === part) this.update(cell, name, now[name], then?.[name])
    }
  }

  build(parts) {
    const { role, kernel, mmu } = this.state
    this.value = h('code', { class: 'word' })
    this.earlier = h('span', { class: 'earlier' })
    const title = tip(h('span', { class: 'role-name', tabindex: '0' }, role), role === 'vcpu_role'
      ? 'What the guest asked for: its paging mode, boiled down to bits. Linux calls it cpu_role.'
      : 'What the tables look like that KVM builds. A root serves again only for the same mmu_role. Linux calls it root_role.')
    const strip = h('div', { class: 'strip', role: 'toolbar', 'aria-label': `${role} of ${mmu}` })
    for (const [part, fields] of parts) {
      if (part === 'ext') strip.append(h('span', { class: 'break' }))
      for (const name of Object.keys(fields)) if (name !== 'value') strip.append(this.cell(part, name))
    }
    fill(this, h('div', { class: 'strip-head' }, title, this.value, this.earlier), strip)
    rove(strip, '.bit')
    layout(kernel).then((bits) => this.number(bits))
  }

  cell(part, name) {
    const bits = h('span', { class: 'bits' }, '\u00a0')
    const value = h('span', { class: 'value' })
    const element = h('button', {
      type: 'button', class: 'bit', 'data-field': name, tabindex: '-1', 'aria-pressed': 'false',
      onclick: () => this.dispatchEvent(new CustomEvent('pick', { detail: name, bubbles: true })),
    }, bits, value, h('span', { class: 'name' }, name))
    const cell = { part, element, bits, value }
    tip(element, async () => {
      const { role, word, kernel } = this.state
      const sentence = await meaning(role, word.value, name, kernel)
      return `${sentence ?? name}. Press to see why.`
    })
    this.cells.set(name, cell)
    return element
  }

  /** Writes the numbers of the bits above the fields. */
  number(parts) {
    for (const [name, cell] of this.cells) {
      const bits = parts[cell.part].get(name)
      if (bits) setText(cell.bits, bits[0] === bits[1] ? `${bits[0]}` : `${bits[1]}:${bits[0]}`)
    }
  }

  update(cell, name, now, then) {
    const changed = then !== undefined && then !== now
    const isPicked = this.state.picked === name
    const isSet = now !== false && now !== 0
    setText(cell.value, show(now))
    cell.element.classList.toggle('set', isSet)
    cell.element.classList.toggle('changed', changed)
    if (cell.element.ariaPressed !== String(isPicked)) cell.element.ariaPressed = String(isPicked)
    const label = `${name}: ${show(now)}${changed ? `, just changed from ${show(then)}` : ''}`
    if (cell.element.ariaLabel !== label) cell.element.ariaLabel = label
  }
}
customElements.define('role-strip', RoleStrip)
