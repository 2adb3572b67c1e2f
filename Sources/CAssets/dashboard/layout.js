// Which bits the fields of role words are, and what their values mean: the service’s own decoder, asked once for each word.
import { get } from './api.js'

const words = new Map()

function decode(role, value, kernel) {
  const path = `/v1/decode/${role}/${value}?kernel=${encodeURIComponent(kernel)}`
  if (!words.has(path)) words.set(path, get(path).catch(() => { words.delete(path); return null }))
  return words.get(path)
}

/** The bits of each field, `{ base: Map, ext: Map }` by name. */
export async function layout(kernel) {
  const document = await decode('vcpu-role', '0x0', kernel)
  const parts = { base: new Map(), ext: new Map() }
  for (const { part, name, bits } of document?.fields ?? []) parts[part].set(name, bits)
  return parts
}

/** What a field’s value means, in a sentence of the service’s. */
export async function meaning(role, value, field, kernel) {
  const document = await decode(role === 'vcpu_role' ? 'vcpu-role' : 'mmu-role', value, kernel)
  return document?.fields.find(({ name }) => name === field)?.meaning ?? null
}
