// Scripts: read from a file or the URL's fragment, shown before they run, and taken out of a session.
import { get } from './api.js'
import { ask, copyButton, h } from './dom.js'
import { summary } from './operations.js'

/** A script that a fragment holds: JSON as it is, percent-encoded, or in base64url. Throws where it is none. */
export function decodeScript(text) {
  const plain = text.trim()
  if (plain.startsWith('{')) return JSON.parse(plain)
  if (plain.startsWith('%7B') || plain.startsWith('%7b')) return JSON.parse(decodeURIComponent(plain))
  const bytes = Uint8Array.from(atob(plain.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
}

/** A script as a fragment can hold it. */
export function encodeScript(script) {
  const bytes = new TextEncoder().encode(JSON.stringify(script))
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** Shows what a script will do, and asks. Gives the script, or null. */
export async function confirmScript(text) {
  let script
  try {
    script = decodeScript(text)
    if (typeof script !== 'object' || script === null || Array.isArray(script)) throw new Error('it is no object')
  } catch (error) {
    await ask('A script', h('p', { class: 'outcome bad' }, `✕ It can’t be read: ${error.message}`), h('p', {}, h('button', {}, 'Close')))
    return null
  }
  const operations = Array.isArray(script.operations) ? script.operations : []
  const machine = [script.preset, script.lab && `lab ${script.lab}`, script.boot && `begins in ${script.boot}`, script.machine && `machine ${JSON.stringify(script.machine)}`]
  const answer = await ask(script.name ? `Script: ${script.name}` : 'A script',
    h('p', {}, 'It makes a new session of this service and does what follows. Sessions that exist are not touched.'),
    h('p', {}, h('strong', {}, 'Machine: '), machine.filter(Boolean).join('; ') || 'the default'),
    h('p', {}, h('strong', {}, `${operations.length} operations`)),
    h('ol', { class: 'script-steps', tabindex: '0' }, operations.slice(0, 200).map((operation) => h('li', {}, h('code', {}, summary(operation))))),
    operations.length > 200 && h('p', {}, `and ${operations.length - 200} more`),
    h('p', { class: 'register-head' }, h('button', { value: 'run' }, 'Make this session'), h('button', {}, 'Leave it')))
  return answer === 'run' ? script : null
}

/** Offers a session’s script: to copy, to save, as a link. */
export async function showExport(session) {
  const script = await get(session.link('export'))
  const text = JSON.stringify(script, null, 2)
  const file = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  await ask('Share',
    h('p', {}, 'The address of this page shows the session and what is picked in it; whoever has it can change the session.'),
    h('p', { class: 'register-head' }, copyButton(() => location.href, 'Copy the page’s address')),
    h('p', {}, 'The script makes an equal session anywhere.'),
    h('p', { class: 'register-head' }, copyButton(text, 'Copy the script'), copyButton(`${location.origin}/#script=${encodeScript(script)}`, 'Copy a link that opens it'),
      h('a', { href: file, download: `${session.document.name ?? 'rolecall'}.json`, class: 'button' }, 'Save the script')),
    h('pre', { class: 'script-text', tabindex: '0' }, text.length > 20_000 ? `${text.slice(0, 20_000)}…` : text),
    h('p', {}, h('button', {}, 'Close')))
  URL.revokeObjectURL(file)
}
