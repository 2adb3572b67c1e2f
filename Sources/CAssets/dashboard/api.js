// The service's API: requests, problems, and the curl line that does the same.

/** What the service refused (RFC 9457). */
export class Problem extends Error {
  constructor(document, status) {
    super(document?.detail ?? document?.title ?? `the service answered ${status}`)
    this.status = status
    this.title = document?.title ?? 'The request failed'
    this.errors = document?.errors ?? []
  }

  /** Everything that is wrong, in sentences. */
  get sentences() {
    const each = this.errors.map((error) => `${error.pointer ?? error.parameter ?? ''} ${error.detail}`.trim())
    return each.length ? each : [this.message]
  }
}

/** Sends a request and gives its answer: `{ status, etag, location, body }`. Throws a Problem. */
export async function request(method, path, body, headers = {}) {
  const options = { method, headers: { Accept: 'application/json', ...headers } }
  if (body !== undefined) {
    options.body = JSON.stringify(body)
    options.headers['Content-Type'] = 'application/json'
  }
  let response
  try {
    response = await fetch(path, options)
  } catch {
    throw new Problem({ title: 'The service does not answer', detail: 'No connection; it may have been stopped.' }, 0)
  }
  const answer = { status: response.status, etag: response.headers.get('ETag'), location: response.headers.get('Location') }
  if (response.status === 204 || response.status === 304) return answer
  const isJSON = /json/.test(response.headers.get('Content-Type') ?? '')
  answer.body = isJSON ? await response.json() : await response.text()
  if (!response.ok) throw new Problem(isJSON ? answer.body : null, response.status)
  return answer
}

/** The body of a GET. */
export const get = async (path, headers) => (await request('GET', path, undefined, headers)).body

/** A drawing, as an SVG element of this document. */
export async function drawing(path) {
  return svg(await get(path, { Accept: 'image/svg+xml' }))
}

/** An SVG document's root, for this document. */
export function svg(text) {
  return document.importNode(new DOMParser().parseFromString(text, 'image/svg+xml').documentElement, true)
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`

/** The curl line of a request. */
export function curl(method, path, body, accept) {
  const parts = ['curl', '-s', quoted(location.origin + path)]
  if (accept) parts.push('-H', quoted(`Accept: ${accept}`))
  if (body !== undefined) parts.push('--json', quoted(JSON.stringify(body, null, 1).replace(/\n */g, ' ')))
  else if (method !== 'GET') parts.push('-X', method)
  return parts.join(' ')
}

/** Where an operation is posted: one on a vCPU, or on the machine. */
export function operationPath(session, { op, vcpu }) {
  return `/v1/sessions/${session}/${vcpu === undefined ? '' : `vcpus/${vcpu}/`}${op}`
}

/** An operation's own keys, which are the body of its request. */
export function operationBody({ op, vcpu, ...body }) {
  return body
}
