// What an operation did: the searches of the root cache, every change, and what the hardware was told.
import { svg } from './api.js'
import { fill, h, table } from './dom.js'
import { tip } from './tip.js'

const outcomes = {
  ok: 'Done.',
  exception: 'The guest gets an exception.',
  invalid: 'KVM answers user space with -EINVAL.',
  vmfail: 'The VMX instruction fails.',
  'entry-failed': 'VM entry failed after the checks; L1 runs on its host state.',
  vmexit: 'L2 exits to L1.',
  shutdown: 'Triple fault: KVM_EXIT_SHUTDOWN.',
  'internal-error': 'KVM leaves to user space with an internal error.',
}

/** An outcome in a sentence. */
export function outcomeText(outcome) {
  const { status, reason, function: rule, vector, error_code: code, address, name, error, exit_reason: exit, exit_code: exitCode, qualification } = outcome
  const numbers = [vector && `${vector}(${code})`, address && `at ${address}`, name && `${name}${error === null ? '' : ` (${error})`}`,
    exit && `exit reason ${exit}`, exitCode && `exit code ${exitCode}`, qualification && `qualification ${qualification}`].filter(Boolean).join(', ')
  return `${outcomes[status] ?? status}${numbers ? ` ${numbers}.` : ''}${reason ? ` ${reason[0].toUpperCase()}${reason.slice(1)}.` : ''}${rule ? ` (${rule})` : ''}`
}

function call({ call: name, ...rest }) {
  return `${name}${Object.entries(rest).map(([key, value]) => ` ${key} ${value}`).join('')}`
}

const isTable = ({ path }) => /rsvd|zero_check|permissions/.test(path)
const section = (title, count, ...content) => h('section', {}, h('h3', {}, title, count != null && h('span', { class: 'count' }, ` ${count}`)), content)

/** `<result-view>`: shows `{ result }`, a result’s document; or `{ message }` where there is none. */
export class ResultView extends HTMLElement {
  show({ result, message }) {
    if (this.shown === (result ?? message)) return
    this.shown = result ?? message
    if (!result) return fill(this, h('h2', {}, 'What changed'), h('p', { class: 'hint' }, message))
    const { changes, tlb, trace } = result
    fill(this,
      h('h2', {}, 'What changed'),
      this.accessed(result),
      !changes?.length && h('p', {}, 'No value of the vCPU changed.'),
      result.drawing && section('Searches and walks', null, h('div', { class: 'drawing scroll', tabindex: '0' }, svg(result.drawing))),
      changes?.length > 0 && section('Changes', changes.length, this.changes(changes.filter((change) => !isTable(change))), this.folded(changes.filter(isTable))),
      tlb?.length > 0 && section(tip(h('span', { tabindex: '0' }, 'Told to the hardware'), 'The calls by which KVM tells the processor, in order.'), tlb.length,
        h('ol', { class: 'calls' }, tlb.map((each) => h('li', {}, h('code', {}, call(each)))))),
      trace?.length > 0 && h('details', {}, h('summary', {}, `Trace events (${trace.length})`), h('pre', { tabindex: '0' }, trace.join('\n'))))
  }

  accessed({ access, tries, page_fault: fault, map, walk }) {
    const lines = [
      walk && (walk.gpa ? `The walk led to ${walk.gpa} after ${walk.references} references.` : walk.fault && `The walk ended in #PF(${walk.fault.error_code}) at ${walk.fault.address} after ${walk.references} references.`),
      access && `The access took ${tries} ${tries === 1 ? 'try' : 'tries'}.`,
      fault && `KVM’s page-fault handler answered “${fault.ret}”.`,
      map && `${map.entries?.length ?? 0} entries written.`,
    ].filter(Boolean)
    return lines.length > 0 && h('p', {}, lines.join(' '))
  }

  folded(changes) {
    return changes.length > 0 && h('details', {}, h('summary', {}, `${changes.length} more in tables of permissions and reserved bits`), this.changes(changes))
  }

  changes(changes) {
    return table(['what', 'before', 'after'], changes.map(({ path, from, to }) => [path, from, to]), { class: 'changes' })
  }
}
customElements.define('result-view', ResultView)
