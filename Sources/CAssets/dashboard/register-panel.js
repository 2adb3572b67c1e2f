// The registers, to be set by ticking bits or typing a value, with what KVM would refuse said beforehand.
import { current, names, refusal, registers, unnamed } from './registers.js'
import { fill, h, hex, parseWord, setText } from './dom.js'
import { tip } from './tip.js'

/** How a write is told to the service: by the names of the bits that change where they have names, else by value. */
export function writeBody(register, old, value) {
  const changed = old ^ value
  const rows = registers[register]?.bits
  if (!rows || changed === 0n || unnamed(register, changed) !== 0n) return { value: hex(value) }
  const set = names(register, changed & value)
  const clear = names(register, changed & old)
  return { ...(set.length && { set }), ...(clear.length && { clear }) }
}

/** `<register-panel>`: shows `{ vcpu, before, machine, lit }`; sends `draft` when what would be written changes, and `run`. */
export class RegisterPanel extends HTMLElement {
  drafts = {}
  rows = {}

  connectedCallback() {
    if (this.rows.cr0) return
    fill(this, ['cr0', 'cr3', 'cr4', 'efer'].map((register) => this.row(register)), this.others(), this.together())
  }

  row(register) {
    const title = registers[register]?.title ?? 'CR3'
    const input = h('input', { type: 'text', spellcheck: 'false', autocomplete: 'off', 'aria-label': `${title}, value`, class: 'word', id: `value-${register}`,
      oninput: () => this.type(register), onkeydown: (event) => { if (event.key === 'Enter') this.write(register) } })
    const bits = registers[register]?.bits.map(([index, name, sentence]) => {
      const box = h('input', { type: 'checkbox', onchange: () => this.tick(register, index) })
      const label = tip(h('label', { class: 'tick', 'data-source': `${register}.${name}` }, box, h('span', {}, name)), `Bit ${index}. ${sentence}`)
      return { index, name, box, label }
    }) ?? []
    const button = h('button', { type: 'button', 'data-write': register, onclick: () => this.write(register) }, `Write ${title}`)
    const revert = h('button', { type: 'button', class: 'small', onclick: () => this.revert(register) }, 'Revert')
    const warning = h('p', { class: 'warning', role: 'status' })
    this.rows[register] = { title, input, bits, button, revert, warning }
    const flags = bits.length ? h('div', { class: 'ticks', role: 'group', 'aria-label': `Bits of ${title}` }, bits.map((row) => row.label))
      : h('p', { class: 'hint' }, 'Bits 51:12 say where the top table lies. With CR4.PCIDE, 11:0 are the PCID, and bit 63 of a write keeps its translations.')
    return h('div', { class: 'register' }, h('div', { class: 'register-head' }, h('h3', {}, title), input, button, revert), flags, warning)
  }

  others() {
    this.long = h('input', { type: 'checkbox', onchange: (event) => this.run({ op: 'set-cs', l: event.target.checked }) })
    this.pkru = h('input', { type: 'text', class: 'word', spellcheck: 'false', 'aria-label': 'PKRU, value' })
    return h('div', { class: 'register register-head' },
      tip(h('label', { class: 'tick' }, this.long, h('span', {}, 'CS.L')), 'A far jump to or from a 64-bit code segment. Done at once.'),
      tip(h('h3', {}, 'PKRU'), 'Two bits for each protection key: no access, no write. No part of roles: the mask is applied at each check.'), this.pkru,
      h('button', { type: 'button', onclick: () => this.run({ op: 'set-pkru', value: this.pkru.value.trim() }) }, 'Write PKRU'))
  }

  together() {
    this.all = tip(h('button', { type: 'button', onclick: () => this.run(this.sregs) }, 'Set all by KVM_SET_SREGS'),
      'What user space does: whole registers at once, with fewer checks than the guest’s own writes. Any change lets every root go.')
    return h('p', {}, this.all)
  }

  show(state) {
    this.state = state
    const now = current(state.vcpu)
    const then = state.before && current(state.before)
    for (const [register, row] of Object.entries(this.rows)) {
      // What somebody is about to write stays; but what is as it was has been written, or undone.
      if (this.drafts[register] === now[register]) delete this.drafts[register]
      const value = this.drafts[register] ?? now[register]
      if (document.activeElement !== row.input || parseWord(row.input.value) !== value) row.input.value = hex(value)
      for (const { index, name, box, label } of row.bits) {
        const mask = 1n << BigInt(index)
        const changed = then && ((then[register] ^ now[register]) & mask) !== 0n
        label.classList.toggle('changed', Boolean(changed))
        label.classList.toggle('lit', Boolean(state.lit?.has(`${register}.${name}`)))
        label.classList.toggle('draft', ((value ^ now[register]) & mask) !== 0n)
        box.checked = (value & mask) !== 0n
      }
      this.warn(register)
    }
    this.long.checked = now.cs_l
    if (document.activeElement !== this.pkru) this.pkru.value = state.vcpu.registers.pkru
    this.all.disabled = state.disabled || !Object.keys(this.drafts).length
    for (const control of [this.long, this.pkru]) control.disabled = Boolean(state.disabled)
  }

  get old() { return current(this.state.vcpu) }
  value(register) { return this.drafts[register] ?? this.old[register] }

  tick(register, index) {
    this.draft(register, this.value(register) ^ (1n << BigInt(index)))
  }

  type(register) {
    const value = parseWord(this.rows[register].input.value)
    if (value === null) {
      this.rows[register].button.disabled = true
      setText(this.rows[register].warning, '✕ a word of up to 64 bits is needed: 0x and hexadecimal digits, or decimal digits')
      return
    }
    this.draft(register, value)
  }

  draft(register, value) {
    this.drafts[register] = value
    this.show(this.state)
    this.dispatchEvent(new CustomEvent('draft', { bubbles: true, detail: this.operation(register) }))
  }

  revert(register) {
    delete this.drafts[register]
    this.show(this.state)
    this.rows[register].input.focus()
  }

  warn(register) {
    const { machine, vcpu } = this.state
    const row = this.rows[register]
    const isDraft = this.drafts[register] !== undefined
    row.button.disabled = Boolean(this.state.disabled)
    row.revert.hidden = !isDraft
    const refused = isDraft && refusal({ register, value: this.value(register), old: this.old, machine, smm: vcpu.smm })
    setText(row.warning, refused ? `✕ will be refused with #GP: ${refused.reason} (${refused.function})` : '')
  }

  operation(register) {
    const body = writeBody(register, this.old[register], this.value(register))
    return register === 'efer' ? { op: 'set-efer', ...body } : { op: 'set-cr', register, ...body }
  }

  get sregs() {
    return { op: 'set-sregs', ...Object.fromEntries(Object.entries(this.drafts).map(([register, value]) => [register, hex(value)])) }
  }

  async write(register) {
    if (this.rows[register].button.disabled) return
    const operation = this.operation(register)
    delete this.drafts[register]
    this.run(operation)
  }

  run(operation) {
    if (operation.op === 'set-sregs') this.drafts = {}
    this.dispatchEvent(new CustomEvent('run', { bubbles: true, detail: operation }))
  }

  /** Puts the focus on a register bit. */
  reveal(source) {
    const label = this.querySelector(`[data-source="${source}"]`)
    label?.scrollIntoView({ block: 'nearest' })
    label?.querySelector('input').focus()
  }
}
customElements.define('register-panel', RegisterPanel)
