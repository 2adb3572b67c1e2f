// What can be done: registers and every other operation, each with the curl line that does the same.
import { curl, operationBody, operationPath } from './api.js'
import { copyButton, fill, h, setText } from './dom.js'
import { operation, operations } from './operations.js'
import './register-panel.js'
import { tabs } from './tabs.js'
import { tip } from './tip.js'

const groups = ['Registers', 'Nested', 'Invalidate', 'Memory', 'Machine']

/** `<action-panel>`: shows `{ session, vcpu, before, machine, lit, disabled, tab }`; sends `run` with an operation, `tab` with a name. */
export class ActionPanel extends HTMLElement {
  connectedCallback() {
    if (this.tabs) return
    this.registers = document.createElement('register-panel')
    this.tabs = tabs('What to do', 'do', groups, [this.registers], (index) => this.opened(groups[index]))
    this.enter = h('select', { id: 'enter-guest', onchange: () => this.line() }, [['', 'as the session does'], ['true', 'enter the guest'], ['false', 'stay, requests pending']].map(([value, text]) => h('option', { value }, text)))
    this.reason = h('p', { class: 'warning', role: 'status' })
    this.code = h('code', { class: 'curl', tabindex: '0' })
    fill(this, h('h2', {}, 'Do'), this.tabs.strip, this.reason, this.tabs.panels,
      h('div', { class: 'same' },
        h('p', { class: 'register-head' }, tip(h('label', { for: 'enter-guest' }, 'Then'), 'After an operation the vCPU can do what vcpu_enter_guest does: serve pending requests, and load a root.'), this.enter,
          h('span', { class: 'grow' }), h('span', {}, 'The same with curl'), copyButton(() => this.code.textContent)),
        this.code))
    this.addEventListener('draft', (event) => this.line({ ...event.detail, vcpu: this.state.vcpu.id }))
    this.registers.addEventListener('run', (event) => { event.stopPropagation(); this.run({ ...event.detail, vcpu: this.state.vcpu.id }) })
  }

  show(state) {
    const isOther = this.state?.session !== state.session
    this.state = state
    if (isOther) { this.forms = new Map(); this.last = undefined; this.open(state.tab) }
    this.registers.show(state)
    setText(this.reason, state.disabled ?? '')
    this.check()
    this.line()
  }

  open(name) { this.tabs.open(Math.max(0, groups.indexOf(name))) }

  opened(name) {
    this.group = name
    if (name !== 'Registers' && !this.forms.has(name)) this.build(name, this.tabs.panels[groups.indexOf(name)])
    this.check()
    this.dispatchEvent(new CustomEvent('tab', { bubbles: true, detail: name }))
  }

  build(tab, panel) {
    const { machine } = this.state
    const rows = operations.filter((row) => row.group === tab && (!row.only || row.only === machine.vendor))
    this.forms.set(tab, rows.map((row) => this.form(row)))
    fill(panel, this.forms.get(tab).map(({ element }) => element))
  }

  form(row) {
    const inputs = new Map(row.fields.map((field) => [field.key, this.input(field, row)]))
    const values = () => Object.fromEntries(row.fields.map((field) => [field.key, field.type === 'flag' ? inputs.get(field.key).checked : inputs.get(field.key).value]))
    const make = () => operation(row, values(), this.state.vcpu.id)
    const button = h('button', { type: 'submit' }, row.title)
    const why = h('p', { class: 'hint' })
    const element = h('form', { class: 'operation', oninput: () => this.line(make()), onfocusin: () => this.line(make()),
      onsubmit: (event) => { event.preventDefault(); if (!button.disabled) this.run(make()) } },
      h('p', { class: 'teach' }, h('code', {}, row.op), ` ${row.teach}`),
      h('div', { class: 'fields' }, row.fields.map((field) => h('label', { class: field.type === 'flag' ? 'flag' : null }, h('span', {}, field.label), inputs.get(field.key)))),
      h('p', { class: 'register-head' }, button, why))
    return { row, element, button, why }
  }

  input(field) {
    switch (field.type) {
      case 'flag': return h('input', { type: 'checkbox', checked: field.value })
      case 'choice': return h('select', {}, field.options.map((option) => h('option', { value: option }, option)))
      default: return h('input', { type: 'text', class: field.type === 'word' ? 'word' : 'wide', value: field.value, placeholder: field.hint ?? '', title: field.hint, spellcheck: 'false', autocomplete: 'off' })
    }
  }

  /** Disables what makes no sense now, and says why. */
  check() {
    for (const { row, button, why } of this.forms?.get(this.group) ?? []) {
      const reason = this.state.disabled ?? row.needs?.(this.state) ?? null
      button.disabled = reason !== null
      setText(why, reason ?? '')
    }
  }

  withEntry(made) {
    return this.enter.value && made.vcpu !== undefined ? { ...made, enter_guest: this.enter.value === 'true' } : made
  }

  line(made = this.last) {
    this.last = made
    const { session } = this.state
    const shown = made ? this.withEntry(made) : null
    setText(this.code, shown ? curl('POST', operationPath(session.id, shown), operationBody(shown), 'text/plain')
      : curl('GET', `${session.path}/vcpus/${this.state.vcpu.id}`, undefined, 'text/plain'))
  }

  run(made) {
    this.line(made)
    this.dispatchEvent(new CustomEvent('run', { bubbles: true, detail: this.withEntry(made) }))
  }
}
customElements.define('action-panel', ActionPanel)
