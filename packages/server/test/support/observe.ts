/** What the tests of observe's HTTP interface share. */
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Api, Json } from './api.ts'

/** Resolves with what `look` gives once `isIt` says so. */
export async function eventually<T>(look: () => Promise<T>, isIt: (found: T) => boolean, triesMax = 300): Promise<T> {
  for (let tries = 0; ; tries++) {
    const found = await look()
    if (isIt(found)) return found
    assert.ok(tries < triesMax, `not there: ${JSON.stringify(found)?.slice(0, 2000)}`)
    await pause(50)
  }
}

export function posted(body: unknown, headers: Record<string, string> = {}): RequestInit {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: (isRaw ? body : JSON.stringify(body)) as NonNullable<RequestInit['body']>,
  }
}

/** Resolves once the tables have everything that was taken in. */
export async function written(api: Api): Promise<void> {
  await eventually(
    () => api.json('/api/v1/health'),
    ({ buffer_size }) => buffer_size === 0,
  )
}

/** Rows of all pages, by the Link headers, and how many pages there were. */
export async function allPages(api: Api, path: string): Promise<{ rows: Json[]; pages: number }> {
  const rows: Json[] = []
  let next: string | undefined = path
  let pages = 0
  for (; next !== undefined; pages++) {
    assert.ok(pages < 100, 'pages without end')
    const response = await api.fetch(next)
    assert.equal(response.status, 200)
    rows.push(...((await response.json()) as Json[]))
    next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
  }
  return { rows, pages }
}

export type SentEvent = { readonly id?: string; readonly event?: string; readonly data?: Json; readonly retry?: string }

/** A client of Server-Sent Events (WHATWG HTML, 9.2), as far as tests need one. */
export class SseClient {
  readonly events: SentEvent[] = []
  readonly #controller = new AbortController()
  /** Settles when the stream ends: true in good order, false where the connection broke. */
  readonly ended: Promise<boolean>

  static async open(api: Api, query: string, lastId?: string): Promise<SseClient> {
    const controller = new AbortController()
    const headers: Record<string, string> = lastId === undefined ? {} : { 'last-event-id': lastId }
    const response = await api.fetch(`/api/v1/events/stream${query}`, { headers, signal: controller.signal })
    assert.equal(response.status, 200)
    assert.match(response.headers.get('content-type')!, /^text\/event-stream/)
    return new SseClient(response, controller)
  }

  constructor(response: Response, controller: AbortController) {
    this.#controller = controller
    this.ended = this.#read(response).then(
      () => true,
      () => false,
    )
  }

  /** Those with data, once there are `count`. */
  async data(count: number): Promise<SentEvent[]> {
    return eventually(
      async () => this.events.filter(({ data }) => data !== undefined),
      found => found.length >= count,
    )
  }

  close(): void {
    this.#controller.abort()
  }

  async #read(response: Response): Promise<void> {
    let text = ''
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (text + piece).split('\n\n')
      text = parts.pop()!
      for (const part of parts) this.events.push(sentEvent(part))
    }
  }
}

function sentEvent(part: string): SentEvent {
  const lines = part.split('\n').map(line => /^([^:]*): ?(.*)$/.exec(line)!)
  const fields = Object.fromEntries(lines.map(([, name, value]) => [name, value]))
  return fields.data === undefined ? fields : { ...fields, data: JSON.parse(fields.data) }
}
