// One of a vCPU's three MMUs: what it is for, its roles, why a bit is as it is, and its roots.
import { cause, origin } from './causes.js'
import { fill, h, setText, show, table } from './dom.js'
import './role-strip.js'
import './root-cache.js'
import { tip } from './tip.js'

const purposes = {
  root_mmu: 'L1’s MMU; L2’s too when L1 gives it no nested paging.',
  guest_mmu: 'Shadows the EPT or NPT that L1 made for L2.',
  nested_mmu: 'Walks L2’s own tables; builds none, so it has no root.',
}
const pointers = {
  mmu: 'vcpu->arch.mmu: the MMU whose tables the processor uses, and which handles page faults.',
  walk_mmu: 'vcpu->arch.walk_mmu: the MMU by which KVM itself translates guest-virtual addresses.',
}

/** `<mmu-card name="root_mmu">`: shows `{ vcpu, before, machine, lookup, picked }`; `picked` is `{ mmu, role, field }` or null. */
export class MMUCard extends HTMLElement {
  connectedCallback() {
    if (this.strips) return
    const name = this.getAttribute('name')
    this.badges = h('span', { class: 'badges' })
    this.idle = h('p', { class: 'idle' })
    this.strips = ['vcpu_role', 'mmu_role'].map((role) => {
      const strip = h('role-strip', { name: role })
      strip.addEventListener('pick', (event) => this.dispatchEvent(new CustomEvent('pick-field', {
        bubbles: true, detail: { mmu: name, role, field: event.detail } })))
      return { role, strip, why: h('div', { class: 'why', hidden: true, role: 'region', 'aria-live': 'polite' }) }
    })
    this.cache = document.createElement('root-cache')
    this.more = h('details', { class: 'more' }, h('summary', {}, 'Function pointers, permissions, reserved bits, PDPTRs'), h('div', {}))
    this.more.addEventListener('toggle', () => this.state && this.fillMore())
    fill(this, h('header', {}, h('h3', { id: `${name}-title` }, name), this.badges, h('span', { class: 'purpose' }, purposes[name])),
      this.idle, this.strips.map(({ strip, why }) => [strip, why]), this.cache, this.more)
    this.setAttribute('role', 'region')
    this.setAttribute('aria-labelledby', `${name}-title`)
  }

  show(state) {
    this.state = state
    const name = this.getAttribute('name')
    const { vcpu, before, machine, picked, lookup } = state
    const mmu = vcpu[name]
    const active = Object.keys(pointers).filter((pointer) => vcpu[pointer] === name)
    this.classList.toggle('active', active.length > 0)
    const marks = active.join()
    if (this.badges.dataset.marks !== marks) {
      this.badges.dataset.marks = marks
      fill(this.badges, active.map((pointer) => tip(h('span', { class: 'pointer', tabindex: '0' }, `◀ ${pointer}`), pointers[pointer])))
    }
    const isUnused = !mmu.vcpu_role.ext.valid && mmu.vcpu_role.value === '0x0' && mmu.mmu_role.value === '0x0'
    this.classList.toggle('unused', isUnused)
    setText(this.idle, isUnused ? origin(machine, vcpu, name, 'vcpu_role').leftover ?? '' : '')
    for (const { role, strip, why } of this.strips) {
      strip.hidden = isUnused || (name === 'nested_mmu' && role === 'mmu_role')
      if (strip.hidden) { why.hidden = true; continue }
      const field = picked?.mmu === name && picked.role === role ? picked.field : null
      strip.show({ role, mmu: name, word: mmu[role], before: before?.[name][role], kernel: machine.kernel, picked: field })
      this.explain(why, role, field)
    }
    this.cache.hidden = name === 'nested_mmu' || isUnused
    this.more.hidden = isUnused
    if (!this.cache.hidden) {
      const field = picked?.mmu === name ? picked.field : null
      this.cache.show({ mmu, before: before?.[name], lookup: lookup?.mmu === name ? lookup : null, field, role: mmu.mmu_role })
    }
    if (this.more.open) this.fillMore()
  }

  explain(why, role, field) {
    why.hidden = !field
    if (!field) return fill(why)
    const { vcpu, machine } = this.state
    const name = this.getAttribute('name')
    const mmu = vcpu[name]
    const word = role === 'mmu_role' ? mmu.mmu_role : field in mmu.vcpu_role.base ? mmu.vcpu_role.base : mmu.vcpu_role.ext
    const { function: rule, sentence, sources, note, whose } = cause(machine, vcpu, name, role, field, word[field])
    const others = [mmu.root, ...mmu.prev_roots].filter((root) => root.role && field in root.role && root.role[field] !== mmu.mmu_role[field])
    fill(why,
      h('p', {}, h('strong', {}, `${field} is ${show(word[field])}`), rule && [' by ', h('code', {}, rule), '. '], rule ? sentence : [': ', sentence]),
      sources.length > 0 && h('p', { class: 'sources' }, 'It follows from ', sources.map((source) =>
        h(source.isPresent ? 'button' : 'span', source.isPresent
          ? { type: 'button', class: 'source small', onclick: () => this.dispatchEvent(new CustomEvent('show-source', { bubbles: true, detail: source.id })) }
          : { class: 'source' }, `◆ ${source.text} = ${show(source.value)}`)),
        whose === 'L1' && vcpu.guest_mode && ' (L1’s registers, kept aside while L2 runs)'),
      rule && !sources.length && h('p', {}, 'Nothing that the guest does changes it.'),
      note && h('p', { class: 'note' }, `▲ ${note}`),
      others.length > 0 && h('p', {}, `≠ ${others.length === 1 ? 'One cached root differs' : `${others.length} cached roots differ`} in ${field}: `,
        others.map((root) => h('code', {}, `${root.hpa} `))))
  }

  fillMore() {
    const mmu = this.state.vcpu[this.getAttribute('name')]
    const masks = (check) => table(['level', 1, 2, 3, 4, 5], check.rsvd_bits_mask.map((row, index) => [`PS = ${index}`, ...row]))
    fill(this.more.lastElementChild,
      h('dl', { class: 'facts' },
        [['page_fault', mmu.page_fault], ['gva_to_gpa', mmu.gva_to_gpa], ['permissions', mmu.permissions], ['pkru_mask', mmu.pkru_mask], ['pdptrs', mmu.pdptrs.join(' ')]]
          .map(([key, value]) => [h('dt', {}, key), h('dd', {}, show(value))])),
      h('h4', {}, 'guest_rsvd_check: bits a guest entry must not have'), masks(mmu.guest_rsvd_check),
      h('h4', {}, 'shadow_zero_check: bits KVM’s own entries must not have'), masks(mmu.shadow_zero_check))
  }
}
customElements.define('mmu-card', MMUCard)
