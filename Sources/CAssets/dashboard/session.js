// One session as this page knows it: its present state, the revisions seen so far, and word of new ones.
import { get, operationBody, operationPath, Problem, request } from './api.js'

const RESULT_FIELDS =
  'revision,operation,outcome,walk,page_fault,access,tries,map,narration,changes,lookups,tlb,trace,vcpu,drawing'
const POLL_MILLISECONDS = 2000
const REMEMBERED = 400

/** Tells of changes by the event `change`, whose detail has `result` where this page knows what was done. */
export class Session extends EventTarget {
  /** By revision: `{ vcpus, result, entry }`, any of which may be missing; an entry is the history's, without narration. */
  revisions = new Map()

  constructor(document) {
    super()
    this.document = document
    this.remember(document.revision, { vcpus: document.vcpus })
  }

  /** Makes a session of a start script. Its operations are done afterwards, as a batch, so that their results are known. */
  static async create({ operations, ...body }) {
    const { body: document } = await request('POST', '/v1/sessions', body)
    const session = new Session(document)
    if (operations?.length) await session.runAll(operations)
    return session
  }

  async runAll(operations) {
    const { body } = await request('POST', `${this.path}/batch`, { operations, stop_on: 'never' })
    const isSingle = this.vcpus.length === 1
    for (const result of body.results) {
      if (result.revision) this.remember(result.revision, { result, ...(isSingle && result.vcpu && { vcpus: [result.vcpu] }) })
    }
    this.document = body.session
    this.remember(this.revision, { vcpus: this.vcpus })
    const refused = body.results.flatMap((result, index) => (result.problem ? [`operation ${index + 1}: ${result.problem.detail}`] : []))
    if (refused.length) this.warning = new Problem({ title: 'Not every operation makes sense where it stands', detail: refused.slice(0, 5).join('; ') }, 409)
  }

  /** Opens one that exists. */
  static async open(id) {
    return new Session(await get(`/v1/sessions/${encodeURIComponent(id)}`))
  }

  get id() { return this.document.id }
  get revision() { return this.document.revision }
  get vcpus() { return this.document.vcpus }
  get machine() { return this.document.machine }
  get path() { return `/v1/sessions/${this.id}` }
  /** The path of something that a session or a service may lack, such as `events`; null if it does. */
  link(name) { return this.document.links?.[name] ?? null }

  /** Does an operation: `{ op, vcpu?, … }`. Throws a Problem where the service refuses it. */
  async run(operation) {
    const path = `${operationPath(this.id, operation)}?fields=${RESULT_FIELDS}`
    const { body: result } = await request('POST', path, operationBody(operation))
    const isNext = result.revision === this.revision + 1
    if (isNext && this.vcpus.length === 1 && result.vcpu) {
      this.accept(result.revision, [result.vcpu], result)
    } else {
      await this.refresh(result)
    }
    return result
  }

  /** Takes a step in time that is a revision of its own: `undo` or `redo`. */
  async step(direction, steps = 1) {
    await request('POST', `${this.path}/${direction}`, { steps })
    await this.refresh()
  }

  /** Makes another session with the same history up to a revision. */
  async fork(revision) {
    return new Session((await request('POST', `${this.path}/fork`, { at_revision: revision })).body)
  }

  /** Reads the present state; `result` is what led to it, if that is known. */
  async refresh(result) {
    const document = await get(this.path)
    // An event of the page’s own operation, whose answer came meanwhile, tells nothing new.
    if (!result && document.revision === this.revision) return
    this.document = document
    if (result) this.remember(result.revision, { result })
    this.accept(document.revision, document.vcpus, result?.revision === document.revision ? result : undefined)
  }

  accept(revision, vcpus, result) {
    this.document.revision = revision
    this.document.vcpus = vcpus
    this.remember(revision, { vcpus, ...(result && { result }) })
    this.dispatchEvent(new CustomEvent('change', { detail: { result } }))
  }

  remember(revision, known) {
    this.revisions.set(revision, { ...this.revisions.get(revision), ...known })
    if (this.revisions.size > REMEMBERED) this.revisions.delete(Math.min(...this.revisions.keys()))
  }

  /** The vCPUs as they were at a revision. */
  async vcpusAt(revision) {
    const known = this.revisions.get(revision)?.vcpus
    if (known) return known
    const { vcpus } = await get(`${this.path}/history?revision=${revision}`)
    this.remember(revision, { vcpus })
    return vcpus
  }

  /** What led to a revision: `{ operation, outcome, … }`, a result if this page has it. */
  async stepAt(revision) {
    const known = this.revisions.get(revision)
    if (known?.result ?? known?.entry) return known.result ?? known.entry
    const { entries } = await get(`${this.path}/history?after=${revision - 1}&limit=1`)
    this.remember(revision, { entry: entries[0] })
    return entries[0]
  }

  /** Follows what others do to the session, by events where the service has them, else by asking now and then. */
  follow() {
    const events = this.link('events')
    if (events) {
      this.source = new EventSource(events)
      const take = (event) => { if (Number(event.lastEventId) > this.revision) this.refreshSoon() }
      for (const name of ['message', 'revision', 'operation']) this.source.addEventListener(name, take)
    } else {
      this.timer = setInterval(() => this.poll(), POLL_MILLISECONDS)
      document.addEventListener('visibilitychange', this.onVisible)
    }
    return events ? 'events' : 'polling'
  }

  onVisible = () => this.poll()

  refreshSoon() {
    this.pending ??= setTimeout(async () => {
      this.pending = undefined
      await this.refresh().catch((problem) => this.fail(problem))
    }, 20)
  }

  async poll() {
    if (document.hidden || this.isPolling) return
    this.isPolling = true
    try {
      const answer = await request('GET', this.path, undefined, { 'If-None-Match': `"${this.revision}"` })
      if (answer.status === 200 && answer.body.revision > this.revision) {
        this.document = answer.body
        this.accept(answer.body.revision, answer.body.vcpus)
      }
    } catch (problem) {
      this.fail(problem)
    } finally {
      this.isPolling = false
    }
  }

  fail(problem) {
    if (problem instanceof Problem && problem.status === 404) this.leave()
    this.dispatchEvent(new CustomEvent('lost', { detail: problem }))
  }

  /** Stops following. */
  leave() {
    this.source?.close()
    clearInterval(this.timer)
    document.removeEventListener('visibilitychange', this.onVisible)
    clearTimeout(this.pending)
  }
}
