// The page: what is shown follows from the session and from the view, which is kept in the URL's fragment.
import { Problem } from './api.js'
import { cause } from './causes.js'
import './action-panel.js'
import './call-tree.js'
import { announce, fill, h, setText } from './dom.js'
import './lab-panel.js'
import './mmu-card.js'
import './result-view.js'
import { outcomeText } from './result-view.js'
import { confirmScript, showExport } from './scripts.js'
import { Session } from './session.js'
import './start-screen.js'
import './tables-panel.js'
import './time-line.js'
import { tip } from './tip.js'

const main = document.getElementById('main')
const notice = document.getElementById('notice')
const mmus = ['root_mmu', 'guest_mmu', 'nested_mmu']
let session = null
let page = null
let turn = null
/** What is looked at: `{ vcpu, at, pick, tab }`; `at` is a revision or null for now, `pick` is `mmu.role.field`. */
let view = {}

// The view in the URL

function readView() {
  const hash = location.hash.slice(1)
  if (hash.startsWith('script=')) return { script: hash.slice('script='.length) }
  const values = new URLSearchParams(hash)
  return { session: values.get('session'), vcpu: Number(values.get('vcpu') ?? 0), at: values.has('at') ? Number(values.get('at')) : null,
    pick: values.get('pick'), tab: values.get('tab') }
}

function writeView() {
  const values = new URLSearchParams()
  values.set('session', session.id)
  for (const key of ['vcpu', 'at', 'pick', 'tab']) if (view[key]) values.set(key, view[key])
  history.replaceState(null, '', `#${values}`)
}

function picked() {
  const [mmu, role, field] = view.pick?.split('.') ?? []
  return field ? { mmu, role, field } : null
}

// Sessions

async function enter(made) {
  session?.leave()
  session = made
  view = { ...view, vcpu: Math.min(view.vcpu ?? 0, made.vcpus.length - 1) }
  session.addEventListener('change', ({ detail }) => changed(detail.result))
  session.addEventListener('lost', ({ detail }) => tell(detail))
  build()
  page.following = session.follow()
  await draw()
  if (made.warning) tell(made.warning)
  document.title = `${session.document.name ?? 'session'} – Rolecall`
}

function changed(result) {
  if (result) announce(outcomeText(result.outcome))
  else announce(`The session is now at revision ${session.revision}.`)
  return draw()
}

async function attempt(work) {
  notice.hidden = true
  try {
    return await work()
  } catch (problem) {
    tell(problem)
    return null
  }
}

function tell(problem) {
  const sentences = problem instanceof Problem ? problem.sentences : [problem.message]
  fill(notice, h('strong', {}, `✕ ${problem.title ?? 'Something went wrong'}: `), sentences.join('; '), ' ',
    h('button', { type: 'button', class: 'small', onclick: () => (notice.hidden = true) }, 'Dismiss'))
  notice.hidden = false
  announce(notice.textContent)
}

const create = (body) => attempt(async () => { view = {}; await enter(await Session.create(body)); writeView() })
const openScript = async (text) => {
  const script = await confirmScript(text)
  if (script) await create(script)
}

// The page of a session

function build() {
  const cards = mmus.map((name) => h('mmu-card', { name }))
  page = {
    cards, state: h('div', { class: 'state', role: 'group', 'aria-label': 'State of the vCPU' }), vcpus: h('select', { 'aria-label': 'vCPU', onchange: () => look({ vcpu: Number(page.vcpus.value) }) }),
    time: document.createElement('time-line'), actions: document.createElement('action-panel'), result: document.createElement('result-view'), calls: document.createElement('call-tree'), tables: document.createElement('tables-panel'), lab: document.createElement('lab-panel'),
  }
  const title = h('h1', {}, session.document.name ?? 'Session', ' ', h('span', { class: 'hint' }, `${session.id.slice(0, 6)}…`))
  fill(main, h('div', { class: 'session-head' }, title, page.vcpus, page.state, h('span', { class: 'grow' }),
    h('button', { type: 'button', onclick: () => attempt(() => showExport(session)) }, 'Share and export'),
    h('button', { type: 'button', onclick: () => { session.leave(); session = null; location.hash = '' } }, 'Leave')),
    page.time, page.lab, h('div', { class: 'bench' }, h('div', { class: 'machine' }, cards, page.result, page.tables), h('div', { class: 'side' }, page.actions, page.calls)))
}

/** Draws what is to be seen: everything keeps its elements and changes only what differs. */
async function draw() {
  const mine = (turn = {})
  const at = view.at !== null && view.at !== undefined && view.at < session.revision ? view.at : null
  const shown = at ?? session.revision
  const vcpus = at === null ? session.vcpus : await session.vcpusAt(at)
  const vcpu = vcpus[view.vcpu] ?? vcpus[0]
  const step = await session.stepAt(shown)
  const result = session.revisions.get(shown)?.result
  const before = shown > 1 ? (await session.vcpusAt(shown - 1))[vcpu.id] : null
  // What was read meanwhile for a later drawing must not be overwritten.
  if (mine !== turn) return
  const start = performance.now()
  const lookup = result?.lookups?.length ? result.lookups : null
  const machine = session.machine
  const pick = picked()
  for (const card of page.cards) {
    card.show({ vcpu, before, machine, picked: pick, lookup: lookup?.findLast((each) => each.mmu === card.getAttribute('name')) })
  }
  const sources = lit(machine, vcpu, pick)
  drawState(vcpu, machine, sources)
  page.time.show({ session, at, step })
  page.actions.show({ session, vcpu, before, machine, lit: sources, tab: view.tab, disabled: at === null ? null : `This is revision ${at}, as it was. Go back to now, or fork here, to do something.` })
  const told = { result, message: shown === 1 ? 'Nothing yet: this is the machine as it was made. Change a register, and every step of KVM appears here.'
    : `Revision ${shown} was not made by this page, which does not know KVM’s steps. Marked fields differ from the revision before.` }
  page.result.show(told)
  page.calls.show(told)
  performance.measure('state drawn', { start, end: performance.now() })
  await Promise.all([page.tables.show({ session, vcpu, at }), page.lab.show({ session })])
}

function lit(machine, vcpu, pick) {
  if (!pick) return null
  const role = vcpu[pick.mmu]?.[pick.role]
  if (!role) return null
  const word = pick.role === 'mmu_role' ? role : pick.field in role.base ? role.base : role.ext
  const { sources } = cause(machine, vcpu, pick.mmu, pick.role, pick.field, word[pick.field])
  return new Set(sources.filter(({ isPresent }) => isPresent).map(({ id }) => id).concat(sources.some(({ id }) => id.startsWith('machine.')) ? ['machine'] : []))
}

function drawState(vcpu, machine, sources) {
  const paging = machine.tdp ? (machine.vendor === 'intel' ? 'EPT' : 'NPT') : 'shadow paging'
  const nested = vcpu.nested ? (vcpu.nested.ept ?? vcpu.nested.npt ? `L2 on nested ${vcpu.nested.vendor === 'intel' ? 'EPT' : 'NPT'}` : 'L2 without nested paging') : 'L1'
  const chips = [[nested, 'Who runs: L1, the guest, or L2, its own guest.', 'vcpu.guest_mode'], [`paging ${vcpu.paging_mode}`, 'The paging mode by CR0.PG, CR4.PAE, CR4.LA57 and EFER.LMA.'],
    [vcpu.smm ? 'in SMM' : 'not in SMM', 'System management mode has memory slots of its own, and so roles of its own.', 'vcpu.smm'],
    [`requests: ${vcpu.requests.join(' ') || 'none'}`, 'What is still to be done before the guest runs again.'],
    [`${machine.vendor}, ${paging}, Linux ${machine.kernel}`, 'What the machine stands for.', 'machine']]
  const text = chips.map(([chip]) => chip).join('|')
  if (page.state.dataset.text !== text) {
    page.state.dataset.text = text
    fill(page.state, chips.map(([chip, sentence, source]) => tip(h('span', { class: 'chip', tabindex: '0', 'data-source': source }, chip), sentence)))
  }
  for (const chip of page.state.children) chip.classList.toggle('lit', Boolean(sources?.has(chip.dataset.source)))
  if (page.vcpus.length !== session.vcpus.length) fill(page.vcpus, session.vcpus.map(({ id }) => h('option', { value: id }, `vCPU ${id}`)))
  page.vcpus.hidden = session.vcpus.length === 1
  page.vcpus.value = vcpu.id
}

function look(change) {
  view = { ...view, ...change }
  writeView()
  return attempt(draw)
}

const steps = {
  undo: () => session.step('undo'),
  redo: () => session.step('redo'),
  fork: async () => { const forked = await session.fork(view.at ?? session.revision); view.at = null; await enter(forked); writeView() },
}

function step(name) {
  if (name !== 'fork') view.at = null
  attempt(steps[name])
}

main.addEventListener('create', ({ detail }) => create(detail))
main.addEventListener('open', ({ detail }) => { location.hash = `session=${encodeURIComponent(detail)}` })
main.addEventListener('script', ({ detail }) => openScript(detail))
main.addEventListener('run', ({ detail }) => attempt(() => session.run(detail)))
main.addEventListener('look', ({ detail }) => look({ at: detail }))
main.addEventListener('step', ({ detail }) => step(detail))
main.addEventListener('tab', ({ detail }) => { if (session && page?.actions.state && view.tab !== detail) { view.tab = detail; writeView() } })
main.addEventListener('pick-field', ({ detail }) => {
  const pick = `${detail.mmu}.${detail.role}.${detail.field}`
  look({ pick: view.pick === pick ? null : pick })
})
main.addEventListener('show-source', ({ detail }) => {
  if (detail.startsWith('vcpu.')) return
  page.actions.open('Registers')
  page.actions.registers.reveal(detail)
})
document.addEventListener('keydown', (event) => {
  if (!session || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z' || event.target.matches('input[type=text], textarea')) return
  event.preventDefault()
  step(event.shiftKey ? 'redo' : 'undo')
})

// The theme

const theme = document.getElementById('theme')
theme.value = document.documentElement.dataset.theme
theme.addEventListener('change', () => {
  document.documentElement.dataset.theme = theme.value
  localStorage.setItem('rolecall-theme', theme.value)
})

async function route() {
  const wanted = readView()
  if (wanted.script) {
    showStart()
    return openScript(wanted.script)
  }
  if (!wanted.session) return showStart()
  view = wanted
  if (session?.id === wanted.session) return attempt(draw)
  const opened = await attempt(() => Session.open(wanted.session))
  if (opened) await enter(opened)
  else showStart()
}

function showStart() {
  session?.leave()
  session = null
  document.title = 'Rolecall'
  if (!main.querySelector('start-screen')) fill(main, document.createElement('start-screen'))
}

addEventListener('hashchange', () => route())
document.getElementById('home').addEventListener('click', (event) => { event.preventDefault(); location.hash = '' })
document.querySelector('.skip').addEventListener('click', (event) => { event.preventDefault(); main.focus() })
setText(document.getElementById('origin'), location.host)
route()
