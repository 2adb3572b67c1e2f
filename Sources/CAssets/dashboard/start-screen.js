// The way in: a machine, an example, a session that exists, a script, or a lab.
import { get } from './api.js'
import { examples } from './examples.js'
import { fill, h } from './dom.js'
import { tip } from './tip.js'

/** `<start-screen>`: sends `create` with a start script, `open` with an id, `script` with a script to be looked at first. */
export class StartScreen extends HTMLElement {
  async connectedCallback() {
    if (this.isBuilt) return
    this.isBuilt = true
    const send = (name, detail) => this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }))
    this.send = send
    const id = h('input', { type: 'text', id: 'open-id', class: 'wide', spellcheck: 'false', autocomplete: 'off', placeholder: 'the id, or a path that ends in it' })
    this.machines = h('section', { 'aria-labelledby': 'machines' }, h('h2', { id: 'machines' }, 'Make a machine'))
    this.labs = h('section', { 'aria-labelledby': 'labs' })
    fill(this,
      h('div', { class: 'intro' }, h('h1', {}, 'See KVM’s MMU think'),
        h('p', {}, 'A machine plays the part of KVM’s x86 MMU: change a register, enter a nested guest or let the guest access its memory, and see what KVM would now hold, and why. No hardware is used.')),
      this.machines,
      h('section', { 'aria-labelledby': 'examples' }, h('h2', { id: 'examples' }, 'Or begin with an example'),
        h('ul', { class: 'cards' }, examples.map(({ title, look, script }) => h('li', {},
          h('button', { type: 'button', class: 'card', onclick: () => send('create', script) }, h('strong', {}, title), h('span', {}, look)))))),
      this.labs,
      h('section', { class: 'columns' },
        h('form', { onsubmit: (event) => { event.preventDefault(); send('open', id.value.trim().split('/').pop()) } },
          h('h2', {}, h('label', { for: 'open-id' }, 'Open a session')), h('p', { class: 'register-head' }, id, h('button', { type: 'submit' }, 'Open'))),
        h('div', {}, h('h2', {}, 'Import a script'), h('p', {}, this.importButton()))))
    await Promise.all([this.fillMachines(), this.fillLabs()])
  }

  importButton() {
    const file = h('input', { type: 'file', accept: '.json,application/json', id: 'script-file', onchange: async () => {
      if (file.files.length) this.send('script', await file.files[0].text())
    } })
    return [h('label', { for: 'script-file' }, 'A file that was exported: '), file]
  }

  async fillMachines() {
    const { presets, boots } = await get('/v1/presets')
    const name = h('input', { type: 'text', id: 'session-name', maxlength: 200, class: 'wide', autocomplete: 'off' })
    const boot = h('select', { id: 'boot' }, boots.map(({ id, default: isDefault }) => h('option', { value: id, selected: isDefault }, id)))
    const vcpus = h('input', { type: 'number', id: 'vcpus', min: 1, max: 64, value: '1' })
    const create = (preset) => this.send('create', { preset, boot: boot.value, ...(name.value && { name: name.value }), ...(vcpus.value !== '1' && { machine: { vcpus: Number(vcpus.value) } }) })
    this.machines.append(
      h('div', { class: 'fields' }, h('label', {}, h('span', {}, 'name'), name),
        tip(h('label', {}, h('span', {}, 'begins in'), boot), () => {
          const { cr0, cr4, efer } = boots.find(({ id }) => id === boot.value).registers
          return `CR0 ${cr0}, CR4 ${cr4}, EFER ${efer}`
        }), h('label', {}, h('span', {}, 'vCPUs'), vcpus)),
      h('ul', { class: 'cards' }, presets.map(({ id, summary }) => h('li', {},
        h('button', { type: 'button', class: 'card', onclick: () => create(id), 'data-preset': id }, h('strong', {}, id), h('span', {}, summary))))))
  }

  async fillLabs() {
    const { labs } = await get('/v1/labs')
    const student = h('input', { type: 'text', id: 'student', class: 'wide', autocomplete: 'off' })
    fill(this.labs, h('h2', { id: 'labs' }, 'Or a lab'),
      h('div', { class: 'fields' }, tip(h('label', {}, h('span', {}, 'student'), student), 'A name or number: the same one gets the same variant every time. It may be left out.')),
      h('ul', { class: 'cards' }, labs.map((lab) => h('li', {}, h('button', { type: 'button', class: 'card', 'data-lab': lab.id,
        onclick: () => this.send('create', { lab: lab.id, ...(student.value && { student: student.value }) }) },
        h('strong', {}, lab.title), h('span', {}, lab.summary), h('span', {}, `${lab.steps} steps, about ${lab.minutes} minutes`))))))
  }
}
customElements.define('start-screen', StartScreen)
