/** The HTTP interface of sessions, as far as these tests use it. */
import assert from 'node:assert/strict'
import type { Place } from './chunks.ts'

export type Receipt = { readonly chunk_index: number; readonly leaf_index: number; readonly leaf_hash: string }
export type Root = {
  readonly session_id: string
  readonly merkle_root: string
  readonly tree_size: number
  readonly checkpoint: string
}

export class SessionsClient {
  readonly #base: string

  constructor(httpPort: number) {
    this.#base = `http://127.0.0.1:${httpPort}/api/v1`
  }

  /** Posts one chunk as raw bytes, or in JSON. Rejects when the connection breaks or the answer is not 200 or 201. */
  async post({ sessionId, index }: Place, bytes: Buffer, form: 'raw' | 'json'): Promise<Receipt> {
    const answer = form === 'raw' ? this.#postRaw(sessionId, index, bytes) : this.#postJson(sessionId, index, bytes)
    return (await accepted(await answer)) as Receipt
  }

  async chunk(place: Place): Promise<Buffer | undefined> {
    const response = await fetch(this.#chunkUrl(place))
    if (response.status === 404) {
      await response.arrayBuffer()
      return undefined
    }
    assert.equal(response.status, 200, `GET ${this.#chunkUrl(place)}`)
    return Buffer.from(await response.arrayBuffer())
  }

  async proof(place: Place): Promise<string> {
    const response = await fetch(`${this.#chunkUrl(place)}/proof`)
    const text = await response.text()
    assert.equal(response.status, 200, text)
    return text
  }

  async root(sessionId: string): Promise<Root> {
    return (await accepted(await fetch(`${this.#base}/sessions/${sessionId}/merkle-root`))) as Root
  }

  async finalize(sessionId: string): Promise<Root> {
    return (await accepted(await fetch(`${this.#base}/sessions/${sessionId}/finalize`, { method: 'POST' }))) as Root
  }

  async publicKey(): Promise<string> {
    const response = await fetch(`${this.#base}/vkey`)
    return (await response.text()).trim()
  }

  #postRaw(sessionId: string, index: number, bytes: Buffer): Promise<Response> {
    const headers = { 'content-type': 'application/octet-stream' }
    return fetch(this.#chunkUrl({ sessionId, index }), { method: 'PUT', headers, body: new Uint8Array(bytes) })
  }

  #postJson(sessionId: string, index: number, bytes: Buffer): Promise<Response> {
    const body = JSON.stringify({ session_id: sessionId, chunk_index: index, data: bytes.toString('base64') })
    const headers = { 'content-type': 'application/json' }
    return fetch(`${this.#base}/chunks/process`, { method: 'POST', headers, body })
  }

  #chunkUrl({ sessionId, index }: Place): string {
    return `${this.#base}/sessions/${sessionId}/chunks/${index}`
  }
}

async function accepted(response: Response): Promise<unknown> {
  const text = await response.text()
  assert.ok(response.ok, `${response.status} ${response.url}: ${text}`)
  return JSON.parse(text)
}
